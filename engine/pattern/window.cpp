#include "engine/pattern/window.h"
#include "engine/plan/plan_builder.h"
#include <fmt/format.h>

namespace dilascope {

Result<void> validate(const Window& window, const Problem&) {
    if (window.left < 0) return fail(fmt::format("window: left is {}; expected 0 or more tokens", window.left));
    if (window.right < 0) return fail(fmt::format("window: right is {}; expected 0 or more tokens", window.right));
    if (std::max(window.left, window.right) > std::int64_t{1} << 40)
        return fail("window: left and right may be at most 2^40 tokens; use dense for every key");
    return {};
}

BranchSet branches(const Window& window, const Problem&, std::int64_t, std::int64_t position, std::int64_t key) {
    return position - window.left <= key && key <= position + window.right;
}

int branch_count(const Window&) { return 1; }
int head_class(const Window&, const Problem&, std::int64_t) { return 0; }

void count_row(const Window& window, const Problem& problem, std::int64_t, Count, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    const std::int64_t right = problem.causal ? 0 : window.right;
    for (std::size_t column = 0; column < counts.size(); ++column) {
        const Range keys{edges[column], edges[column + 1]};
        counts[column] += pairs_at_or_below(rows, keys, right) - pairs_at_or_below(rows, keys, -window.left - 1);
    }
}

void append_tiles(const Window& window, const Problem& problem, std::int64_t, PlanBuilder& builder) {
    append_band(builder, problem, Band{-window.left, window.right});
}

} // namespace dilascope
