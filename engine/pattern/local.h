#pragma once
// Local: blocks around the diagonal (block-sparse sliding window).
#include "engine/pattern/block_part.h"

namespace dilascope {

struct Local {
    static constexpr const char* kind_name = "local";
    static constexpr const char* help = "Blocks within half a window of the diagonal";
    static constexpr bool is_regular = true;
    std::int64_t block = 64;
    std::int64_t window = 256; // tokens, rounded up to blocks; half of it on each side

    template <class Self, class V> static void visit(Self& self, V&& v) {
        visit_block(self, v);
        v(Field{"window", "Width of the window; half of it on each side, in whole blocks", "tokens", 0, 0x1p40},
          self.window);
    }
    friend bool operator==(const Local&, const Local&) = default;
};

// Blocks on each side of the diagonal block.
inline std::int64_t half_window(const Local& local) { return (local.window + local.block - 1) / local.block / 2; }

Result<void> validate(const Local&, const Problem&);
inline int branch_count(const Local&) { return 1; }
inline std::string branch_name(const Local&, int) { return "local"; }
inline std::int64_t head_period(const Local&) { return 1; }
inline BranchSet branches(const Local& local, const BlockGrid&, std::int64_t, std::int64_t row, std::int64_t column) {
    return std::abs(row - column) <= half_window(local);
}
inline void append_cells(const Local& local, const BlockGrid& grid, std::int64_t, int, std::vector<BlockCells>& cells) {
    cells.push_back(band_cells(grid, -half_window(local), half_window(local)));
}

} // namespace dilascope
