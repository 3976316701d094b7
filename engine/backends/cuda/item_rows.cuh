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

// The keys of two blocks of `Keys`: the one at work and the one that is being prepared. Most blocks lie on a line: then
// no key is looked for by itself, and rows are copied without the table.
template <int Keys> struct KeyTable {
    const LaunchView& plan;
    BlockLine* lines;     // (2) in shared memory; then the slots
    std::int32_t run = 0; // of the first key of the block that was prepared last

    static_assert(sizeof(BlockLine) == block_line_bytes);
    DEVICE KeyTable(const LaunchView& view, std::byte* shared)
        : plan(view), lines(reinterpret_cast<BlockLine*>(shared)) {}
    // (2, Keys) each: element offsets of the keys from k and v, −1 where there is none; tokens; and ranges of rows,
    // begin + 65536·end.
    DEVICE std::int64_t* offsets() const { return reinterpret_cast<std::int64_t*>(lines + 2); }
    DEVICE std::int64_t* tokens() const { return offsets() + 2 * Keys; }
    DEVICE std::uint32_t* row_ranges() const { return reinterpret_cast<std::uint32_t*>(offsets() + 4 * Keys); }
    DEVICE void restart() { run = 0; }

    // Prepares a block, later than the one before; it is there after a barrier.
    template <int Rows> DEVICE void fill(int block, const ItemRows<Rows>& rows, const TensorShape& shape) {
        const int key = thread_index().x, at = (block & 1) * Keys + key;
        if (key >= Keys) return;
        const ItemHeader& item = *rows.header;
        const LaunchRun* runs = plan.runs + item.runs_begin;
        const KeyLine line = key_line(runs, item.run_count, run, block * Keys, Keys, item.key_shift, plan.keys);
        const std::int64_t step = line.stride * shape.key_step();
        const bool is_line = step > 0 && step <= most_line_step;
        const std::int64_t first = is_line ? shape.key_row(item.batch, line.key, item.head) : 0;
        if (key == 0) lines[block & 1] = {first, is_line ? std::int32_t(step) : 0};
        if (is_line) {
            offsets()[at] = first + key * step;
            tokens()[at] = line.key + std::int64_t(key) * line.stride;
            return;
        }
        std::int32_t own_run = run;
        const KeySlot slot = key_slot(runs, item.run_count, own_run, block * Keys + key, item.key_shift, plan.keys,
                                      rows.positions, item.count);
        offsets()[at] = slot.place < 0 ? -1 : shape.key_row(item.batch, slot.place, item.head);
        tokens()[at] = slot.token;
        row_ranges()[at] = std::uint32_t(slot.row_begin) | std::uint32_t(slot.row_end) << 16;
    }
    DEVICE const BlockLine& line(int block) const { return lines[block & 1]; }
    DEVICE std::int64_t offset(int block, int key) const { return offsets()[(block & 1) * Keys + key]; }
    DEVICE std::int64_t token(int block, int key) const { return tokens()[(block & 1) * Keys + key]; }
    // Of blocks with keys that not every row sees: they lie on no line.
    DEVICE bool is_seen(int block, int key, int row) const {
        const std::uint32_t range = row_ranges()[(block & 1) * Keys + key];
        return std::uint32_t(row) >= (range & 0xffff) && std::uint32_t(row) < range >> 16;
    }

private:
    static constexpr std::int64_t most_line_step = std::int64_t(1) << 28; // bytes of a step fit 31 bits
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
