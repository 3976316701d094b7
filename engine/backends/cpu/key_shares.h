#pragma once
// KeyShares: the keys of tiles that one worker takes together: those that all of them see in full, read once for all,
// and what each sees beside. Causal tiles that follow each other differ in their last keys only.
#include "engine/backends/cpu/key_block.h"
#include "engine/plan/plan.h"
#include <array>
#include <vector>

namespace dilascope {

struct KeyShares {
    std::vector<KeyRun> common;           // full in every tile
    std::vector<std::vector<KeyRun>> own; // of each tile: what is left, and all that is banded
};

// Together and with as many repetitions the shares of a tile are its runs.
KeyShares share_keys(std::span<const std::span<const KeyRun>> tiles);

// Whether at least half of an item's keys are common to it and a group's first, of the same head.
bool share_most_keys(const Plan& plan, const WorkItem& first, const WorkItem& item);

// Keys for the tiles [begin, end) of those taken together.
struct TileKeys {
    KeyFeed feed;
    std::size_t begin = 0, end = 0;
};

} // namespace dilascope
