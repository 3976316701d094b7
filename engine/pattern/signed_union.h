#pragma once
// Unions of sets that are closed under intersection, as signed sums: inclusion–exclusion, term by term.
#include <vector>

namespace dilascope {

// terms := the indicator of (terms ∪ added). A Term has a `sign`. overlap(a, b, both) sets `both` to the intersection
// of two terms' sets, or returns false when it is empty; same(a, b) compares their sets: equal ones are kept as one.
template <class Term, class Overlap, class Same>
void unite_signed(std::vector<Term>& terms, Term added, Overlap overlap, Same same) {
    std::vector<Term> changes;
    for (const Term& term : terms)
        if (Term both; overlap(term, added, both)) {
            both.sign = -term.sign;
            changes.push_back(both);
        }
    added.sign = 1;
    changes.push_back(added);
    for (const Term& change : changes) {
        auto existing = terms.begin();
        while (existing != terms.end() && !same(*existing, change)) ++existing;
        if (existing != terms.end())
            existing->sign += change.sign;
        else
            terms.push_back(change);
    }
    std::erase_if(terms, [](const Term& term) { return term.sign == 0; });
}

} // namespace dilascope
