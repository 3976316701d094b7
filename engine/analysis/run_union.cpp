#include "engine/analysis/run_union.h"
#include "engine/pattern/residues.h"
#include <algorithm>
#include <numeric>

namespace dilascope {

Range indices_in(const WeightedRun& run, Range keys) {
    const auto index_from = [&](std::int64_t key) { return -floor_div(run.first - key, run.stride); };
    const Range indices{std::max<std::int64_t>(0, index_from(keys.begin)), std::min(run.count, index_from(keys.end))};
    return indices.begin < indices.end ? indices : Range{0, 0};
}

Range indices_seen(const WeightedRun& run, std::int64_t position) {
    if (run.band.is_full()) return {0, run.count};
    const std::int64_t lo = run.band.lo <= -Band::open ? run.first : position + run.band.lo;
    const std::int64_t hi = run.band.hi >= Band::open ? run.last() : position + run.band.hi;
    if (lo <= run.first && hi >= run.last()) return {0, run.count};
    if (lo > run.last() || hi < run.first) return {0, 0};
    return indices_in(run, {lo, hi + 1});
}

void ClassSum::add(const WeightedClass& term) {
    for (WeightedClass& existing : terms)
        if (existing.residues == term.residues && existing.band == term.band) {
            existing.weight += term.weight;
            return;
        }
    terms.push_back(term);
}

void ClassSum::drop_zeros() {
    std::erase_if(terms, [](const WeightedClass& term) { return term.weight == 0; });
}

void ClassSum::drop_outside(Range keys) {
    std::erase_if(terms, [&](const WeightedClass& term) { return count_in(term.residues, keys) == 0; });
}

ClassSum ClassSum::times(const ClassSum& other) const {
    ClassSum product;
    for (const WeightedClass& a : terms)
        for (const WeightedClass& b : other.terms) {
            const Band band{std::max(a.band.lo, b.band.lo), std::min(a.band.hi, b.band.hi)};
            Residues both;
            if (band.lo > band.hi || !intersect(a.residues, b.residues, both)) continue;
            product.add({both, band, a.weight * b.weight});
        }
    product.drop_zeros();
    return product;
}

void ClassSum::unite(Residues added, const Band& band) {
    ClassSum one;
    one.add({added, band, 1});
    const ClassSum overlap = times(one);
    add(one.terms.front());
    for (WeightedClass term : overlap.terms) {
        term.weight = -term.weight;
        add(term);
    }
    drop_zeros();
}

void RunSweep::start(std::span<const WeightedRun> runs) {
    cuts_.clear(), active_.clear(), by_first_.resize(runs.size());
    std::iota(by_first_.begin(), by_first_.end(), std::size_t{0});
    std::ranges::sort(by_first_, {}, [&](std::size_t index) { return runs[index].first; });
    for (const WeightedRun& run : runs) cuts_.push_back(run.first), cuts_.push_back(run.last() + 1);
    std::ranges::sort(cuts_);
    cuts_.erase(std::unique(cuts_.begin(), cuts_.end()), cuts_.end());
    next_cut_ = next_run_ = 0;
}

bool RunSweep::advance(std::span<const WeightedRun> runs) {
    while (next_cut_ + 1 < cuts_.size()) {
        piece_ = {cuts_[next_cut_], cuts_[next_cut_ + 1]};
        ++next_cut_;
        std::erase_if(active_, [&](std::size_t index) { return runs[index].last() < piece_.begin; });
        for (; next_run_ < by_first_.size() && runs[by_first_[next_run_]].first == piece_.begin; ++next_run_)
            active_.push_back(by_first_[next_run_]);
        if (!active_.empty()) return true;
    }
    return false;
}

void append_runs(const ClassSum& sum, Range keys, std::vector<WeightedRun>& runs) {
    for (const WeightedClass& term : sum.terms) {
        const std::int64_t index = first_index(term.residues, keys.begin), count = count_in(term.residues, keys);
        if (count == 0) continue;
        const std::int64_t first = term.residues.residue + index * term.residues.modulus;
        runs.push_back({first, count > 1 ? term.residues.modulus : 1, count, term.weight, term.band});
    }
}

void append_union(std::span<const WeightedRun> runs, std::vector<WeightedRun>& united) {
    RunSweep sweep;
    ClassSum sum;
    sweep.for_each(runs, [&](Range keys, std::span<const std::size_t> active) {
        sum.terms.clear();
        for (std::size_t index : active) {
            sum.unite(class_of(runs[index]), runs[index].band);
            if (sum.terms.size() > 8) sum.drop_outside(keys); // many rates: most classes have no key here
        }
        append_runs(sum, keys, united);
    });
}

} // namespace dilascope
