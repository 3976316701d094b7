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

    // Bits of block row `index`; good until the next call.
    std::span<const std::uint64_t> row(std::int64_t index) const;

private:
    const Blocks& blocks_;
    const Problem& problem_;
    std::int64_t head_;
    int branch_;
    std::shared_ptr<const BitMatrix> matrix_; // null: drawn row by row
    mutable std::vector<std::uint64_t> drawn_;
    mutable std::int64_t drawn_row_ = -1;
};

} // namespace dilascope
