#include "engine/analysis/coverage.h"
#include "engine/weights.h"
#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

namespace dilascope {
namespace {

std::int64_t allowed_keys(const Problem& p, std::int64_t query) { return p.causal ? query + 1 : p.kv_len; }

// One query's walk: what it reaches by the layers of the stack, and when it is complete.
struct RowReach {
    std::vector<std::int64_t> reached; // [l]
    FullCoverage full = FullCoverage::unknown;
    std::int64_t layers_to_full = 0;
};

bool walk_row(const Stack& stack, std::int64_t query, std::int64_t most_layers, const CancelFlag* cancel,
              RowReach& row) {
    ReachWalk walk(stack, query);
    const std::int64_t allowed = allowed_keys(stack.problem(), query);
    std::int64_t reached = 1;
    row.reached.assign(std::size_t(stack.layer_count()) + 1, 0);
    for (std::int64_t layer = 0;; ++layer) {
        if (layer <= stack.layer_count()) row.reached[std::size_t(layer)] = reached;
        if (row.full == FullCoverage::unknown && reached == allowed)
            row.full = FullCoverage::reached, row.layers_to_full = layer;
        if (row.full == FullCoverage::unknown && walk.is_final()) row.full = FullCoverage::never;
        if (row.full != FullCoverage::unknown || layer >= std::max<std::int64_t>(most_layers, stack.layer_count())) {
            for (std::int64_t rest = layer + 1; rest <= stack.layer_count(); ++rest)
                row.reached[std::size_t(rest)] = reached;
            return true;
        }
        if (!walk.advance(cancel)) return false;
        reached = walk.reached().count();
    }
}

// `count` of the tokens, ascending: every one, or drawn without replacement (Floyd's algorithm).
std::vector<std::int64_t> draw(std::int64_t tokens, std::int64_t count, std::uint64_t seed) {
    std::vector<std::int64_t> drawn;
    if (count >= tokens) {
        drawn.resize(std::size_t(tokens));
        std::iota(drawn.begin(), drawn.end(), 0);
        return drawn;
    }
    std::mt19937_64 random(seed);
    for (std::int64_t last = tokens - count; last < tokens; ++last) {
        const auto token = std::int64_t(random() % std::uint64_t(last + 1));
        const auto place = std::ranges::lower_bound(drawn, token);
        if (place != drawn.end() && *place == token)
            drawn.push_back(last); // the greatest so far
        else
            drawn.insert(place, token);
    }
    return drawn;
}

// The 95 % half-width of Σ reached / Σ allowed over sampled rows: the ratio estimator's standard error, with the finite
// population's correction.
double half_width(const std::vector<RowReach>& walked, std::span<const std::int64_t> queries, const Problem& p,
                  std::size_t layer, double share) {
    const auto n = double(queries.size());
    if (queries.size() < 2) return 1.0;
    double squares = 0;
    for (std::size_t row = 0; row < queries.size(); ++row) {
        const double residual = double(walked[row].reached[layer]) - share * double(allowed_keys(p, queries[row]));
        squares += residual * residual;
    }
    const double mean_allowed = double(allowed_pairs(p)) / double(p.seq_len);
    const double variance = (1 - n / double(p.seq_len)) * squares / (n - 1) / n;
    return 1.96 * std::sqrt(variance) / mean_allowed;
}

void summarise(const std::vector<RowReach>& walked, std::span<const std::int64_t> queries, const Stack& stack,
               Coverage& result) {
    const Problem& p = stack.problem();
    std::int64_t allowed = 0;
    for (std::int64_t query : queries) allowed += allowed_keys(p, query);
    for (std::size_t layer = 0; layer <= std::size_t(stack.layer_count()); ++layer) {
        std::int64_t reached = 0;
        for (const RowReach& row : walked) reached += row.reached[layer];
        const double share = double(reached) / double(allowed);
        const double width = result.is_exact ? 0.0 : half_width(walked, queries, p, layer, share);
        result.reached_pairs.push_back(reached);
        result.share.push_back(share);
        result.low.push_back(std::max(0.0, share - width));
        result.high.push_back(std::min(1.0, share + width));
    }
    result.full = FullCoverage::reached;
    for (const RowReach& row : walked) {
        if (row.full == FullCoverage::never) result.full = FullCoverage::never;
        if (row.full == FullCoverage::unknown && result.full == FullCoverage::reached) result.full = row.full;
        result.layers_to_full = std::max(result.layers_to_full, row.layers_to_full);
    }
    if (result.full != FullCoverage::reached) result.layers_to_full = 0;
}

// Depths of one query's keys, reduced into a row of pixels.
bool add_depths(const Stack& stack, std::int64_t query, std::span<const std::int64_t> edges, const CancelFlag* cancel,
                DepthPixel* pixels) {
    ReachWalk walk(stack, query);
    const std::size_t columns = edges.size() - 1;
    const std::int64_t allowed_end = allowed_keys(stack.problem(), query);
    std::vector<std::int64_t> before(columns, 0), allowed(columns);
    for (std::size_t column = 0; column < columns; ++column)
        allowed[column] = Range{edges[column], std::min(edges[column + 1], allowed_end)}.size();
    const auto reach = [&](std::size_t column, std::int32_t depth) {
        DepthPixel& pixel = pixels[column];
        pixel.min = pixel.min < 0 ? depth : std::min(pixel.min, depth);
        pixel.max = std::max(pixel.max, depth);
    };
    for (std::int32_t layer = 0; layer <= stack.layer_count(); ++layer) {
        if (layer > 0 && walk.is_final()) break;
        if (layer > 0 && !walk.advance(cancel)) return false;
        for (std::size_t column = 0; column < columns; ++column) {
            if (before[column] == allowed[column]) continue;
            const std::int64_t reached = walk.reached().count_in({edges[column], edges[column + 1]});
            if (reached > before[column]) reach(column, layer);
            before[column] = reached;
        }
    }
    for (std::size_t column = 0; column < columns; ++column)
        if (before[column] < allowed[column]) reach(column, DepthPixel::never);
    return true;
}

} // namespace

Result<Coverage> coverage(const Stack& stack, const CoverageLimits& limits, const CancelFlag* cancel) {
    Coverage result;
    result.is_exact = stack.tokens() <= std::max(limits.exact_tokens, limits.sampled_rows);
    const std::vector<std::int64_t> queries =
        draw(stack.tokens(), result.is_exact ? stack.tokens() : limits.sampled_rows, limits.seed);
    result.rows = std::int64_t(queries.size());
    Stack tabulated = stack;
    if (result.is_exact) TRY(tabulated.tabulate(cancel));
    std::vector<RowReach> walked(queries.size());
    bool cancelled = false;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::size_t row = 0; row < queries.size(); ++row)
        if (!walk_row(tabulated, queries[row], limits.most_layers, cancel, walked[row])) {
#pragma omp atomic write
            cancelled = true;
        }
    if (cancelled) return fail("coverage: cancelled");
    summarise(walked, queries, stack, result);
    return result;
}

Result<std::vector<DepthPixel>> depth_map(const Stack& stack, const Region& region, std::int64_t rows,
                                          std::int64_t columns, std::int64_t queries_per_pixel,
                                          const CancelFlag* cancel) {
    const std::vector<std::int64_t> row_edges = pixel_edges(region.q, rows),
                                    column_edges = pixel_edges(region.k, columns);
    std::vector<DepthPixel> pixels(std::size_t(rows * columns));
    bool cancelled = false;
#pragma omp parallel for schedule(dynamic, 1)
    for (std::int64_t row = 0; row < rows; ++row)
        for (std::int64_t query :
             shown_queries({row_edges[std::size_t(row)], row_edges[std::size_t(row) + 1]}, queries_per_pixel))
            if (!add_depths(stack, query, column_edges, cancel, pixels.data() + row * columns)) {
#pragma omp atomic write
                cancelled = true;
                break;
            }
    if (cancelled) return fail("depth map: cancelled");
    return pixels;
}

} // namespace dilascope
