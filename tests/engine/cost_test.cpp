// Costs against sums over every pair and every tile, and the time model's own laws.
#include "engine/backends/cpu/tile_kernel.h"
#include "engine/pattern/pattern_text.h"
#include "engine/plan/cost.h"
#include "tests/catch.h"
#include "tests/engine/random_pattern.h"

using namespace dilascope;

namespace {

MachineRates some_rates() {
    MachineRates rates;
    rates.cpu = "test", rates.threads = 2;
    rates.peak_gflop_per_s = 500, rates.memory_gb_per_s = 50, rates.multiply_gflop_per_s = 400;
    rates.score_ns = 0.05, rates.gather_ns = 0.1, rates.tile_us = 2, rates.row_ns = 0.02, rates.mask_ns = 0.01,
    rates.call_us = 5, rates.spread = 0.1;
    return rates;
}

PredictedTime time_of(const Pattern& pattern, const Problem& problem, const MachineRates& rates) {
    const Plan plan = make_plan(pattern, problem).value();
    return predicted_time(work_of(plan), double(plan.multiplicity), problem, rates);
}

} // namespace

TEST_CASE("a cost's pairs, bytes and tiles are sums over every pair and tile", "[cost]") {
    std::mt19937_64 random(51);
    for (int trial = 0; trial < 40; ++trial) {
        Problem problem = random_problem(random, {1, 17, 64, 127});
        problem.head_dim = pick(random, 1, 80);
        const Pattern pattern = random_pattern(random, problem.kv_len, problem.heads);
        if (!validate(pattern, problem)) continue;
        INFO(to_text(pattern) << " N " << problem.seq_len << " M " << problem.kv_len);
        const TileSize size{16, 32};
        const Cost cost = cost_of(pattern, problem, size).value();
        std::int64_t active = 0, multiple = 0, allowed = 0, active_tiles = 0, key_tile_reads = 0;
        for (std::int64_t head = 0; head < problem.heads; ++head) {
            for (std::int64_t q = 0; q < problem.seq_len; ++q)
                for (std::int64_t k = 0; k < problem.kv_len; ++k) {
                    active += branches(pattern, problem, head, q, k) != 0;
                    multiple += multiplicity(pattern, problem, head, q, k);
                    allowed += !problem.causal || k <= query_position(problem, q);
                }
            for (std::int64_t row = 0; row < problem.seq_len; row += size.rows)
                for (std::int64_t column = 0; column < problem.kv_len; column += size.columns) {
                    bool is_active = false;
                    for (std::int64_t q = row; q < std::min(row + size.rows, problem.seq_len); ++q)
                        for (std::int64_t k = column; k < std::min(column + size.columns, problem.kv_len); ++k)
                            is_active = is_active || branches(pattern, problem, head, q, k) != 0;
                    active_tiles += is_active;
                    key_tile_reads += is_active;
                }
        }
        CHECK(cost.active_pairs == active);
        CHECK(cost.multiplicity == multiple);
        CHECK(cost.allowed_pairs == allowed);
        CHECK(cost.tiles->active() == active_tiles);
        const double dim = double(problem.head_dim), batch = double(problem.batch);
        CHECK(cost.flops() == 4 * dim * batch * double(multiple));
        CHECK(std::stod(cost.flops_digits()) == Approx(cost.flops()));
        const double q_bytes = batch * double(problem.seq_len * problem.heads) * (8 * dim + 4); // q, out, lse
        CHECK(cost.ideal_bytes() == q_bytes + 8 * batch * double(problem.kv_len * problem.kv_heads) * dim);
        CHECK(cost.tiled_bytes() == q_bytes + 8 * batch * double(active_tiles * size.columns) * dim);
        const std::int64_t key_tiles = (problem.kv_len + size.columns - 1) / size.columns * problem.heads;
        CHECK(cost.kv_reuse() == Approx(double(key_tile_reads) / double(key_tiles)));
        if (active == 0) continue;
        CHECK(cost.tile_efficiency() <= 1);
        CHECK(cost.wasted_pairs() == double(active_tiles * size.rows * size.columns - active));
        CHECK(cost.tile_speedup() <= cost.ideal_speedup() * 16 * 32);
        CHECK(cost.is_planned);
        CHECK(cost.work.pairs >= double(multiple));
    }
}

