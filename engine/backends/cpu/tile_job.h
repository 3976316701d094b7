#pragma once
// TileJob: what a kernel does at a time: the tiles of a group, and their keys block by block. Blocks that several tiles
// see alike are handed out once for all of them. Which blocks a tile meets does not depend on the others.
#include "engine/backends/cpu/tile.h"
#include <span>
#include <vector>

namespace dilascope {

// What the tiles [begin, end) of a job see.
struct TileRuns {
    std::vector<KeyRun> runs;
    std::size_t begin = 0, end = 0;
};

class TileJob {
public:
    // `tiles`: at least one; those of one key head stand together. `runs`: of all tiles in order; of several together
    // only if all have the same positions.
    TileJob(std::vector<HeadTile> tiles, std::vector<TileRuns> runs, std::int64_t key_shift, KeyPlaces places);
    TileJob(const TileJob&) = delete; // the feeds point into it
    TileJob& operator=(const TileJob&) = delete;

    std::span<const HeadTile> tiles() const { return tiles_; }
    const HeadTensors& head() const { return tiles_.front().head; } // of the first tile
    bool has_one_key_head() const { return tiles_.front().head.k == tiles_.back().head.k; }
    // The first keys, taken when the job was made so that they can be fetched ahead of it.
    const BlockOfTiles& first_block() const { return first_; }
    // The keys after those; false, and no keys, when none is left.
    bool next_block(BlockOfTiles& to);

private:
    struct TileFeed {
        std::size_t begin, end;
        KeyFeed keys;
        KeyBlock block; // of this round
    };
    bool take_round(int most);
    std::vector<HeadTile> tiles_;
    std::vector<TileRuns> runs_;
    std::vector<TileFeed> feeds_;
    std::size_t at_ = 0; // the feed whose block comes next
    int keys_per_block_;
    BlockOfTiles first_;
};

} // namespace dilascope
