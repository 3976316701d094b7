#include "engine/order/quadtree.h"
#include <array>
#include <cassert>

namespace dilascope {

namespace {

// A square of side 2^level on the way down.
struct QuadSquare {
    Cell corner;
    int level = 0;
    std::uint8_t state = 0;
    std::int64_t side() const { return std::int64_t{1} << level; }
};

QuadSquare child_of(const QuadCurve& curve, const QuadSquare& square, int digit) {
    const std::uint8_t quadrant = curve.quadrant[square.state][digit];
    const int level = square.level - 1;
    return {{square.corner.x + (std::int64_t{quadrant & 1} << level),
             square.corner.y + (std::int64_t{quadrant >> 1} << level)},
            level,
            curve.child[square.state][digit]};
}

bool holds(const QuadSquare& square, Cell cell) {
    return cell.x >> square.level == square.corner.x >> square.level &&
           cell.y >> square.level == square.corner.y >> square.level;
}

// Writes the tokens of a walk square by square; whole squares of 8×8 cells come from a table of token differences.
class TokenWriter {
public:
    TokenWriter(const QuadCurve& curve, const CellSet& cells, std::int32_t* out)
        : curve_(curve), cells_(cells), out_(out) {
        for (std::uint8_t state = 0; state < 4; ++state)
            for (std::size_t rank = 0; rank < leaf_size; ++rank) {
                QuadSquare square{{0, 0}, leaf_level, state};
                for (int shift = 2 * (leaf_level - 1); shift >= 0; shift -= 2)
                    square = child_of(curve, square, int(rank >> shift & 3));
                differences_[state][rank] = std::int32_t(cells.token_of(square.corner));
            }
    }

    void write(const QuadSquare& square) {
        const std::int64_t count = cells_.count_in(square.corner, square.side());
        if (count == 0) return;
        if (count == square.side() * square.side()) return write_whole(square);
        for (int digit = 0; digit < 4; ++digit) write(child_of(curve_, square, digit));
    }

private:
    static constexpr int leaf_level = 3;
    static constexpr std::size_t leaf_size = 1 << 2 * leaf_level;

    void write_whole(const QuadSquare& square) {
        const auto first = std::int32_t(cells_.token_of(square.corner));
        if (square.level == leaf_level) {
            for (std::int32_t difference : differences_[square.state]) *out_++ = first + difference;
        } else if (square.level == 0) {
            *out_++ = first;
        } else {
            for (int digit = 0; digit < 4; ++digit) write_whole(child_of(curve_, square, digit));
        }
    }

    const QuadCurve& curve_;
    const CellSet& cells_;
    std::int32_t* out_;
    std::array<std::array<std::int32_t, leaf_size>, 4> differences_;
};

} // namespace

Cell quadtree_cell_at(const QuadCurve& curve, const CellSet& cells, std::int64_t rank) {
    assert(0 <= rank && rank < cells.count);
    QuadSquare square{{0, 0}, cells.level(), 0};
    while (square.level > 0) {
        for (int digit = 0; digit < 4; ++digit) {
            const QuadSquare child = child_of(curve, square, digit);
            const std::int64_t count = digit < 3 ? cells.count_in(child.corner, child.side()) : rank + 1;
            if (rank < count) {
                square = child;
                break;
            }
            rank -= count;
        }
    }
    return square.corner;
}

std::int64_t quadtree_rank_of(const QuadCurve& curve, const CellSet& cells, Cell cell) {
    std::int64_t rank = 0;
    QuadSquare square{{0, 0}, cells.level(), 0};
    assert(holds(square, cell));
    while (square.level > 0) {
        QuadSquare child = child_of(curve, square, 0);
        for (int digit = 1; !holds(child, cell); ++digit) {
            rank += cells.count_in(child.corner, child.side());
            child = child_of(curve, square, digit);
        }
        square = child;
    }
    return rank;
}

void quadtree_write_tokens(const QuadCurve& curve, const CellSet& cells, std::int32_t* out) {
    TokenWriter(curve, cells, out).write({{0, 0}, cells.level(), 0});
}

} // namespace dilascope
