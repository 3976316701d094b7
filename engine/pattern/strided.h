#pragma once
// Strided: every stride-th block column, and the neighbours of the diagonal (Sparse Transformer's strided attention).
#include "engine/pattern/block_part.h"

namespace dilascope {

struct Strided {
    static constexpr const char* kind_name = "strided";
    static constexpr const char* help = "Every stride-th block of keys, and the blocks next to the diagonal";
    static constexpr bool is_regular = true;
    std::int64_t block = 64;
    std::int64_t stride = 4; // blocks

    template <class Self, class V> static void visit(Self& self, V&& v) {
        visit_block(self, v);
        v(Field{"stride", "Every stride-th block column is seen by every query", "blocks", 1, 0x1p30}, self.stride);
    }
    friend bool operator==(const Strided&, const Strided&) = default;
};

Result<void> validate(const Strided&, const Problem&);
inline int branch_count(const Strided&) { return 1; }
inline std::string branch_name(const Strided&, int) { return "strided"; }
inline std::int64_t head_period(const Strided&) { return 1; }
inline BranchSet branches(const Strided& strided, const BlockGrid&, std::int64_t, std::int64_t row,
                          std::int64_t column) {
    return column % strided.stride == 0 || std::abs(row - column) <= 1;
}
inline void append_cells(const Strided& strided, const BlockGrid& grid, std::int64_t, int,
                         std::vector<BlockCells>& cells) {
    cells.push_back({{}, {0, strided.stride}, {0, grid.count}, {0, grid.count}, {}});
    cells.push_back(band_cells(grid, -1, 1));
}

} // namespace dilascope
