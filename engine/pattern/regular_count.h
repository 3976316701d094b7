#pragma once
// Exact pair counts of regular unions of blocks, in closed form at any N: a signed sum of cell sets, each a band of
// rows × columns. Where a pixel lies inside the band its count is a product, tokens of the rows times tokens of the
// columns, so the columns' part is shared by all rows of a picture; only the few pixels of a row that the band's edges
// cut need lattice-point sums.
#include "engine/pattern/block_cells.h"
#include "engine/pattern/block_pixels.h"

namespace dilascope {

class RegularCounter {
public:
    // The columns of a picture; `edges` must outlive this. Threads may share it.
    RegularCounter(std::span<const BlockCells> cells, bool is_causal, std::int64_t block,
                   std::span<const std::int64_t> edges);
    // Adds the row of rectangles `rows` × columns.
    void add(Range rows, std::span<std::int64_t> counts) const;

private:
    // All cells of a signed set; when causal, those before the diagonal blocks.
    struct Term {
        BlockCells cells;
        std::int64_t sign = 1;
        std::vector<std::int64_t> column_tokens; // of each pixel, the tokens that lie in the set's columns
    };
    // Its diagonal cells, looked at when causal.
    struct DiagonalTerm {
        Residues residues;
        Range range;
        std::int64_t sign = 1;
    };
    std::vector<std::int64_t> column_tokens(const BlockCells& cells) const;
    void add_term(const Term& term, const BlockGroups& rows, std::span<std::int64_t> counts) const;
    std::int64_t pairs_in_pixel(const Term& term, const BlockGroup& rows, std::size_t pixel) const;
    void add_diagonal(Range rows, std::span<std::int64_t> counts) const;

    std::vector<BlockCells> cells_;
    bool is_causal_;
    std::int64_t block_;
    std::span<const std::int64_t> edges_;
    std::vector<BlockPlace> places_; // of the edges
    PixelFinder pixels_;
    std::vector<Term> terms_;
    std::vector<DiagonalTerm> diagonal_terms_;
};

} // namespace dilascope
