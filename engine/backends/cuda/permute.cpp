#include "engine/backends/cuda/permute.h"
#include <fmt/format.h>
#include <limits>

namespace dilascope {

// The largest word that divides the row and both addresses.
static int word_bytes(const PermuteCall& call) {
    const std::uint64_t all = std::uint64_t(call.row_bytes) | reinterpret_cast<std::uintptr_t>(call.from) |
                              reinterpret_cast<std::uintptr_t>(call.to);
    for (const int bytes : {16, 8, 4})
        if (all % std::uint64_t(bytes) == 0) return bytes;
    return 2;
}

static const char* kernel_name(int bytes) {
    return bytes == 16 ? "permute 16" : bytes == 8 ? "permute 8" : bytes == 4 ? "permute 4" : "permute 2";
}

static std::int64_t tiles(std::int64_t count, std::int64_t tile) { return (count + tile - 1) / tile; }

Result<PermuteLaunch> plan_permute(const PermuteCall& call) {
    constexpr std::int64_t most_blocks = std::numeric_limits<std::int32_t>::max(), most_tokens = most_blocks + 1;
    if (call.batch < 1 || call.token_count < 1 || call.token_count > most_tokens)
        return fail(fmt::format("permute: {} sequences of {} tokens; expected 1 or more of 1 … 2^31", call.batch,
                                call.token_count));
    const bool is_odd = (reinterpret_cast<std::uintptr_t>(call.from) | reinterpret_cast<std::uintptr_t>(call.to)) % 2;
    if (call.row_bytes < 2 || call.row_bytes % 2 != 0 || call.row_bytes / 2 > most_blocks || is_odd)
        return fail(fmt::format("permute: token rows of {} bytes; expected a multiple of 2 below 2^32, at even "
                                "addresses",
                                call.row_bytes));
    const int bytes = word_bytes(call);
    const std::int64_t row_words = call.row_bytes / bytes;
    // Pieces of long rows are equal and begin at whole lines of 128 bytes if the row does.
    const std::int64_t column_tiles = tiles(row_words, permute_slots);
    const std::int64_t tile_words = column_tiles == 1 ? row_words : tiles(tiles(row_words, column_tiles), 64) * 64;
    const std::int64_t tile_rows = permute_slots / tile_words, row_tiles = tiles(call.token_count, tile_rows);
    if (row_tiles > most_blocks / column_tiles || call.batch > most_blocks / (row_tiles * column_tiles))
        return fail(fmt::format("permute: {} sequences of {} tokens of {} bytes need more than 2^31 − 1 blocks; "
                                "permute fewer sequences at a time",
                                call.batch, call.token_count, call.row_bytes));
    PermuteLaunch launch;
    launch.kernel = kernel_name(bytes);
    launch.grid = {std::int32_t(call.batch * row_tiles * column_tiles)};
    launch.params = {.from = call.from,
                     .to = call.to,
                     .token_of_rank = call.token_of_rank,
                     .token_count = call.token_count,
                     .row_words = std::int32_t(row_words),
                     .tile_rows = std::int32_t(tile_rows),
                     .tile_words = std::int32_t(tile_words),
                     .row_tiles = std::int32_t(row_tiles),
                     .column_tiles = std::int32_t(column_tiles),
                     .slot_scale = std::uint32_t(tiles(1 << 20, tile_words)),
                     .direction = call.direction};
    return launch;
}

Result<void> launch_permute(CudaDevice& device, const PermuteCall& call, const Stream& stream) {
    const PermuteLaunch launch = TRY(plan_permute(call));
    return device.launch(launch.kernel, launch.grid, permute_threads, 0, launch.params, stream);
}

} // namespace dilascope
