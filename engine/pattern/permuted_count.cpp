#include "engine/pattern/permuted_count.h"
#include "engine/order/order_tables.h"
#include "engine/pattern/pixel_products.h"
#include <atomic>
#include <limits>
#include <omp.h>

namespace dilascope {

namespace {

constexpr std::size_t most_held = 1 << 20; // numbers in a thread's histograms; then the threads multiply

constexpr std::int64_t most_kept_tokens = 1 << 22;

// Kept by the thread from picture to picture, unless the sequence is long: fresh pages cost as much as the counting.
struct Scratch {
    RankPixels rows, columns;
    std::vector<PixelProducts> of_thread; // each counting thread's
    std::vector<std::uint32_t> narrow;    // the picture's counts where they fit,
    std::vector<std::uint64_t> wide;      // or else here
};

struct Sides {
    const RankPixels &rows, &columns;
    bool is_causal;
};

template <class Sum>
void count_products(const Products& products, const Sides& sides, const PixelGrid& picture, std::vector<Sum>& sums,
                    std::vector<PixelProducts>& of_thread, const RowDone& done) {
    const auto columns = std::size_t(picture.column_count());
    sums.resize(std::size_t(picture.row_count()) * columns);
    const auto row_sums = [&](std::int64_t row) {
        return std::span(sums).subspan(std::size_t(row) * columns, columns);
    };
    std::atomic<std::int64_t> next_group = 0;
#pragma omp parallel if (picture.is_worth_threads() || products.rank_count() > few_tokens)
    {
        const int threads = omp_get_num_threads(), thread = omp_get_thread_num();
#pragma omp single
        of_thread.resize(std::size_t(threads));
#pragma omp for schedule(static)
        for (std::int64_t row = 0; row < picture.row_count(); ++row) std::ranges::fill(row_sums(row), 0);
        PixelProducts& own = of_thread[std::size_t(thread)];
        own.start(sides.rows, sides.columns, sides.is_causal);
        std::vector<Product> list;
        for (bool is_over = false; !is_over;) {
            while (own.size() < most_held) {
                const std::int64_t group = next_group++;
                if (group >= products.group_count()) break;
                if (!sides.rows.may_hold(products.rows(group))) continue;
                products.list(group, list);
                for (const Product& product : list) own.add(product);
            }
#pragma omp barrier
            is_over = next_group >= products.group_count(); // until the next barrier the same for all
            for (const PixelProducts& part : of_thread) part.multiply(std::span(sums), thread, threads);
#pragma omp barrier
            own.clear();
        }
        std::vector<std::int64_t> counts(columns);
#pragma omp for schedule(static)
        for (std::int64_t row = 0; row < picture.row_count(); ++row) {
            std::ranges::copy(row_sums(row), counts.begin());
            done(row, counts);
        }
    }
}

// Tokens of the widest pixel.
std::int64_t most_tokens(std::span<const std::int64_t> edges) {
    std::int64_t most = 0;
    for (std::size_t pixel = 0; pixel + 1 < edges.size(); ++pixel)
        most = std::max(most, edges[pixel + 1] - edges[pixel]);
    return most;
}

} // namespace

void count_permuted(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what,
                    const PixelGrid& picture, const RowDone& done) {
    thread_local Scratch scratch;
    Problem ranks = problem;
    ranks.seq_len = ranks.kv_len, ranks.causal = false;
    const OrderTable token_of_rank = shared_tokens_by_rank(pattern.order, problem.kv_len);
    const bool is_square = std::ranges::equal(picture.rows, picture.columns);
    scratch.rows.start(picture.rows, *token_of_rank);
    if (!is_square) scratch.columns.start(picture.columns, *token_of_rank);
    const Sides sides{scratch.rows, is_square ? scratch.rows : scratch.columns, problem.causal};
    const Products products(pattern.kind, ranks, head, what);
    // A pair may count once for each branch.
    const double most_pairs = double(most_tokens(picture.rows)) * double(most_tokens(picture.columns)) * max_branches;
    if (most_pairs < std::numeric_limits<std::uint32_t>::max())
        count_products(products, sides, picture, scratch.narrow, scratch.of_thread, done);
    else
        count_products(products, sides, picture, scratch.wide, scratch.of_thread, done);
    if (problem.kv_len > most_kept_tokens) scratch = {};
}

} // namespace dilascope
