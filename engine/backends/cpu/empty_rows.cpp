#include "engine/backends/cpu/empty_rows.h"
#include <bit>
#include <hwy/cache_control.h>

namespace dilascope {

namespace {

constexpr std::int64_t word_bits = 64;
using Words = std::vector<std::uint64_t>; // a bit for each row

// Tiles of a pass have no row in common. Those of a permuted plan may begin before the first query.
bool has_each_row_a_tile(const Plan& plan, std::span<const WorkItem> items) {
    std::int64_t rows = 0;
    for (const WorkItem& item : items) rows += plan.tiles[std::size_t(item.tile)].row_count;
    return !plan.order.is_permuted() && rows == plan.problem.seq_len * plan.problem.heads;
}

// The rows of one batch element, (N,H); no words where none is empty.
Words empty_rows(const Plan& plan, std::span<const WorkItem> items) {
    if (has_each_row_a_tile(plan, items)) return {};
    const Problem& problem = plan.problem;
    const std::int64_t first_query = problem.kv_len - problem.seq_len, rows = problem.seq_len * problem.heads;
    Words empty(std::size_t((rows + word_bits - 1) / word_bits), ~std::uint64_t(0));
    if (rows % word_bits != 0) empty.back() >>= word_bits - rows % word_bits;
    std::array<std::int64_t, max_tile_rows> positions;
    for (const WorkItem& item : items) {
        const int count = tile_rows(plan, item, positions.data());
        for (int index = 0; index < count; ++index) {
            const std::int64_t row = (positions[std::size_t(index)] - first_query) * problem.heads + item.head;
            empty[std::size_t(row / word_bits)] &= ~(std::uint64_t(1) << row % word_bits);
        }
    }
    return empty;
}

} // namespace

// (Rates 4 and 16 1.01 and 1.03 times as fast as clearing every row through the caches; a row beside each micro-tile
// instead: the products wait for the stores.)
void clear_empty_rows(const AttentionCall& call, const ForwardWork& work, const TileKernel& kernel) {
    const Words empty = empty_rows(*call.plan, work.items);
    const std::int64_t rows = call.problem->seq_len * call.problem->heads, head_dim = call.problem->head_dim;
    const auto words = std::int64_t(empty.size());
#pragma omp parallel
    {
#pragma omp for schedule(static) nowait
        for (std::int64_t index = 0; index < call.problem->batch * words; ++index) {
            float* first = call.out + (index / words * rows + index % words * word_bits) * head_dim;
            for (std::uint64_t left = empty[std::size_t(index % words)]; left != 0;) {
                const int begin = std::countr_zero(left), count = std::countr_one(left >> begin);
                kernel.clear(first + begin * head_dim, count * head_dim);
                left &= begin + count < word_bits ? ~std::uint64_t(0) << (begin + count) : 0;
            }
        }
        hwy::FlushStream();
    }
}

} // namespace dilascope
