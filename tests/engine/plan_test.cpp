// A plan covers exactly the pairs of the predicate, each as often as its branches say.
#include "engine/pattern/count.h"
#include "engine/pattern/pattern_text.h"
#include "engine/plan/plan.h"
#include "tests/catch.h"
#include "tests/engine/random_pattern.h"
#include <map>

using namespace dilascope;

// counts[pass][(head·N + q)·M + k] from the plan's tiles and runs.
static std::vector<std::vector<int>> pairs_of(const Plan& plan) {
    const Problem& p = plan.problem;
    std::vector<std::vector<int>> counts(std::size_t(plan.pass_count),
                                         std::vector<int>(std::size_t(p.heads * p.seq_len * p.kv_len), 0));
    for (int pass = 0; pass < plan.pass_count; ++pass)
        for (const WorkItem& item : work_items(plan, pass)) {
            const QueryTile& tile = plan.tiles[std::size_t(item.tile)];
            const TileList& list = plan.lists[std::size_t(item.list)];
            std::vector<std::int64_t> rows(std::size_t(tile.row_count));
            rows.resize(std::size_t(tile_rows(plan, item, rows.data())));
            REQUIRE(std::ranges::is_sorted(rows));
            for (std::int64_t index = tile.runs_begin; index < tile.runs_begin + tile.run_count; ++index) {
                const KeyRun& run = plan.runs[std::size_t(index)];
                for (std::int64_t row : rows)
                    for (std::int32_t step = 0; step < run.count; ++step) {
                        const std::int64_t place = run.key(step) + item.repeat * list.key_shift;
                        const std::int32_t* tokens = permuted_tokens(plan);
                        const std::int64_t key = tokens ? tokens[place] : place;
                        if (tokens && p.causal && key > row) continue;
                        const std::int64_t q = row - (p.kv_len - p.seq_len);
                        REQUIRE_EACH((key >= 0 && key < p.kv_len && q >= 0 && q < p.seq_len));
                        REQUIRE_EACH((!tokens || run.band.is_full())); // bands of ranks would not hold for tokens
                        if (tokens || run.band.contains(key - row))
                            ++counts[std::size_t(pass)][std::size_t((item.head * p.seq_len + q) * p.kv_len + key)];
                    }
            }
        }
    return counts;
}

TEST_CASE("plans hold exactly the predicate's pairs", "[plan]") {
    std::mt19937_64 random(5);
    for (int trial = 0; trial < 150; ++trial) {
        Problem problem = random_problem(random, {1, 2, 3, 17, 63, 130, 200});
        problem.heads = std::min<std::int64_t>(problem.heads, 5), problem.kv_heads = 1;
        Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind)) dilated->mix = MixMode(pick(random, 0, 4));
        if (!validate(pattern, problem)) continue;
        INFO(to_text(pattern) << " N " << problem.seq_len << " M " << problem.kv_len << " H " << problem.heads
                              << " causal " << problem.causal);
        const Plan plan = make_plan(pattern, problem).value();
        const auto counts = pairs_of(plan);
        std::int64_t total = 0;
        bool same = true;
        for (std::int64_t head = 0; head < problem.heads; ++head)
            for (std::int64_t q = 0; q < problem.seq_len; ++q)
                for (std::int64_t k = 0; k < problem.kv_len; ++k) {
                    const std::size_t at = std::size_t((head * problem.seq_len + q) * problem.kv_len + k);
                    const int times = multiplicity(pattern, problem, head, q, k);
                    total += times;
                    if (plan.pass_count == 1 && is_joint_softmax(plan.mix)) {
                        same &= counts[0][at] == times;
                    } else {
                        const BranchSet set = branches(pattern, problem, head, q, k);
                        for (int pass = 0; pass < plan.pass_count; ++pass)
                            same &= counts[std::size_t(pass)][at] == int(set >> pass & 1);
                    }
                }
        REQUIRE(same);
        CHECK(plan.multiplicity == total);
        CHECK(plan.tile_pairs >= total);
    }
}

TEST_CASE("a periodic pattern keeps one period whatever the length", "[plan]") {
    const Pattern pattern = parse_pattern("longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12").value();
    const Plan shorter = make_plan(pattern, self_attention(1 << 16, 12, 64)).value();
    const Plan longer = make_plan(pattern, self_attention(1 << 20, 12, 64)).value();
    CHECK(shorter.tiles.size() == longer.tiles.size());
    CHECK(longer.multiplicity == 16 * shorter.multiplicity);
    const Plan dense = make_plan({Dense{}}, self_attention(1 << 20, 1, 64)).value();
    CHECK(dense.tiles.size() <= 2);
    CHECK(dense.multiplicity == std::int64_t{1} << 40);
}

TEST_CASE("a plan's multiplicity equals the closed form at a million tokens", "[plan]") {
    const Pattern pattern = parse_pattern("longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12").value();
    const Problem problem = self_attention((1 << 20) - 77, 12, 64, true);
    const Plan plan = make_plan(pattern, problem).value();
    std::int64_t counted = 0;
    for (std::int64_t head = 0; head < 12; ++head)
        counted += count_pairs(pattern, problem, head, whole_matrix(problem), {Count::multiplicity, 0});
    CHECK(plan.multiplicity == counted);
}
