#include "engine/order/snake.h"

namespace dilascope {

// Row y holds tokens begin … begin + size − 1; mirrored in odd rows. The same map leads back.
static std::int64_t mirrored(const CellSet& cells, std::int64_t token) {
    const std::int64_t row = token / cells.width;
    if (row % 2 == 0) return token;
    const std::int64_t begin = row * cells.width;
    return begin + std::min(begin + cells.width, cells.count) - 1 - token;
}

static Cell snake_cell_at(const CellSet& cells, std::int64_t rank) { return cells.cell_of(mirrored(cells, rank)); }
static std::int64_t snake_rank_of(const CellSet& cells, Cell cell) { return mirrored(cells, cells.token_of(cell)); }

static void snake_write_tokens(const CellSet& cells, std::int32_t* out) {
    for (std::int64_t begin = 0; begin < cells.count; begin += cells.width) {
        const std::int64_t end = std::min(begin + cells.width, cells.count);
        const bool is_odd = begin / cells.width % 2 == 1;
        for (std::int64_t rank = begin; rank < end; ++rank)
            out[rank] = std::int32_t(is_odd ? begin + end - 1 - rank : rank);
    }
}

constinit const CurveWalk snake_walk = {snake_cell_at, snake_rank_of, snake_write_tokens, false};

} // namespace dilascope
