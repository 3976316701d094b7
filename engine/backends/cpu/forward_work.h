#pragma once
// ForwardWork: how the tiles of a pass are shared out: groups of them that share keys, and these keys whole or in
// parts.
#include "engine/backends/backend.h"
#include "engine/backends/cpu/tile_group.h"

namespace dilascope {

// One thread's piece of it.
struct ForwardJob {
    TileGroup group;
    std::int64_t batch = 0, part = 0;
};

struct ForwardWork {
    std::vector<WorkItem> items;
    std::vector<TileGroup> groups;
    std::int64_t batches = 1;
    std::int64_t parts = 1;                   // of the keys of each group
    std::int64_t tiles_max = 1, rows_max = 0; // of a group, of a tile

    std::int64_t job_count() const { return std::int64_t(groups.size()) * batches * parts; }
    // Groups vary fastest: theirs are the same keys or neighbours.
    ForwardJob job(std::int64_t index) const;
};

ForwardWork forward_work(const AttentionCall& call, int pass, std::size_t threads);

// The keys of one part: about the same number in each, whole key blocks of `block` keys but for the last.
std::vector<KeyRun> runs_of_part(std::span<const KeyRun> runs, std::int64_t part, std::int64_t parts,
                                 std::int64_t block);

} // namespace dilascope
