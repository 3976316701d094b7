#pragma once
// Rows of several heads (or softmaxes) together, grouped by the tiles that hold them.
#include "engine/analysis/head_tiles.h"
#include "engine/cancel.h"
#include <functional>

namespace dilascope {

// A tile at one of its repeats.
struct ShiftedTile {
    const QueryTile* tile;
    std::int64_t row_shift, key_shift;
    std::int64_t heads; // how many of the heads it serves, all of one class
    std::int32_t head_class;
    auto operator<=>(const ShiftedTile&) const = default;
};

// Rows that all these tiles hold, and no others. Repeat t shifts rows and keys by t·shift.
struct RowGroup {
    std::span<const std::int64_t> positions; // ascending
    std::span<const ShiftedTile> tiles;
    Range repeats;
    std::int64_t shift = 0;
};

// Walks the groups chunk by chunk: memory of a chunk's rows. Where all lists repeat, one common period stands for all.
// Groups may hold rows outside `positions` too. False when cancelled.
bool for_each_group(const HeadTiles& head, Range positions, const CancelFlag* cancel,
                    const std::function<void(const RowGroup&)>& visit);

} // namespace dilascope