TEST_CASE("FLOPs are exact where no integer of 64 bits holds them", "[cost]") {
    Cost cost;
    cost.problem = self_attention(1024, 1, 128);
    cost.problem.batch = 3;
    cost.multiplicity = (std::int64_t{1} << 62) + 1;
    CHECK(cost.flops_digits() == "7083549724304467822080"); // (2^62 + 1) · 4 · 128 · 3
    cost.multiplicity = 0;
    CHECK(cost.flops_digits() == "0");
}

TEST_CASE("plan work: what is padded, masked and copied", "[cost]") {
    // 64 queries × 64 keys, all of them: nothing is wasted.
    const Plan dense = make_plan({Dense{}}, self_attention(64, 2, 8)).value();
    const PlanWork all = work_of(dense);
    CHECK(all.pairs == 2 * 64 * 64);
    CHECK(all.masked_pairs == 0);
    CHECK(all.padding_pairs == 0);
    CHECK(all.gathered_keys == 2 * 64);
    CHECK(all.tiles == 2);
    // 9 rows fill one vector of 16.
    const PlanWork padded = work_of(make_plan({Dense{}}, self_attention(9, 1, 8)).value());
    CHECK(padded.pairs == 16 * 9);
    CHECK(padded.padding_pairs == 7 * 9);
    // A causal tile holds pairs that the band masks, but never more than the tile.
    const PlanWork causal = work_of(make_plan({Dense{}}, self_attention(128, 1, 8, true)).value());
    CHECK(causal.masked_pairs > 0);
    CHECK(causal.pairs <= 128 * 128);
    // Repeats are counted as if they were walked.
    const Pattern segments = parse_pattern("longnet segments=64 rates=1").value();
    CHECK(work_of(make_plan(segments, self_attention(640, 1, 8)).value()).pairs == 10 * 64 * 64);
}

TEST_CASE("predicted time: parts add up, nothing is free, idle threads cost", "[cost]") {
    const MachineRates rates = some_rates();
    const Problem problem = self_attention(4096, 4, 64);
    const PredictedTime dense = time_of({Dense{}}, problem, rates);
    // 4·D·N² of 4 heads at 400 GFLOP/s, and the softmax of as many scores.
    const double pairs = 4.0 * 4096 * 4096;
    CHECK(dense.needed == Approx(pairs * (256 / 400.0 * 1e-6 + 0.05e-6)));
    CHECK(dense.masked == 0);
    CHECK(dense.total() == Approx(dense.needed + dense.overhead + dense.waiting));
    const PredictedTime window = time_of({Window{64, 64}}, problem, rates);
    CHECK(window.total() < dense.total() / 10);
    CHECK(window.masked > 0);
    const PredictedTime causal = time_of({Dense{}}, self_attention(4096, 4, 64, true), rates);
    CHECK(causal.total() > dense.total() * 0.5);
    CHECK(causal.total() < dense.total() * 0.6);
    // One tile keeps one of two threads busy.
    const PredictedTime single = time_of({Dense{}}, self_attention(128, 1, 64), rates);
    CHECK(single.waiting == Approx(single.needed + single.overhead - rates.call_us * 1e-3));
    CHECK(time_of({Dense{}}, problem, MachineRates{}).total() == 0); // not measured: no prediction
}

TEST_CASE("peak memory: the workspace is what the kernel allocates", "[cost]") {
    for (const std::int64_t dim : {1, 16, 17, 32, 64, 80, 128, 200, 256}) {
        const TileWorkspace work = TileWorkspace::allocate(dim).value();
        CHECK(workspace_bytes(dim) == double(work.memory.size()) * 4);
    }
    const Problem problem = self_attention(1024, 2, 64);
    const Cost cost = cost_of({Dense{}}, problem, {}).value();
    CHECK(cost.peak_bytes(2) - cost.peak_bytes(1) == workspace_bytes(64));
    CHECK(cost.peak_bytes(1) > cost.ideal_bytes() + workspace_bytes(64));
}

TEST_CASE("a plan too large for a what-if is not made, and the work said to be a perfect plan's", "[cost]") {
    const Pattern pattern = parse_pattern("random block=64 density=0.1").value();
    const Problem problem = self_attention(1 << 20, 1, 64);
    CHECK_FALSE(is_plan_small(pattern, problem));
    const Pattern longnet = parse_pattern("longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12").value();
    CHECK(is_plan_small(longnet, self_attention(1 << 20, 12, 64)));
    CHECK_FALSE(is_plan_small(longnet, self_attention(1 << 28, 12, 64)));
}
