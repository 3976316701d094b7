#include "engine/pattern/block_cells.h"
#include "engine/pattern/residues.h"
#include "engine/pattern/signed_union.h"
#include <algorithm>

namespace dilascope {

namespace {

__extension__ using Wide = __int128;

// Σ over t in [0, count) of ⌊(a·t + b)/n⌋ for a ≥ 0, b ≥ 0, n ≥ 1: the Euclid-like recursion of the lattice-point
// count.
Wide floor_sum(Wide count, Wide n, Wide a, Wide b) {
    Wide sum = 0;
    while (count > 0) {
        sum += count * (count - 1) / 2 * (a / n) + count * (b / n);
        a %= n, b %= n;
        const Wide top = a * count + b;
        if (top < n) break;
        count = top / n;
        b = top % n;
        std::swap(n, a);
    }
    return sum;
}

// Σ over the members I of `rows` in [begin, end) of the number of members of `columns` before clamp(I + shift, range).
std::int64_t members_before(Residues rows, Range range, Residues columns, Range clamp, std::int64_t shift) {
    // Rows before `rise` clamp to the range's begin, rows from `full` on to its end.
    const std::int64_t rise = std::clamp(clamp.begin - shift, range.begin, range.end);
    const std::int64_t full = std::clamp(clamp.end - shift, rise, range.end);
    const std::int64_t base = first_index(columns, clamp.begin);
    std::int64_t sum = count_in(rows, {full, range.end}) * (first_index(columns, clamp.end) - base);
    const std::int64_t count = count_in(rows, {rise, full});
    if (count > 0) {
        const std::int64_t first_row = rows.residue + rows.modulus * first_index(rows, rise);
        // first_index(columns, I + shift) − base = ⌊(I + shift − residue + modulus − 1)/modulus⌋ − base ≥ 0
        const Wide offset =
            Wide(first_row) + shift - columns.residue + columns.modulus - 1 - Wide(base) * columns.modulus;
        if (columns.modulus == 1)
            sum += std::int64_t(Wide(count) * offset + Wide(rows.modulus) * (Wide(count) * (count - 1) / 2));
        else
            sum += std::int64_t(floor_sum(count, columns.modulus, rows.modulus, offset));
    }
    return sum;
}

bool intersect_cells(const BlockCells& a, const BlockCells& b, BlockCells& both) {
    if (!intersect(a.rows, b.rows, both.rows) || !intersect(a.columns, b.columns, both.columns)) return false;
    both.row_range = intersect(a.row_range, b.row_range);
    both.column_range = intersect(a.column_range, b.column_range);
    both.band = {std::max(a.band.lo, b.band.lo), std::min(a.band.hi, b.band.hi)};
    return both.row_range.size() > 0 && both.column_range.size() > 0 && both.band.lo <= both.band.hi;
}

} // namespace

bool BlockCells::contains(std::int64_t row, std::int64_t column) const {
    return row_range.contains(row) && column_range.contains(column) && band.contains(column - row) &&
           floor_mod(row - rows.residue, rows.modulus) == 0 &&
           floor_mod(column - columns.residue, columns.modulus) == 0;
}

std::int64_t count_cells(const BlockCells& cells, Range rows, Range columns) {
    rows = intersect(rows, cells.row_range), columns = intersect(columns, cells.column_range);
    if (rows.size() == 0 || columns.size() == 0) return 0;
    const bool cuts = cells.band.lo > columns.begin - (rows.end - 1) || cells.band.hi < columns.end - 1 - rows.begin;
    const std::int64_t row_count = count_in(cells.rows, rows);
    if (!cuts || row_count == 0) return row_count * count_in(cells.columns, columns);
    if (row_count == 1) { // the blocks an edge cuts are asked for singly, and most often
        const std::int64_t row = cells.rows.residue + cells.rows.modulus * first_index(cells.rows, rows.begin);
        return count_in(cells.columns, intersect(columns, {row + cells.band.lo, row + cells.band.hi + 1}));
    }
    if (columns.size() == 1) {
        const Range seeing = intersect(rows, {columns.begin - cells.band.hi, columns.begin - cells.band.lo + 1});
        return count_in(cells.columns, columns) * count_in(cells.rows, seeing);
    }
    const std::int64_t hi = std::min(cells.band.hi, columns.end - rows.begin);
    const std::int64_t lo = std::max(cells.band.lo, columns.begin - rows.end);
    if (lo > hi) return 0;
    return members_before(cells.rows, rows, cells.columns, columns, hi + 1) -
           members_before(cells.rows, rows, cells.columns, columns, lo);
}

std::vector<SignedCells> united(std::span<const BlockCells> sets) {
    std::vector<SignedCells> terms;
    for (const BlockCells& added : sets)
        unite_signed(
            terms, SignedCells{added, 1},
            [](const SignedCells& a, const SignedCells& b, SignedCells& both) {
                return intersect_cells(a.cells, b.cells, both.cells);
            },
            [](const SignedCells& a, const SignedCells& b) { return a.cells == b.cells; });
    return terms;
}

} // namespace dilascope
