#include "engine/plan/cost.h"
#include "engine/pattern/count.h"
#include <algorithm>
#include <map>

namespace dilascope {

namespace {

__extension__ using Wide = __int128; // FLOPs can pass 2^63

double element_bytes(const Problem& problem) { return double(dtype_bytes(problem.dtype)); }

// q, out and lse, moved once.
double query_bytes(const Problem& problem) {
    return double(query_elements(problem)) * (element_bytes(problem) + sizeof(float)) +
           double(lse_elements(problem)) * sizeof(float);
}

// How many heads there are of each class; they share tiles and counts.
std::map<int, std::int64_t> class_sizes(const Pattern& pattern, const Problem& problem) {
    std::map<int, std::int64_t> sizes;
    for (std::int64_t head = 0; head < problem.heads; ++head) ++sizes[head_class(pattern, problem, head)];
    return sizes;
}

std::int64_t first_head_of(const Pattern& pattern, const Problem& problem, int wanted) {
    for (std::int64_t head = 0; head < problem.heads; ++head)
        if (head_class(pattern, problem, head) == wanted) return head;
    return 0;
}

// Tiles of 128 rows without a masked pair.
PlanWork perfect_work(const Cost& cost) {
    PlanWork work;
    work.pairs = double(cost.multiplicity);
    work.gathered_keys = work.pairs / max_tile_rows;
    work.tiles = double(cost.problem.heads) * double(cost.problem.seq_len) / max_tile_rows;
    work.block_rows = 2 * work.tiles * max_tile_rows;
    work.queue_tiles = work.tiles;
    return work;
}

} // namespace

std::string Cost::flops_digits() const {
    Wide value = Wide(multiplicity) * 4 * problem.head_dim * problem.batch;
    std::string digits;
    do digits.insert(digits.begin(), char('0' + int(value % 10)));
    while ((value /= 10) != 0);
    return digits;
}

double Cost::ideal_bytes() const {
    return query_bytes(problem) + 2 * double(key_elements(problem)) * element_bytes(problem);
}

double Cost::tiled_bytes() const {
    return query_bytes(problem) + double(problem.batch) * double(tiles->active()) * double(tile_size.columns) *
                                      double(problem.head_dim) * 2 * element_bytes(problem);
}

double Cost::tile_efficiency() const {
    return double(active_pairs) / (double(tiles->active()) * double(tile_size.rows) * double(tile_size.columns));
}

double Cost::wasted_pairs() const {
    return double(tiles->active()) * double(tile_size.rows) * double(tile_size.columns) - double(active_pairs);
}

double Cost::kv_reuse() const {
    const std::int64_t key_tiles = (problem.kv_len + tile_size.columns - 1) / tile_size.columns;
    return double(tiles->active()) / (double(key_tiles) * double(problem.heads));
}

double workspace_bytes(std::int64_t head_dim) {
    // As TileWorkspace::allocate (engine/backends/cpu/tile_kernel.cpp) does it; a test holds them together.
    constexpr std::int64_t lanes = 16, panel = 64;
    const std::int64_t dim_step = ((head_dim + lanes - 1) / lanes | 1) * lanes;
    const std::int64_t tiles = std::clamp<std::int64_t>((450 << 10) / (2 * max_tile_rows * dim_step * 4), 1, 4);
    const std::int64_t rows = max_tile_rows * dim_step;
    return 4.0 * double(tiles * 2 * (rows + max_tile_rows) + rows + keys_per_block(head_dim) * (panel + 2 * dim_step));
}

double Cost::peak_bytes(int threads) const {
    return ideal_bytes() + plan_bytes + double(threads) * workspace_bytes(problem.head_dim);
}

PredictedTime predicted_time(const PlanWork& work, double multiplicity, const Problem& problem,
                             const MachineRates& rates) {
    PredictedTime time;
    if (!rates.is_measured()) return time;
    const double batch = double(problem.batch), dim = double(problem.head_dim);
    const double pair_ms = 4 * dim / rates.multiply_gflop_per_s * 1e-6 + rates.score_ns * 1e-6;
    time.needed = batch * multiplicity * pair_ms;
    time.masked = batch * (work.masked_pairs * pair_ms + work.banded_scores * rates.mask_ns * 1e-6);
    time.padding = batch * work.padding_pairs * pair_ms;
    time.overhead = batch * work.gathered_keys * 2 * dim * rates.gather_ns * 1e-6 +
                    batch * work.block_rows * dim * rates.row_ns * 1e-6 + batch * work.tiles * rates.tile_us * 1e-3 +
                    rates.call_us * 1e-3;
    const double busy = time.total();
    // The rates are of all threads; one tile has one of them, and few tiles leave threads without any.
    const double threads = double(std::max<std::int64_t>(1, rates.threads)), queue = batch * work.queue_tiles;
    const double longest = work.largest_tile * pair_ms * threads, call = rates.call_us * 1e-3;
    double least = std::max(busy, longest + call);
    if (queue > 0 && queue < 4 * threads) {
        const double rounds = double(std::int64_t((queue + threads - 1) / threads));
        least = std::max(least, (busy - call) * threads * rounds / queue + call);
    }
    Cost cost;
    cost.problem = problem;
    if (rates.memory_gb_per_s > 0) least = std::max(least, cost.ideal_bytes() / rates.memory_gb_per_s * 1e-6);
    time.waiting = least - busy;
    return time;
}

Cost pair_cost(const Pattern& pattern, const Problem& problem) {
    Cost cost;
    cost.problem = problem;
    cost.allowed_pairs = allowed_pairs(problem) * problem.heads;
    const Region all = whole_matrix(problem);
    for (const auto& [head_class, heads] : class_sizes(pattern, problem)) {
        const std::int64_t head = first_head_of(pattern, problem, head_class);
        cost.active_pairs += heads * count_pairs(pattern, problem, head, all);
        cost.multiplicity += heads * count_pairs(pattern, problem, head, all, {Count::multiplicity, 0});
    }
    return cost;
}

bool is_plan_small(const Pattern& pattern, const Problem& problem) {
    constexpr double most = 4e6;
    const double classes = double(class_sizes(pattern, problem).size());
    const double tiles = double(problem.kv_len) / max_tile_rows;
    if (const auto* blocks = std::get_if<Blocks>(&pattern.kind)) {
        const double count = double(block_grid(*blocks, problem).count); // a run for every second block at worst
        return classes * (count + tiles) * count / 2 < most;
    }
    return classes * (tiles + 1) * (branch_count(pattern) + 1) < most;
}

Result<Cost> cost_of(const Pattern& pattern, const Problem& problem, TileSize tile_size, const CancelFlag* cancel) {
    TRY(validate(pattern, problem));
    Cost cost = pair_cost(pattern, problem);
    cost.tile_size = tile_size;
    cost.tiles = TRY(count_tiles_all_heads(pattern, problem, tile_size, cancel));
    if (is_plan_small(pattern, problem)) {
        const Plan plan = TRY(make_plan(pattern, problem));
        cost.work = work_of(plan);
        cost.plan_bytes = plan_bytes(plan);
        cost.is_planned = true;
    } else {
        cost.work = perfect_work(cost);
    }
    return cost;
}

} // namespace dilascope
