#pragma once
// TileGroup: consecutive work items whose tiles see the same keys, or many of them, so that a kernel takes all of them
// through each block of keys.
#include "engine/backends/cpu/tile.h"
#include "engine/plan/plan.h"
#include <span>
#include <vector>

namespace dilascope {

struct TileGroup {
    std::int64_t begin = 0, tile_count = 0; // into the work items
    // More than 1: these many query heads of one key head, whose rows make up one tile.
    std::int64_t items_per_tile = 1;
    std::int64_t item_count() const { return tile_count * items_per_tile; }
};

// Keys of all runs together.
std::int64_t key_count(std::span<const KeyRun> runs);

// Whether one of them may stand with a group's first.
using JoinsGroup = bool(const Plan& plan, const WorkItem& first, const WorkItem& item);
// Both begin with the same keys, not banded, at least half of those of either: so do causal tiles one after the other.
bool share_first_keys(const Plan& plan, const WorkItem& first, const WorkItem& item);

// Groups of at most `longest` consecutive tiles.
std::vector<TileGroup> group_items(const Plan& plan, std::span<const WorkItem> items, std::int64_t longest,
                                   JoinsGroup& joins);

// Groups of the same tile of several heads, for a few rows: query heads of one key head fill a tile, and key heads,
// whose rows lie side by side in memory, are read at the same time. Sorts the items. A group has at most `longest`
// tiles; several heads share one only if it then has at most `most_rows` rows.
std::vector<TileGroup> group_heads(const Plan& plan, std::vector<WorkItem>& items, std::int64_t longest,
                                   std::int64_t most_rows);

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
