#pragma once
// PatternCounts: the exact integers of a pattern that the inspector shows, for one head and for all.
#include "engine/pattern/count.h"
#include <atomic>
#include <cstdint>

namespace dilascope {

struct CountsRequest {
    std::uint64_t version = 0; // stands for pattern and problem in comparisons
    Pattern pattern;
    Problem problem;
    std::int64_t head = 0;
    friend bool operator==(const CountsRequest& a, const CountsRequest& b) {
        return a.version == b.version && a.head == b.head;
    }
};

struct PatternCounts {
    CountsRequest request;
    std::int64_t allowed_pairs = 0;                          // of one head: N·M, or those that causality leaves
    std::int64_t active_pairs = 0, multiplicity = 0;         // of the head
    std::int64_t all_active_pairs = 0, all_multiplicity = 0; // of all heads
    double density() const { return allowed_pairs > 0 ? double(active_pairs) / double(allowed_pairs) : 0; }
    double overlap() const { return active_pairs > 0 ? double(multiplicity) / double(active_pairs) : 0; }
    // Allowed ÷ active: how many times fewer pairs than dense; 0 when nothing is active.
    double ideal_speedup() const { return active_pairs > 0 ? double(allowed_pairs) / double(active_pairs) : 0; }
};
PatternCounts count_pattern(const CountsRequest& request);

// Distinct keys of single queries, found row by row; too slow for a frame.
struct RowCounts {
    std::int64_t keys_max = 0, keys_min = 0;
    std::int64_t query_max = 0;     // the first with keys_max
    std::int64_t empty_queries = 0; // that see no key
    std::int64_t first_empty = -1;
    bool is_complete = false; // false when cancelled
};
// Longer sequences are not scanned; along a curve every chunk of rows looks at all tokens, so they may be less long.
inline constexpr std::int64_t scanned_queries_max = std::int64_t(1) << 20, scanned_permuted_max = 1 << 16;
inline bool can_scan(const Pattern& pattern, const Problem& problem) {
    return problem.seq_len <= (is_permuted(pattern) ? scanned_permuted_max : scanned_queries_max);
}
RowCounts scan_rows(const CountsRequest& request, const std::atomic<bool>& cancel);

} // namespace dilascope
