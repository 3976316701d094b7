#pragma once
// TileGroup: consecutive work items of one head whose rows all see the same keys; a kernel gathers each key once for
// all.
#include "engine/backends/cpu/tile.h"
#include "engine/plan/plan.h"
#include <span>
#include <vector>

namespace dilascope {

struct TileGroup {
    std::int64_t begin = 0, count = 0; // into the work items
};

// Groups of at most `longest` items, in order.
std::vector<TileGroup> group_items(const Plan& plan, std::span<const WorkItem> items, std::int64_t longest);

// The tensors of one head of an AttentionCall or GradientCall, with its keys and values at k and v.
template <class Call>
HeadTensors head_tensors(const Call& call, const void* k, const void* v, std::int64_t batch, std::int64_t head) {
    const Problem& problem = *call.problem;
    const std::int64_t key_bytes =
        key_offset(problem, batch, 0, kv_head(problem, head)) * std::int64_t(dtype_bytes(problem.dtype));
    return {.q = call.q,
            .k = static_cast<const std::byte*>(k) + key_bytes,
            .v = static_cast<const std::byte*>(v) + key_bytes,
            .dtype = problem.dtype,
            .key_step = problem.kv_heads * problem.head_dim,
            .head_dim = problem.head_dim,
            .scale = softmax_scale(problem),
            .dropout = call.dropout,
            .dropout_row = std::uint32_t(batch * problem.heads + head)};
}

} // namespace dilascope
