// Exact pair counts of block patterns: regular unions in closed form, irregular ones from their bits.
#include "engine/pattern/add_scaled.h"
#include "engine/pattern/blocks.h"
#include "engine/pattern/irregular_count.h"
#include "engine/pattern/regular_count.h"

namespace dilascope {

namespace {

int chosen_branch(Count what) { return what.what == Count::branch_pairs ? what.branch : -1; }

void count_blocks(const Blocks& blocks, const Problem& problem, std::int64_t head, Count what, const PixelGrid& picture,
                  const RowDone& done) {
    const std::int64_t block = block_grid(blocks, problem).block;
    std::vector<BlockCells> cells;
    if (regular_cells(blocks, problem, head, chosen_branch(what), cells)) {
        const RegularCounter counter(cells, problem.causal, block, picture.columns);
        const auto add = [&](Range rows, std::span<std::int64_t> counts) { counter.add(rows, counts); };
        return count_row_by_row(
            picture, [&] { return add; }, done);
    }
    const ColumnEdges edges(picture.columns, block);
    const auto make = [&] {
        return [counter = IrregularCounter(BlockRows(blocks, problem, head, chosen_branch(what)), edges,
                                           picture.columns, problem.causal)](
                   Range rows, std::span<std::int64_t> counts) mutable { counter.add(rows, counts); };
    };
    count_row_by_row(picture, make, done);
}

} // namespace

void count_picture(const Blocks& blocks, const Problem& problem, std::int64_t head, Count what,
                   const PixelGrid& picture, const RowDone& done) {
    std::vector<BlockCells> cells;
    if (!regular_cells(blocks, problem, head, chosen_branch(what), cells))
        BlockRows::prepare(blocks, problem, head, chosen_branch(what));
    count_blocks(blocks, problem, head, what, picture, done);
}

void count_row(const Blocks& blocks, const Problem& problem, std::int64_t head, Count what, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    const std::int64_t row_edges[2] = {rows.begin, rows.end};
    count_blocks(blocks, problem, head, what, {row_edges, edges},
                 [&](std::int64_t, std::span<const std::int64_t> added) {
                     add_scaled(counts.data(), added.data(), 1, counts.size());
                 });
}

} // namespace dilascope
