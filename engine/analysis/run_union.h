#pragma once
// Key runs with weights, and the union of overlapping runs as such: inclusion–exclusion over residue classes and bands.
#include "engine/pattern/pairs.h"
#include "engine/plan/tiles.h"
#include <span>
#include <vector>

namespace dilascope {

// Keys first + stride·index, index < count, each counted `weight` times for the rows whose band holds it.
struct WeightedRun {
    std::int64_t first = 0, stride = 1, count = 0, weight = 1;
    Band band;
    std::int64_t last() const { return first + (count - 1) * stride; }
    friend bool operator==(const WeightedRun&, const WeightedRun&) = default;
};

// Indices [begin, end) of the keys in `keys` of the run; empty ranges are {0, 0}.
Range indices_in(const WeightedRun& run, Range keys);
// Indices of the keys that the query position's band lets through.
Range indices_seen(const WeightedRun& run, std::int64_t position);

// `weight` times the indicator of "the key is in the class and key − query position is in the band".
struct WeightedClass {
    Residues residues;
    Band band;
    std::int64_t weight = 1;
};
// A sum of such terms; terms of one class and band are kept as one.
class ClassSum {
public:
    void add(const WeightedClass& term);
    // this := indicator of (what this indicates ∪ added ∩ band).
    void unite(Residues added, const Band& band);
    // this · indicator of the other (both are sums of terms; so is their product).
    ClassSum times(const ClassSum& other) const;
    void drop_zeros();
    void drop_outside(Range keys); // terms without a member among the keys
    std::vector<WeightedClass> terms;
};

// Calls visit(keys, active) for each interval of keys between ends of runs; `active`: indices of the runs that have
// keys on both sides of its inside or within.
class RunSweep {
public:
    template <class Visit> void for_each(std::span<const WeightedRun> runs, Visit&& visit) {
        start(runs);
        while (advance(runs)) visit(piece_, std::span<const std::size_t>(active_));
    }

private:
    void start(std::span<const WeightedRun> runs);
    bool advance(std::span<const WeightedRun> runs);

    std::vector<std::int64_t> cuts_;
    std::vector<std::size_t> by_first_, active_;
    std::size_t next_cut_ = 0, next_run_ = 0;
    Range piece_;
};

inline Residues class_of(const WeightedRun& run) { return {floor_mod(run.first, run.stride), run.stride}; }

// Runs whose weights sum to 1 on each key that at least one of `runs` shows a row, and to 0 on every other key.
// Weights of `runs` are not looked at.
void append_union(std::span<const WeightedRun> runs, std::vector<WeightedRun>& united);
// The part of each term of the sum inside `keys`, as runs.
void append_runs(const ClassSum& sum, Range keys, std::vector<WeightedRun>& runs);

} // namespace dilascope
