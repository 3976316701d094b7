#include "engine/plan/tile_count.h"
#include "engine/pattern/count.h"
#include "engine/plan/tile_row.h"
#include <cmath>
#include <fmt/format.h>
#include <map>

namespace dilascope {

namespace {

// The rows of tiles of a matrix.
struct TileRowGrid {
    const Problem& problem;
    TileSize size;
    std::int64_t rows() const { return (problem.seq_len + size.rows - 1) / size.rows; }
    std::int64_t columns() const { return (problem.kv_len + size.columns - 1) / size.columns; }
    // Query positions of tile row `row`.
    Range positions(std::int64_t row) const {
        return {query_position(problem, row * size.rows),
                query_position(problem, std::min((row + 1) * size.rows, problem.seq_len))};
    }
    std::int64_t allowed() const {
        if (!problem.causal) return rows() * columns();
        std::int64_t total = 0;
        for (std::int64_t row = 0; row < rows(); ++row) total += (positions(row).end - 1) / size.columns + 1;
        return total;
    }
};

// Adds weight(row)·tiles of the row over the rows; `make` gives each thread what counts them. `row_steps`: about what a
// row takes. A few milliseconds are left to one thread: on a busy machine a team of threads waits longer than that.
template <class Make, class Weight>
RowTiles sum_rows(Range rows, std::int64_t row_steps, const CancelFlag* cancel, Make make, Weight weight) {
    constexpr std::int64_t worth_threads = 1 << 24;
    std::int64_t active = 0, full = 0;
#pragma omp parallel reduction(+ : active, full) if (rows.size() >= worth_threads / row_steps)
    {
        auto counter = make();
#pragma omp for schedule(dynamic, 16)
        for (std::int64_t row = rows.begin; row < rows.end; ++row) {
            if (is_cancelled(cancel)) continue;
            const RowTiles tiles = counter(row);
            active += weight(row) * tiles.active;
            full += weight(row) * tiles.full;
        }
    }
    return {active, full};
}

RowTiles operator+(RowTiles a, RowTiles b) { return {a.active + b.active, a.full + b.full}; }
std::int64_t once(std::int64_t) { return 1; }

RowTiles count_band(Band band, const TileRowGrid& grid, const CancelFlag* cancel) {
    const auto row = [&grid, band](std::int64_t index) {
        return band_tile_row(band, grid.problem, grid.positions(index), grid.size.columns);
    };
    return sum_rows(
        {0, grid.rows()}, 32, cancel, [&] { return row; }, once);
}

RowTiles count_kind(const Dense&, const TileRowGrid& grid, std::int64_t, const CancelFlag* cancel) {
    return count_band({}, grid, cancel);
}

RowTiles count_kind(const Window& window, const TileRowGrid& grid, std::int64_t, const CancelFlag* cancel) {
    return count_band({-window.left, window.right}, grid, cancel);
}

RowTiles count_kind(const Dilated& dilated, const TileRowGrid& grid, std::int64_t head, const CancelFlag* cancel) {
    const auto make = [&] {
        return [&grid, rows = DilatedTileRows(dilated, grid.problem, head, grid.size)](std::int64_t row) mutable {
            return rows.row(grid.positions(row));
        };
    };
    // Rows within whole periods look like the one a period before.
    const std::int64_t period = DilatedTileRows(dilated, grid.problem, head, grid.size).period();
    const std::int64_t first_query = query_position(grid.problem, 0);
    const std::int64_t whole_end = period > 0 ? grid.problem.kv_len / period * period : 0;
    const std::int64_t periodic = std::max<std::int64_t>(0, whole_end - first_query) / grid.size.rows;
    const std::int64_t step = period > 0 ? period / grid.size.rows : 1;
    const auto alike = [&](std::int64_t row) { return (periodic - row + step - 1) / step; };
    const std::int64_t row_steps = 256 * branch_count(dilated);
    return sum_rows({0, std::min(step, periodic)}, row_steps, cancel, make, alike) +
           sum_rows({periodic, grid.rows()}, row_steps, cancel, make, once);
}

RowTiles count_kind(const Blocks& blocks, const TileRowGrid& grid, std::int64_t head, const CancelFlag* cancel) {
    const auto make = [&] {
        return [&grid, rows = BlockTileRows(blocks, grid.problem, head, grid.size)](std::int64_t row) mutable {
            return rows.row(grid.positions(row));
        };
    };
    const BlockGrid blocks_grid = block_grid(blocks, grid.problem);
    const std::int64_t row_steps = (grid.size.rows / blocks_grid.block + 1) * (blocks_grid.words() + 8) * 16;
    return sum_rows({0, grid.rows()}, row_steps, cancel, make, once);
}

// Any pattern, by the exact density of every tile; a few tile rows at a time.
RowTiles count_each(const Pattern& pattern, const TileRowGrid& grid, std::int64_t head, const CancelFlag* cancel) {
    constexpr std::int64_t most_tiles = 1 << 20;
    const Problem& problem = grid.problem;
    const auto [tile_rows, tile_columns] = grid.size;
    RowTiles total;
    // Tiles of equal height and width make a grid of pixels; ragged ones are grids of their own.
    const auto add = [&](Region region, std::int64_t rows, std::int64_t columns) {
        if (rows == 0 || columns == 0 || region.q.size() == 0 || region.k.size() == 0) return;
        std::vector<double> density(std::size_t(rows * columns));
        density_grid(pattern, problem, head, region, rows, columns, density);
        for (const double share : density) total.active += share > 0, total.full += share == 1;
    };
    const std::int64_t whole_columns = problem.kv_len / tile_columns, whole_rows = problem.seq_len / tile_rows;
    const std::int64_t keys_end = whole_columns * tile_columns, queries_end = whole_rows * tile_rows;
    const std::int64_t strip = std::max<std::int64_t>(1, most_tiles / grid.columns());
    const auto add_rows = [&](Range q, std::int64_t rows) {
        add({q, {0, keys_end}}, rows, whole_columns);
        add({q, {keys_end, problem.kv_len}}, rows, 1);
    };
    for (std::int64_t row = 0; row < whole_rows && !is_cancelled(cancel); row += strip) {
        const std::int64_t rows = std::min(strip, whole_rows - row);
        add_rows({row * tile_rows, (row + rows) * tile_rows}, rows);
    }
    add_rows({queries_end, problem.seq_len}, 1);
    return total;
}

} // namespace

Result<TileCounts> count_tiles(const Pattern& pattern, const Problem& problem, std::int64_t head, TileSize size,
                               const CancelFlag* cancel) {
    if (size.rows < 1 || size.columns < 1)
        return fail(fmt::format("tile size is {} × {}; expected at least 1 × 1", size.rows, size.columns));
    const TileRowGrid grid{problem, size};
    const RowTiles tiles =
        is_permuted(pattern)
            ? count_each(pattern, grid, head, cancel)
            : std::visit([&](const auto& kind) { return count_kind(kind, grid, head, cancel); }, pattern.kind);
    if (is_cancelled(cancel)) return fail("tile counts: cancelled");
    return TileCounts{tiles.full, tiles.active - tiles.full, grid.allowed() - tiles.active};
}

Result<TileCounts> count_tiles_all_heads(const Pattern& pattern, const Problem& problem, TileSize size,
                                         const CancelFlag* cancel) {
    std::map<int, TileCounts> class_counts;
    TileCounts total;
    for (std::int64_t head = 0; head < problem.heads; ++head) {
        const int own_class = head_class(pattern, problem, head);
        auto found = class_counts.find(own_class);
        if (found == class_counts.end())
            found = class_counts.emplace(own_class, TRY(count_tiles(pattern, problem, head, size, cancel))).first;
        total += found->second;
    }
    return total;
}

} // namespace dilascope
