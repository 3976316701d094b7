#pragma once
// Exact pair counts of irregular block patterns, from their bit rows. The block rows that lie whole in a row of pixels
// are added first and counted together; one that an edge cuts is counted alone, weighed by its tokens, and kept for the
// next row of pixels: close up, many of them lie in one block row.
#include "engine/pattern/block_rows.h"
#include "engine/pattern/column_counts.h"

namespace dilascope {

// One thread's counter of a picture's rows.
class IrregularCounter {
public:
    // `edges` and the `picture_edges` that it was made of must outlive this.
    IrregularCounter(BlockRows bits, const ColumnEdges& edges, std::span<const std::int64_t> picture_edges,
                     bool is_causal);
    // Adds the row of rectangles `rows` × columns.
    void add(Range rows, std::span<std::int64_t> counts);

private:
    struct KeptRow {
        std::int64_t row = -1;
        std::vector<std::int64_t> tokens; // of each pixel, those that the block row's queries see
    };
    std::span<const std::int64_t> tokens_of(std::int64_t row);
    void add_whole(Range block_rows, std::span<std::int64_t> counts);
    void add_diagonal(Range rows, std::span<std::int64_t> counts) const;
    std::int64_t columns_seen(std::int64_t row) const; // without the diagonal block

    BlockRows bits_;
    const ColumnEdges& edges_;
    std::span<const std::int64_t> picture_edges_;
    bool is_causal_;
    ColumnCounts columns_;
    KeptRow kept_[2]; // those at the ends of a row of pixels
    int next_kept_ = 0;
    std::vector<std::int64_t> tokens_;
};

} // namespace dilascope
