#pragma once
// Holes of one head: queries that read nothing, keys nothing reads, distances no pair has, the widest gap in a row.
#include "engine/analysis/pair_blocks.h"
#include "engine/cancel.h"

namespace dilascope {

// Tokens (or distances) where something is missing.
struct HoleSet {
    std::int64_t count = 0;
    std::vector<Range> ranges; // the first ones, ascending, as many as were asked for
    Range longest;             // the first of the longest ones; empty when there is none
    friend bool operator==(const HoleSet&, const HoleSet&) = default;
};

// Two keys of one query with none between them.
struct KeyGap {
    std::int64_t query = -1; // one query with such a gap; −1 when no query reads two keys
    std::int64_t from = 0, to = 0;
    std::int64_t size() const { return to - from; } // 1: neighbours
    friend bool operator==(const KeyGap&, const KeyGap&) = default;
};

struct Holes {
    HoleSet queries_without_key; // queries 0 … N−1
    HoleSet keys_never_read;     // keys 0 … M−1
    HoleSet queries_of_self;     // queries whose only key is their own position
    HoleSet distances;           // distances d = query position − key, 0 ≤ d < M, that no pair has
    KeyGap widest_gap;
    // Causal problems: the leading queries that have no key or only themselves, for the pattern has not begun there.
    // {0, 0} when not causal. Queries without a key inside it are in queries_without_key too.
    Range start;
};

// At most `most_ranges` ranges in each set; counts and longest ranges are of all. Error when cancelled.
Result<Holes> find_holes(const Plan& plan, std::int64_t head, std::size_t most_ranges = 100,
                         const CancelFlag* cancel = nullptr);

} // namespace dilascope
