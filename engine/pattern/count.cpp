#include "engine/pattern/count.h"

namespace dilascope {

static void count_row(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what, Range q,
                      std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    const Range positions{query_position(problem, q.begin), query_position(problem, q.end)};
    std::visit([&](const auto& kind) { count_row(kind, problem, head, what, positions, edges, counts); }, pattern.kind);
}

static void prepare_count(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what) {
    std::visit([&](const auto& kind) { prepare_count(kind, problem, head, what); }, pattern.kind);
}

std::int64_t count_pairs(const Pattern& pattern, const Problem& problem, std::int64_t head, const Region& region,
                         Count what) {
    const std::int64_t edges[2] = {region.k.begin, std::max(region.k.begin, region.k.end)};
    std::int64_t count = 0;
    prepare_count(pattern, problem, head, what);
    count_row(pattern, problem, head, what, region.q, edges, {&count, 1});
    return count;
}

std::vector<std::int64_t> pixel_edges(Range tokens, std::int64_t pixels) {
    std::vector<std::int64_t> edges(std::size_t(pixels) + 1);
    for (std::int64_t pixel = 0; pixel <= pixels; ++pixel)
        edges[std::size_t(pixel)] = tokens.begin + std::int64_t(__extension__ __int128(pixel) * tokens.size() / pixels);
    return edges;
}

void density_grid(const Pattern& pattern, const Problem& problem, std::int64_t head, const Region& region,
                  std::int64_t rows, std::int64_t columns, std::span<double> density, Count what) {
    const std::vector<std::int64_t> q_edges = pixel_edges(region.q, rows), k_edges = pixel_edges(region.k, columns);
    prepare_count(pattern, problem, head, what);
    const bool worth_threads = rows * columns > 128 * 128;
#pragma omp parallel if (worth_threads)
    {
        std::vector<std::int64_t> counts(std::size_t(columns), 0);
#pragma omp for schedule(dynamic, 16)
        for (std::int64_t row = 0; row < rows; ++row) {
            const Range q{q_edges[std::size_t(row)], q_edges[std::size_t(row) + 1]};
            std::fill(counts.begin(), counts.end(), 0);
            count_row(pattern, problem, head, what, q, k_edges, counts);
            for (std::size_t column = 0; column < counts.size(); ++column) {
                const std::int64_t cells = q.size() * (k_edges[column + 1] - k_edges[column]);
                density[std::size_t(row * columns) + column] = cells > 0 ? double(counts[column]) / double(cells) : 0.0;
            }
        }
    }
}

} // namespace dilascope
