#pragma once
// The flat arrays of a LaunchPlan, and the kernels' index logic over them, compiled for both processors: which key
// stands at a number of a tile, and which of the tile's rows see it.
#include <cstdint>

namespace dilascope {

// One chunk of a tile of one head, shifted to its repeat.
struct LaunchItem {
    std::int64_t row_shift = 0, key_shift = 0; // added to the tile's rows and to its keys
    std::int32_t tile = 0, head = 0;
    std::int32_t row_begin = 0; // first row of the tile that this item computes; at most the kernel's rows follow
    std::int32_t padding = 0;
};

// Rows of a tile, and its keys numbered 0 … key_count: first those that every row sees.
struct LaunchTile {
    std::int64_t first_row = 0;  // query position of row 0
    std::int64_t rows_begin = 0; // of listed rows: index into row_offsets, whose entries are relative to first_row
    std::int32_t row_stride = 1; // of affine rows; 0 when the rows are listed
    std::int32_t row_count = 0;
    std::int32_t runs_begin = 0, run_count = 0; // into runs
    std::int32_t key_count = 0;                 // 0 … key_count − 1
    std::int32_t full_key_count = 0;            // numbers below this are keys that every row sees

    // Query position of a row before the item's shift.
    constexpr std::int64_t row(std::int32_t index, const std::int32_t* row_offsets) const {
        return first_row + (row_stride > 0 ? std::int64_t(index) * row_stride : row_offsets[rows_begin + index]);
    }
};

// Keys first, first + stride, …, `count` of them, numbered from `begin` on. Row position p sees key x when
// band_lo ≤ x − p ≤ band_hi; keys are compared as tokens where the plan is permuted.
struct LaunchRun {
    std::int64_t first = 0;
    std::int64_t band_lo = 0, band_hi = 0;
    std::int32_t stride = 1;
    std::int32_t begin = 0;
    std::int32_t count = 0;
    std::int32_t is_banded = 0;
};

// Where keys lie and which token each is. Null tables are identities.
struct KeyTables {
    const std::int32_t* place_of_key = nullptr; // row of k and v that holds the key
    const std::int32_t* token_of_key = nullptr; // what bands and dropout go by
};

struct KeySlot {
    std::int64_t place = -1;    // −1: no key has this number
    std::int64_t token = 0;     //
    std::int32_t row_begin = 0; // rows [row_begin, row_end) of the item see the key
    std::int32_t row_end = 0;
};

// Keys key, key + stride, … of one block, which every row of the tile sees. stride 0: they do not lie so.
struct KeyLine {
    std::int64_t key = 0;
    std::int32_t stride = 0;
};

// First index in the ascending rows[0 … count) whose value is ≥ `value`; count when none is.
constexpr std::int32_t first_row_from(const std::int64_t* rows, std::int32_t count, std::int64_t value) {
    std::int32_t begin = 0, end = count;
    while (begin < end) {
        const std::int32_t middle = (begin + end) / 2;
        if (rows[middle] < value)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

// The line of the `count` numbers from `number` on. `run` is the caller's place in the runs: 0 at first; numbers of
// later calls only grow. A permuted plan has no lines: its keys lie anywhere.
constexpr KeyLine key_line(const LaunchRun* runs, std::int32_t run_count, std::int32_t& run, std::int32_t number,
                           std::int32_t count, std::int64_t key_shift, const KeyTables& tables) {
    while (run < run_count && number >= runs[run].begin + runs[run].count) ++run;
    if (run == run_count || tables.place_of_key || tables.token_of_key) return {};
    const LaunchRun& from = runs[run];
    if (from.is_banded || number + count > from.begin + from.count) return {};
    return {from.first + key_shift + std::int64_t(number - from.begin) * from.stride, from.stride};
}

// The slot of `number`. `run` is the caller's place in the runs: 0 at first; numbers of later calls only grow.
constexpr KeySlot key_slot(const LaunchRun* runs, std::int32_t run_count, std::int32_t& run, std::int32_t number,
                           std::int64_t key_shift, const KeyTables& tables, const std::int64_t* rows,
                           std::int32_t row_count) {
    while (run < run_count && number >= runs[run].begin + runs[run].count) ++run;
    if (run == run_count) return {};
    const LaunchRun& from = runs[run];
    const std::int64_t key = from.first + key_shift + std::int64_t(number - from.begin) * from.stride;
    KeySlot slot;
    slot.place = tables.place_of_key ? tables.place_of_key[key] : key;
    slot.token = tables.token_of_key ? tables.token_of_key[key] : key;
    slot.row_end = row_count;
    if (from.is_banded) {
        slot.row_begin = first_row_from(rows, row_count, slot.token - from.band_hi);
        slot.row_end = first_row_from(rows, row_count, slot.token - from.band_lo + 1);
    }
    return slot;
}

} // namespace dilascope
