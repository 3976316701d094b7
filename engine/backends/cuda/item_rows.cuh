#pragma once
// The rows of one item, and the table of the keys that pass by: the device's view of a LaunchPlan.
#include "engine/backends/cuda/kernel_params.h"
#include "engine/backends/cuda/kernel_shape.h"
#include "engine/backends/cuda/simt.cuh"

namespace dilascope::simt {

// The rows of an item. All of it lies in shared memory: in registers it would not leave enough for the accumulators.
template <int Rows> struct ItemRows {
    ItemHeader* header = nullptr;
    std::int64_t* positions = nullptr; // (Rows) query positions, ascending

    static_assert(sizeof(ItemHeader) + Rows * sizeof(std::int64_t) == item_bytes(Rows));
    DEVICE explicit ItemRows(std::byte* shared)
        : header(reinterpret_cast<ItemHeader*>(shared)),
          positions(reinterpret_cast<std::int64_t*>(shared + sizeof(ItemHeader))) {}
    // Reads item `index` mod item_count of batch element index / item_count. It is there after a barrier.
    DEVICE void load(const LaunchView& plan, std::int64_t index) const {
        const LaunchItem item = plan.items[index % plan.item_count];
        const LaunchTile tile = plan.tiles[item.tile];
        const std::int32_t left = tile.row_count - item.row_begin, count = left < Rows ? left : Rows;
        for (int row = thread_index().x; row < count; row += block_size().x)
            positions[row] = item.row_shift + tile.row(item.row_begin + row, plan.row_offsets);
        if (thread_index().x == 0)
            *header = {item.key_shift,  index / plan.item_count, item.head,      count,
                       tile.runs_begin, tile.run_count,          tile.key_count, tile.full_key_count};
    }
    DEVICE std::int64_t batch() const { return header->batch; }
    DEVICE std::int32_t head() const { return header->head; }
    DEVICE std::int32_t count() const { return header->count; } // ≤ Rows
    DEVICE std::int32_t key_count() const { return header->key_count; }
    DEVICE std::int32_t full_key_count() const { return header->full_key_count; }
};

// Slots of the keys of two blocks of `Keys`: the one at work and the one that is being prepared.
template <int Keys> struct KeyTable {
    const LaunchView& plan;
    // (2, Keys) in shared memory: element offsets of the keys from k and v, −1 where there is none; then as many
    // tokens, then as many ranges of rows, begin + 65536·end.
    std::int64_t* offsets;
    std::int32_t run = 0; // of this thread's key

    DEVICE KeyTable(const LaunchView& view, std::byte* shared)
        : plan(view), offsets(reinterpret_cast<std::int64_t*>(shared)) {}
    DEVICE std::int64_t* tokens() const { return offsets + 2 * Keys; }
    DEVICE std::uint32_t* row_ranges() const { return reinterpret_cast<std::uint32_t*>(offsets + 4 * Keys); }
    DEVICE void restart() { run = 0; }
    // Prepares the slots of a block, later than the one before; they are there after a barrier.
    template <int Rows> DEVICE void fill(int block, const ItemRows<Rows>& rows, const TensorShape& shape) {
        const int key = thread_index().x;
        if (key >= Keys) return;
        const ItemHeader& item = *rows.header;
        const KeySlot slot = key_slot(plan.runs + item.runs_begin, item.run_count, run, block * Keys + key,
                                      item.key_shift, plan.keys, rows.positions, item.count);
        const int at = (block & 1) * Keys + key;
        offsets[at] = slot.place < 0 ? -1 : shape.key_row(item.batch, slot.place, item.head);
        tokens()[at] = slot.token;
        row_ranges()[at] = std::uint32_t(slot.row_begin) | std::uint32_t(slot.row_end) << 16;
    }
    DEVICE std::int64_t offset(int block, int key) const { return offsets[(block & 1) * Keys + key]; }
    DEVICE std::int64_t token(int block, int key) const { return tokens()[(block & 1) * Keys + key]; }
    DEVICE bool is_seen(int block, int key, int row) const {
        const std::uint32_t range = row_ranges()[(block & 1) * Keys + key];
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
