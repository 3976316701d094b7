#include "engine/backends/cpu/tile_job.h"
#include <algorithm>
#include <utility>

namespace dilascope {

namespace {

// Several key heads are read at the same time, in blocks so small that all of their rows stay in L2.
int block_keys(std::span<const HeadTile> tiles) {
    constexpr std::int64_t bytes_max = 192 << 10, whole = 12; // micro-kernels of 6, pairs of keys
    const HeadTensors& head = tiles.front().head;
    const int keys_max = keys_per_block(head.head_dim);
    if (tiles.back().head.k == head.k) return keys_max;
    const std::int64_t row_bytes = head.head_dim * std::int64_t(dtype_bytes(head.dtype));
    const std::int64_t keys = bytes_max / (2 * std::int64_t(tiles.size()) * row_bytes);
    return int(std::clamp<std::int64_t>(keys / whole * whole, 2 * whole, keys_max));
}

bool are_alike(const KeyBlock& a, const KeyBlock& b) {
    return !a.is_banded && !b.is_banded && a.count == b.count &&
           std::equal(a.places.begin(), a.places.begin() + a.count, b.places.begin());
}

} // namespace

TileJob::TileJob(std::vector<HeadTile> tiles, std::vector<TileRuns> runs, std::int64_t key_shift, KeyPlaces places)
    : tiles_(std::move(tiles)), runs_(std::move(runs)), keys_per_block_(block_keys(tiles_)) {
    for (const TileRuns& some : runs_) {
        const TileRows& rows = tiles_[some.begin].rows;
        const std::span positions(rows.positions.data(), std::size_t(rows.count));
        feeds_.push_back({some.begin, some.end, {some.runs, key_shift, positions, places}, {}});
    }
    take_round(keys_per_block_ / 3); // little to wait for where nothing fetched it
    next_block(first_);
}

// A block of each feed. 16-bit keys are copied in any case.
bool TileJob::take_round(int most) {
    at_ = 0;
    bool is_any_left = false;
    for (TileFeed& feed : feeds_)
        is_any_left |=
            head().dtype == Dtype::f32 ? feed.keys.next_whole_runs(feed.block, most) : feed.keys.next(feed.block, most);
    return is_any_left;
}

bool TileJob::next_block(BlockOfTiles& to) {
    const auto skip_ended = [&] {
        while (at_ < feeds_.size() && feeds_[at_].block.count == 0) ++at_;
    };
    skip_ended();
    if (at_ == feeds_.size()) {
        to.block.count = 0;
        if (!take_round(keys_per_block_)) return false;
        skip_ended();
    }
    to = {feeds_[at_].block, feeds_[at_].begin, feeds_[at_].end};
    for (++at_; at_ < feeds_.size() && are_alike(feeds_[at_].block, to.block); ++at_) to.end = feeds_[at_].end;
    return true;
}

} // namespace dilascope
