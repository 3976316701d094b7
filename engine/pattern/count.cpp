#include "engine/pattern/count.h"
#include "engine/pattern/permuted_count.h"

namespace dilascope {

static void count_row(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what, Range q,
                      std::span<const std::int64_t> edges, std::span<std::int64_t> counts) {
    const Range positions{query_position(problem, q.begin), query_position(problem, q.end)};
    std::visit([&](const auto& kind) { count_row(kind, problem, head, what, positions, edges, counts); }, pattern.kind);
}

static void prepare_count(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what) {
    std::visit([&](const auto& kind) { prepare_count(kind, problem, head, what); }, pattern.kind);
}

// A curve only permutes a whole matrix: without causality it has as many pairs as its ranks.
static bool counts_as_ranks(const Problem& problem, const Region& region) {
    return !problem.causal && problem.seq_len == problem.kv_len && region == whole_matrix(problem);
}

std::int64_t count_pairs(const Pattern& pattern, const Problem& problem, std::int64_t head, const Region& region,
                         Count what) {
    const std::int64_t edges[2] = {region.k.begin, std::max(region.k.begin, region.k.end)};
    std::int64_t count = 0;
    if (region.q.size() == 0 || region.k.size() == 0) return 0;
    if (is_permuted(pattern) && !counts_as_ranks(problem, region)) {
        const std::int64_t q_edges[2] = {query_position(problem, region.q.begin),
                                         query_position(problem, region.q.end)};
        count_permuted(pattern, problem, head, what, q_edges, edges, {&count, 1});
        return count;
    }
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
    const auto share = [&](std::int64_t count, std::int64_t row, std::int64_t column) {
        const std::int64_t cells = (q_edges[std::size_t(row) + 1] - q_edges[std::size_t(row)]) *
                                   (k_edges[std::size_t(column) + 1] - k_edges[std::size_t(column)]);
        return cells > 0 ? double(count) / double(cells) : 0.0;
    };
    if (is_permuted(pattern)) {
        std::vector<std::int64_t> counts(std::size_t(rows * columns), 0);
        std::vector<std::int64_t> positions;
        for (std::int64_t edge : q_edges) positions.push_back(query_position(problem, edge));
        count_permuted(pattern, problem, head, what, positions, k_edges, counts);
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t column = 0; column < columns; ++column)
                density[std::size_t(row * columns + column)] =
                    share(counts[std::size_t(row * columns + column)], row, column);
        return;
    }
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
            for (std::int64_t column = 0; column < columns; ++column)
                density[std::size_t(row * columns + column)] = share(counts[std::size_t(column)], row, column);
        }
    }
}

} // namespace dilascope
