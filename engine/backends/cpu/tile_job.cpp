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

} // namespace

TileJob::TileJob(std::vector<HeadTile> tiles, std::vector<KeyRun> runs, std::int64_t key_shift, KeyPlaces places)
    : tiles_(std::move(tiles)), runs_(std::move(runs)),
      feed_(runs_, key_shift, {tiles_.front().rows.positions.data(), std::size_t(tiles_.front().rows.count)}, places),
      keys_per_block_(block_keys(tiles_)) {
    take(first_, keys_per_block_ / 3); // little to wait for where nothing fetched it
}

// 16-bit keys are copied in any case.
bool TileJob::take(KeyBlock& block, int most) {
    return head().dtype == Dtype::f32 ? feed_.next_whole_runs(block, most) : feed_.next(block, most);
}

} // namespace dilascope
