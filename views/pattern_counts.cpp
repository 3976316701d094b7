#include "views/pattern_counts.h"
#include "experiments/case.h"
#include <cmath>
#include <limits>

namespace dilascope {

PatternCounts count_pattern(const CountsRequest& request) {
    const Pattern& pattern = request.pattern;
    const Problem& problem = request.problem;
    PatternCounts counts;
    counts.request = request;
    counts.allowed_pairs = allowed_pairs(problem);
    counts.active_pairs = count_pairs(pattern, problem, request.head, whole_matrix(problem));
    counts.multiplicity = count_pairs(pattern, problem, request.head, whole_matrix(problem), {Count::multiplicity});
    counts.all_active_pairs = count_all_heads(pattern, problem, {});
    counts.all_multiplicity = count_all_heads(pattern, problem, {Count::multiplicity});
    return counts;
}

RowCounts scan_rows(const CountsRequest& request, const std::atomic<bool>& cancel) {
    constexpr std::int64_t chunk = 4096; // rows between two looks at the flag
    const Problem& problem = request.problem;
    RowCounts rows;
    rows.keys_min = std::numeric_limits<std::int64_t>::max();
    std::vector<double> density;
    for (std::int64_t begin = 0; begin < problem.seq_len; begin += chunk) {
        if (cancel.load(std::memory_order_relaxed)) return rows;
        const std::int64_t end = std::min(begin + chunk, problem.seq_len);
        density.resize(std::size_t(end - begin));
        density_grid(request.pattern, problem, request.head, {{begin, end}, {0, problem.kv_len}}, end - begin, 1,
                     density);
        for (std::int64_t query = begin; query < end; ++query) {
            const std::int64_t keys = std::llround(density[std::size_t(query - begin)] * double(problem.kv_len));
            if (keys > rows.keys_max) rows.keys_max = keys, rows.query_max = query;
            rows.keys_min = std::min(rows.keys_min, keys);
            if (keys > 0) continue;
            if (rows.empty_queries++ == 0) rows.first_empty = query;
        }
    }
    rows.is_complete = true;
    return rows;
}

} // namespace dilascope
