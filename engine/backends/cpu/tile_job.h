#pragma once
// TileJob: what a kernel does at a time: the tiles of a group and the keys that all of them see.
#include "engine/backends/cpu/tile.h"
#include <span>
#include <vector>

namespace dilascope {

class TileJob {
public:
    // `tiles`: at least one; those of one key head stand together. Several only if no key is banded, or if all have the
    // same positions. `runs` may be a part of the plan's; the job keeps them.
    TileJob(std::vector<HeadTile> tiles, std::vector<KeyRun> runs, std::int64_t key_shift, KeyPlaces places);
    TileJob(const TileJob&) = delete; // the feed points into it
    TileJob& operator=(const TileJob&) = delete;

    std::span<const HeadTile> tiles() const { return tiles_; }
    const HeadTensors& head() const { return tiles_.front().head; } // of the first tile
    bool has_one_key_head() const { return tiles_.front().head.k == tiles_.back().head.k; }
    // The first keys, taken when the job was made so that they can be fetched ahead of it.
    const KeyBlock& first_block() const { return first_; }
    // The keys after those; false when none is left.
    bool next_block(KeyBlock& block) { return take(block, keys_per_block_); }

private:
    bool take(KeyBlock& block, int most);
    std::vector<HeadTile> tiles_;
    std::vector<KeyRun> runs_;
    KeyFeed feed_;
    KeyBlock first_;
    int keys_per_block_;
};

} // namespace dilascope
