#pragma once
// Pattern: which (query, key) pairs attend, how often, per head. The one value the views draw, the plan compiles,
// the reference checks and the store hashes.
#include "engine/order/order.h"
#include "engine/pattern/blocks.h"
#include "engine/pattern/dense.h"
#include "engine/pattern/dilated.h"
#include "engine/pattern/window.h"
#include <variant>

namespace dilascope {

using PatternKind = std::variant<Dense, Window, Dilated, Blocks>;

struct Pattern {
    PatternKind kind;
    Order order = {}; // of the M positions; Curve::row unless the text says otherwise
    friend bool operator==(const Pattern&, const Pattern&) = default;
};

// The kind is taken along a curve: its positions are ranks. Causality still compares tokens.
inline bool is_permuted(const Pattern& pattern) {
    return !pattern.order.is_row() && pattern.order.use == OrderUse::sequence;
}

// Problem and pattern both valid, and valid together.
Result<void> validate(const Pattern& pattern, const Problem& problem);

// The branches through which query n of a head sees key m; causality applied. 0: it does not.
BranchSet branches(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q, std::int64_t k);
// How often a key seen through these branches counts in the row's softmax: once for each; once in a union of blocks.
int multiplicity(const Pattern& pattern, BranchSet set);
int multiplicity(const Pattern& pattern, const Problem& problem, std::int64_t head, std::int64_t q, std::int64_t k);

int branch_count(const Pattern& pattern);
// "2048 / 1": short label of a branch for legends.
std::string branch_label(const Pattern& pattern, int branch);
int head_class(const Pattern& pattern, const Problem& problem, std::int64_t head);
// The mix of a dilated pattern; softmax for every other kind.
MixMode mix_mode(const Pattern& pattern);

} // namespace dilascope
