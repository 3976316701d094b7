#include "engine/pattern/dense.h"
#include "engine/plan/plan_builder.h"

namespace dilascope {

Result<void> validate(const Dense&, const Problem&) { return {}; }
BranchSet branches(const Dense&, const Problem&, std::int64_t, std::int64_t, std::int64_t) { return 1; }
int branch_count(const Dense&) { return 1; }
int head_class(const Dense&, const Problem&, std::int64_t) { return 0; }

void count_row(const Dense&, const Problem& problem, std::int64_t, Count, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    for (std::size_t column = 0; column < counts.size(); ++column) {
        const Range keys{edges[column], edges[column + 1]};
        counts[column] += problem.causal ? pairs_at_or_below(rows, keys, 0) : rows.size() * keys.size();
    }
}

void append_tiles(const Dense&, const Problem& problem, std::int64_t, PlanBuilder& builder) {
    append_band(builder, problem, Band{});
}

} // namespace dilascope
