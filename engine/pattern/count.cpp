#include "engine/pattern/count.h"
#include "engine/pattern/permuted_count.h"
#include "engine/vector_clones.h"
#include <bit>

namespace dilascope {

namespace {

void count_picture(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what,
                   const PixelGrid& picture, const RowDone& done) {
    if (is_permuted(pattern)) return count_permuted(pattern, problem, head, what, picture, done);
    std::visit([&](const auto& kind) { count_picture(kind, problem, head, what, picture, done); }, pattern.kind);
}

// A curve only permutes a whole matrix: without causality it has as many pairs as its ranks.
bool counts_as_ranks(const Problem& problem, const Region& region) {
    return !problem.causal && problem.seq_len == problem.kv_len && region == whole_matrix(problem);
}

// double(count) in operations that every vector unit has: the upper half and the lower as mantissas of 2^84 and 2^52,
// added with one rounding. 0 ≤ count.
double exact_double(std::int64_t count) {
    const auto upper = std::bit_cast<double>(std::uint64_t(count) >> 32 | 0x4530000000000000);
    const auto lower = std::bit_cast<double>((std::uint64_t(count) & 0xffffffff) | 0x4330000000000000);
    return upper - 0x1.00000001p84 + lower;
}

// density[i] = counts[i] / (height · widths[i])
VECTOR_CLONES void divide(const std::int64_t* counts, double height, const double* widths, double* density,
                          std::size_t size) {
    for (std::size_t index = 0; index < size; ++index)
        density[index] = exact_double(counts[index]) / (height * widths[index]);
}

} // namespace

std::int64_t count_pairs(const Pattern& pattern, const Problem& problem, std::int64_t head, const Region& region,
                         Count what) {
    if (region.q.size() == 0 || region.k.size() == 0) return 0;
    const std::int64_t rows[2] = {query_position(problem, region.q.begin), query_position(problem, region.q.end)};
    const std::int64_t columns[2] = {region.k.begin, region.k.end};
    Pattern counted = pattern;
    if (counts_as_ranks(problem, region)) counted.order = {};
    std::int64_t count = 0;
    count_picture(counted, problem, head, what, {rows, columns},
                  [&](std::int64_t, std::span<const std::int64_t> counts) { count = counts[0]; });
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
    std::vector<std::int64_t> q_edges = pixel_edges(region.q, rows);
    const std::vector<std::int64_t> k_edges = pixel_edges(region.k, columns);
    for (std::int64_t& edge : q_edges) edge = query_position(problem, edge);
    const PixelGrid picture{q_edges, k_edges};
    std::vector<double> widths; // of empty pixels 1: their count is 0
    for (std::int64_t column = 0; column < columns; ++column)
        widths.push_back(double(std::max<std::int64_t>(1, picture.column(column).size())));
    count_picture(pattern, problem, head, what, picture, [&](std::int64_t row, std::span<const std::int64_t> counts) {
        const auto height = double(std::max<std::int64_t>(1, picture.row(row).size()));
        divide(counts.data(), height, widths.data(), density.data() + row * columns, counts.size());
    });
}

} // namespace dilascope
