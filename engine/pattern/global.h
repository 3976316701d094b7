#pragma once
// Global: the first tokens see everything and are seen by everything (Longformer's and BigBird's global tokens).
#include "engine/pattern/block_part.h"

namespace dilascope {

struct Global {
    static constexpr const char* kind_name = "global";
    static constexpr const char* help = "The first tokens attend to all and are attended by all";
    static constexpr bool is_regular = true;
    std::int64_t block = 64;
    std::int64_t tokens = 64; // rounded up to blocks

    template <class Self, class V> static void visit(Self& self, V&& v) {
        visit_block(self, v);
        v(Field{"tokens", "How many leading tokens are global, rounded up to blocks", "tokens", 0, 0x1p40},
          self.tokens);
    }
    friend bool operator==(const Global&, const Global&) = default;
};

// Leading blocks that are global.
inline std::int64_t global_blocks(const Global& global) { return (global.tokens + global.block - 1) / global.block; }

Result<void> validate(const Global&, const Problem&);
inline int branch_count(const Global&) { return 1; }
inline std::string branch_name(const Global&, int) { return "global"; }
inline std::int64_t head_period(const Global&) { return 1; }
inline BranchSet branches(const Global& global, const BlockGrid&, std::int64_t, std::int64_t row, std::int64_t column) {
    return std::min(row, column) < global_blocks(global);
}
inline void append_cells(const Global& global, const BlockGrid& grid, std::int64_t, int,
                         std::vector<BlockCells>& cells) {
    const std::int64_t edge = std::min(global_blocks(global), grid.count);
    if (edge == 0) return;
    cells.push_back(rectangle_cells({0, edge}, {0, grid.count}));
    if (edge < grid.count) cells.push_back(rectangle_cells({edge, grid.count}, {0, edge}));
}

} // namespace dilascope
