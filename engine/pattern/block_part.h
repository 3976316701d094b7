#pragma once
// What every block-level pattern provides. Blocks (blocks.h) is a union of such parts over one block grid. To add one:
// a struct in its own x.h with kind_name, help, visit(), a member `block` and the functions below as overloads, its
// type in BlockPart (blocks.h), a line in presets() and a golden mask.
//
//   validate(part, problem)                    error when the part cannot serve these shapes
//   branch_count(part)                         sets drawn and counted apart; 1 but for layered generators
//   branch_name(part, branch)                  its legend
//   branches(part, grid, head, row, column)    the predicate on block indices: bit b for branch b
//   head_period(part)                          heads h and h + period look alike; 0: no two do
//
// A regular part is a few closed-form cell sets, an irregular one draws rows of bits:
//   append_cells(part, grid, head, branch, cells)          regular: the cells of one branch
//   fill_row(part, grid, head, branch, row, words)         irregular: sets bit J of the row for each cell (row, J)
//
// Causality and ragged ends are Blocks' business: a part knows whole blocks only.
#include "engine/pattern/block_cells.h"
#include "engine/pattern/kind.h"
#include <string>

namespace dilascope {

// The positions 0 … M−1 cut into blocks; the last may be ragged.
struct BlockGrid {
    std::int64_t block = 1; // tokens
    std::int64_t count = 1; // block rows = block columns
    std::int64_t words() const { return (count + 63) / 64; }
};
inline BlockGrid block_grid(std::int64_t block, const Problem& problem) {
    return {block, (problem.kv_len + block - 1) / block};
}

// All cells (I, J) with lo ≤ J − I ≤ hi.
inline BlockCells band_cells(const BlockGrid& grid, std::int64_t lo, std::int64_t hi) {
    return {{}, {}, {0, grid.count}, {0, grid.count}, {lo, hi}};
}
inline BlockCells rectangle_cells(Range rows, Range columns) { return {{}, {}, rows, columns, {}}; }

// The member `block` of every part, described once.
template <class Self, class V> void visit_block(Self& self, V&& v) {
    v(Field{"block", "Block size: the pattern is all or nothing in squares of so many tokens", "tokens", 1, 0x1p20},
      self.block);
}

} // namespace dilascope
