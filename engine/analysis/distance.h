#pragma once
// Distance profile: how many pairs a head holds at each distance, exact, and how dense they are among those allowed.
#include "engine/analysis/pair_blocks.h"
#include "engine/cancel.h"

namespace dilascope {

// The distance of a pair: query position − key (negative: the key comes after the query), or its absolute value.
enum class Distance { query_minus_key, absolute };

struct DistanceBin {
    Range distances;          // begin ≤ distance < end
    std::int64_t pairs = 0;   // of the head
    std::int64_t allowed = 0; // by the problem: N·M, or those with key ≤ position
    double density() const { return allowed > 0 ? double(pairs) / double(allowed) : 0.0; } // > 1 with multiplicity
    friend bool operator==(const DistanceBin&, const DistanceBin&) = default;
};

// Bins between neighbours of `edges` (ascending, at least 2; from 0 on for absolute distances). Error when cancelled.
Result<std::vector<DistanceBin>> distance_profile(const Plan& plan, std::int64_t head, PairCount count,
                                                  Distance distance, std::span<const std::int64_t> edges,
                                                  const CancelFlag* cancel = nullptr);

// 0, 1, 2, … and on by `per_octave` edges each doubling, up to `longest` + 1: every distance 0 … longest is in a bin.
std::vector<std::int64_t> log_edges(std::int64_t longest, int per_octave);

} // namespace dilascope
