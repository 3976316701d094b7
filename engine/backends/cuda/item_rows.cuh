#pragma once
// The rows of one item, and the table of the keys that pass by: the device's view of a LaunchPlan.
#include "engine/backends/cuda/kernel_params.h"
#include "engine/backends/cuda/simt.cuh"

namespace dilascope::simt {

template <int Rows> struct ItemRows {
    LaunchTile tile;
    std::int64_t key_shift = 0;
    std::int64_t batch = 0;
    std::int32_t head = 0;
    std::int32_t count = 0;            // ≤ Rows
    std::int64_t* positions = nullptr; // (Rows) query positions, ascending; shared memory

    ItemRows() = default;
    // Reads item `index` mod item_count of batch element index / item_count. The positions are there after a barrier.
    DEVICE void load(const LaunchView& plan, std::int64_t index, std::byte* shared) {
        const LaunchItem item = plan.items[index % plan.item_count];
        batch = index / plan.item_count;
        tile = plan.tiles[item.tile];
        key_shift = item.key_shift, head = item.head;
        count = tile.row_count - item.row_begin < Rows ? tile.row_count - item.row_begin : Rows;
        positions = reinterpret_cast<std::int64_t*>(shared);
        for (int row = thread_index().x; row < count; row += block_size().x)
            positions[row] = item.row_shift + tile.row(item.row_begin + row, plan.row_offsets);
    }
};

// Slots of the keys of two blocks of `Keys`: the one at work and the one that is being prepared.
template <int Keys> struct KeyTable {
    const LaunchRun* runs = nullptr;
    KeyTables tables;
    std::int64_t *places = nullptr, *tokens = nullptr; // (2, Keys), shared memory
    std::uint32_t* row_ranges = nullptr;               // begin + 65536·end
    std::int32_t run = 0;                              // of this thread's key

    DEVICE void place_at(const LaunchView& plan, const LaunchTile& tile, std::byte* shared) {
        runs = plan.runs + tile.runs_begin, tables = plan.keys, run = 0;
        places = reinterpret_cast<std::int64_t*>(shared), tokens = places + 2 * Keys;
        row_ranges = reinterpret_cast<std::uint32_t*>(tokens + 2 * Keys);
    }
    // Prepares the slots of a block, later than the one before; they are there after a barrier.
    template <int Rows> DEVICE void fill(int block, const ItemRows<Rows>& rows) {
        const int key = thread_index().x;
        if (key >= Keys) return;
        const KeySlot slot = key_slot(runs, rows.tile.run_count, run, block * Keys + key, rows.key_shift, tables,
                                      rows.positions, rows.count);
        const int at = (block & 1) * Keys + key;
        places[at] = slot.place, tokens[at] = slot.token;
        row_ranges[at] = std::uint32_t(slot.row_begin) | std::uint32_t(slot.row_end) << 16;
    }
    DEVICE std::int64_t place(int block, int key) const { return places[(block & 1) * Keys + key]; }
    DEVICE std::int64_t token(int block, int key) const { return tokens[(block & 1) * Keys + key]; }
    DEVICE bool is_seen(int block, int key, int row) const {
        const std::uint32_t range = row_ranges[(block & 1) * Keys + key];
        return std::uint32_t(row) >= (range & 0xffff) && std::uint32_t(row) < range >> 16;
    }
};

// Whether dropout keeps the weight of a pair. `lane_row`: batch·H + head.
template <int Keys>
DEVICE bool keeps_weight(const DropoutParams& dropout, const KeyTable<Keys>& table, int block, int key,
                         std::uint32_t lane_row, std::int64_t query) {
    const std::int64_t token = table.token(block, key);
    const PhiloxWords words = philox4x32(dropout_counter(lane_row, query, token >> 3), dropout.seed);
    return dropout_bits(words, int(token & 7)) >= dropout.threshold;
}

} // namespace dilascope::simt
