#pragma once
// BlockCells: a regular set of cells (I, J) of the block matrix, closed under intersection and counted in closed form.
// Regular block patterns are unions of a few of them; inclusion–exclusion turns a union into a signed sum.
#include "engine/pattern/pairs.h"
#include "engine/plan/tiles.h"
#include <span>
#include <vector>

namespace dilascope {

// I ≡ rows, J ≡ columns (residue classes), I in row_range, J in column_range, band.lo ≤ J − I ≤ band.hi.
struct BlockCells {
    Residues rows, columns;
    Range row_range, column_range;
    Band band;
    bool contains(std::int64_t row, std::int64_t column) const;
    friend bool operator==(const BlockCells&, const BlockCells&) = default;
};

struct SignedCells {
    BlockCells cells;
    std::int64_t sign = 1;
};

// The cells of `cells` inside rows × columns. Exact; O(log) by floor sums whatever the sizes.
std::int64_t count_cells(const BlockCells& cells, Range rows, Range columns);

// The union of sets as a signed sum of sets.
std::vector<SignedCells> united(std::span<const BlockCells> sets);

} // namespace dilascope
