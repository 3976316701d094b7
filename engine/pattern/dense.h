#pragma once
// Dense: every key, the baseline of every comparison.
#include "engine/pattern/kind.h"

namespace dilascope {

struct Dense {
    static constexpr const char* kind_name = "dense";
    static constexpr const char* help = "Every key";
    template <class Self, class V> static void visit(Self&, V&&) {}
    friend bool operator==(const Dense&, const Dense&) = default;
};

Result<void> validate(const Dense&, const Problem&);
BranchSet branches(const Dense&, const Problem&, std::int64_t head, std::int64_t position, std::int64_t key);
int branch_count(const Dense&);
int head_class(const Dense&, const Problem&, std::int64_t head);
void count_row(const Dense&, const Problem&, std::int64_t head, Count what, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts);
void append_tiles(const Dense&, const Problem&, std::int64_t head, PlanBuilder& builder);

} // namespace dilascope
