#include "views/diff_totals.h"
#include "views/pattern_image.h"

namespace dilascope {

// Irregular blocks and curves are written out run by run.
static bool is_small_enough(const Pattern& pattern, const Problem& problem) {
    constexpr std::int64_t permuted_max = 1 << 16, irregular_rows_max = 2048;
    if (counts_at_once(pattern)) return true;
    if (is_permuted(pattern) && problem.kv_len > permuted_max) return false;
    const Blocks* blocks = std::get_if<Blocks>(&pattern.kind);
    return !blocks || block_grid(*blocks, problem).count <= irregular_rows_max;
}

DiffTotals count_diff(const DiffRequest& request, const std::atomic<bool>& cancel) {
    DiffTotals totals;
    totals.request = request;
    if (!is_small_enough(request.a, request.problem) || !is_small_enough(request.b, request.problem)) {
        totals.error = "not counted at this length";
        return totals;
    }
    const auto count = [&]() -> Result<PatternDiff> {
        const Plan a = TRY(make_plan(request.a, request.problem)), b = TRY(make_plan(request.b, request.problem));
        return pattern_diff(a, b, request.head, &cancel);
    };
    if (const Result<PatternDiff> diff = count())
        totals.diff = *diff;
    else
        totals.error = diff.error().what;
    return totals;
}

} // namespace dilascope
