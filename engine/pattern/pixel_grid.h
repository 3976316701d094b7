#pragma once
// PixelGrid: the pixels of a picture, rectangles between edges of query positions and edges of keys; counted row by
// row.
#include "engine/pattern/pairs.h"
#include <functional>
#include <span>
#include <vector>

namespace dilascope {

struct PixelGrid {
    std::span<const std::int64_t> rows, columns; // edges, ascending: query positions and keys; one more than pixels
    std::int64_t row_count() const { return std::int64_t(rows.size()) - 1; }
    std::int64_t column_count() const { return std::int64_t(columns.size()) - 1; }
    Range row(std::int64_t index) const { return {rows[std::size_t(index)], rows[std::size_t(index) + 1]}; }
    Range column(std::int64_t index) const { return {columns[std::size_t(index)], columns[std::size_t(index) + 1]}; }
    // Small pictures take less time than starting threads.
    bool is_worth_threads() const { return row_count() * column_count() > 128 * 128; }
};

// Told the exact counts of a finished row of pixels; called once for each row, by any thread.
using RowDone = std::function<void(std::int64_t row, std::span<const std::int64_t> counts)>;

// Threads share the rows, neighbours mostly with one thread. make() gives each thread its own counter, called as
// counter(positions, counts): adds the row of rectangles positions × columns to counts, which are 0.
template <class Make> void count_row_by_row(const PixelGrid& picture, Make make, const RowDone& done) {
#pragma omp parallel if (picture.is_worth_threads())
    {
        auto counter = make();
        std::vector<std::int64_t> counts(std::size_t(picture.column_count()));
#pragma omp for schedule(dynamic, 16)
        for (std::int64_t row = 0; row < picture.row_count(); ++row) {
            std::fill(counts.begin(), counts.end(), 0);
            counter(picture.row(row), std::span<std::int64_t>(counts));
            done(row, counts);
        }
    }
}

} // namespace dilascope
