#pragma once
// BlockRows: the bit rows of an irregular block pattern, from a small cache of whole matrices where they fit.
#include "engine/pattern/bit_matrix.h"
#include "engine/pattern/blocks.h"
#include <memory>

namespace dilascope {

class BlockRows {
public:
    // Draws and keeps the matrix of a head's branch (−1: the union), unless it is kept already or larger than 64 MiB.
    // Pictures ask this once, before their threads start.
    static void prepare(const Blocks& blocks, const Problem& problem, std::int64_t head, int branch);

    // Cheap when prepared; otherwise rows are drawn as they are asked for. The arguments must outlive it.
    BlockRows(const Blocks& blocks, const Problem& problem, std::int64_t head, int branch);

    // Bits of block row `index`; good until the call after the next.
    std::span<const std::uint64_t> row(std::int64_t index) const;
    // A row that is asked for soon: a kept matrix is larger than most caches, and processors foresee no page's end.
    void prefetch(std::int64_t index, std::size_t first_word, std::size_t words) const {
        if (!matrix_ || index >= matrix_->rows) return;
        const std::uint64_t* row = matrix_->row(index).data() + first_word;
        for (std::size_t word = 0; word < words; word += 8) __builtin_prefetch(row + word);
    }
    std::int64_t row_count() const { return block_grid(blocks_, problem_).count; }

private:
    const Blocks& blocks_;
    const Problem& problem_;
    std::int64_t head_;
    int branch_;
    std::shared_ptr<const BitMatrix> matrix_; // null: drawn row by row
    struct DrawnRow {
        std::int64_t index = -1;
        std::vector<std::uint64_t> words;
    };
    mutable DrawnRow drawn_[2]; // the newest is drawn_[newest_]
    mutable int newest_ = 0;
};

} // namespace dilascope
