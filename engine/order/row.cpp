#include "engine/order/row.h"
#include <numeric>

namespace dilascope {

static Cell row_cell_at(const CellSet& cells, std::int64_t rank) { return cells.cell_of(rank); }
static std::int64_t row_rank_of(const CellSet& cells, Cell cell) { return cells.token_of(cell); }
static void row_write_tokens(const CellSet& cells, std::int32_t* out) { std::iota(out, out + cells.count, 0); }

constinit const CurveWalk row_walk = {row_cell_at, row_rank_of, row_write_tokens, false};

} // namespace dilascope
