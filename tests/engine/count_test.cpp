// Closed-form counts against the predicate, asked for every pair.
#include "engine/pattern/count.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/random_pattern.h"
#include <chrono>

using namespace dilascope;

static std::int64_t brute_force(const Pattern& pattern, const Problem& problem, std::int64_t head, const Region& region,
                                Count what) {
    std::int64_t count = 0;
    for (std::int64_t q = region.q.begin; q < region.q.end; ++q)
        for (std::int64_t k = region.k.begin; k < region.k.end; ++k) {
            const BranchSet set = branches(pattern, problem, head, q, k);
            if (what.what == Count::active_pairs) count += set != 0;
            if (what.what == Count::multiplicity) count += multiplicity(pattern, problem, head, q, k);
            if (what.what == Count::branch_pairs) count += int(set >> what.branch & 1);
        }
    return count;
}

static Range random_range(std::mt19937_64& random, std::int64_t length) {
    const std::int64_t a = pick(random, 0, length), b = pick(random, 0, length);
    return {std::min(a, b), std::max(a, b)};
}

TEST_CASE("pairs_at_or_below equals counting", "[count]") {
    std::mt19937_64 random(1);
    for (int trial = 0; trial < 2000; ++trial) {
        const Range rows{pick(random, -9, 9), pick(random, -9, 15)}, columns{pick(random, -9, 9), pick(random, -9, 15)};
        const std::int64_t diagonal = pick(random, -12, 12);
        std::int64_t expected = 0;
        for (std::int64_t u = rows.begin; u < rows.end; ++u)
            for (std::int64_t v = columns.begin; v < columns.end; ++v) expected += v - u <= diagonal;
        REQUIRE(pairs_at_or_below(rows, columns, diagonal) == expected);
    }
}

TEST_CASE("counts of random rectangles equal brute force", "[count]") {
    std::mt19937_64 random(2);
    for (int trial = 0; trial < 200; ++trial) {
        const Problem problem = random_problem(random, {1, 2, 5, 17, 64, 127, 200});
        const Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (!validate(pattern, problem)) continue;
        INFO(to_text(pattern) << " N " << problem.seq_len << " M " << problem.kv_len << " causal " << problem.causal);
        const std::int64_t head = pick(random, 0, problem.heads - 1);
        for (int rectangle = 0; rectangle < 8; ++rectangle) {
            const Region region{random_range(random, problem.seq_len), random_range(random, problem.kv_len)};
            for (Count what : {Count{}, Count{Count::multiplicity, 0},
                               Count{Count::branch_pairs, int(pick(random, 0, branch_count(pattern) - 1))}})
                REQUIRE(count_pairs(pattern, problem, head, region, what) ==
                        brute_force(pattern, problem, head, region, what));
        }
    }
}

TEST_CASE("density_grid is the exact count of every pixel", "[count]") {
    std::mt19937_64 random(3);
    for (int trial = 0; trial < 60; ++trial) {
        const Problem problem = random_problem(random, {1, 7, 64, 150});
        const Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (!validate(pattern, problem)) continue;
        const Region region{random_range(random, problem.seq_len), random_range(random, problem.kv_len)};
        const std::int64_t rows = pick(random, 1, 40), columns = pick(random, 1, 40);
        std::vector<double> density(std::size_t(rows * columns), -1);
        density_grid(pattern, problem, 0, region, rows, columns, density);
        const auto q_edges = pixel_edges(region.q, rows), k_edges = pixel_edges(region.k, columns);
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t column = 0; column < columns; ++column) {
                const Region pixel{{q_edges[std::size_t(row)], q_edges[std::size_t(row) + 1]},
                                   {k_edges[std::size_t(column)], k_edges[std::size_t(column) + 1]}};
                const std::int64_t cells = pixel.q.size() * pixel.k.size();
                const double expected =
                    cells == 0 ? 0.0 : double(brute_force(pattern, problem, 0, pixel, {})) / double(cells);
                REQUIRE(density[std::size_t(row * columns + column)] == expected);
            }
    }
}

TEST_CASE("rates whose common multiple passes 64 bits are still counted exactly", "[count]") {
    Dilated dilated;
    dilated.segment_lengths.assign(8, 3000), dilated.dilation_rates = {2999, 2971, 2969, 2963, 2957, 2953, 2939, 2927};
    dilated.phase = PhaseMode::zero;
    const Pattern pattern{dilated};
    const Problem problem = self_attention(3000, 1, 8);
    CHECK(count_pairs(pattern, problem, 0, whole_matrix(problem)) ==
          1 + 8 * 3); // token 0 is shared; each branch adds one token
    CHECK(count_pairs(pattern, problem, 0, whole_matrix(problem), {Count::multiplicity, 0}) == 8 * 4);
}

TEST_CASE("LongNet's table at a million tokens is counted in well under a second", "[count][slow]") {
    const Pattern pattern = parse_pattern("longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12").value();
    const Problem problem = self_attention(1 << 20, 12, 64);
    const auto start = std::chrono::steady_clock::now();
    std::int64_t active = 0, with_multiplicity = 0;
    for (std::int64_t head = 0; head < 12; ++head) {
        active += count_pairs(pattern, problem, head, whole_matrix(problem));
        with_multiplicity += count_pairs(pattern, problem, head, whole_matrix(problem), {Count::multiplicity, 0});
    }
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
    CHECK(active > 0);
    CHECK(with_multiplicity > active);
    // Period 32768 divides the length: the whole is exactly 32 periods.
    const Problem period = self_attention(1 << 15, 12, 64);
    std::int64_t one = 0;
    for (std::int64_t head = 0; head < 12; ++head) one += count_pairs(pattern, period, head, whole_matrix(period));
    CHECK(active == 32 * one);
}

TEST_CASE("2000 rectangles of each of 100 patterns equal the predicate's", "[count][slow]") {
    std::mt19937_64 random(6);
    for (int done = 0; done < 100;) {
        Problem problem = random_problem(random, done % 25 == 0 ? std::vector<std::int64_t>{4096}
                                                                : std::vector<std::int64_t>{257, 512, 777, 1000});
        problem.heads = 3, problem.kv_heads = 1;
        const Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (!validate(pattern, problem)) continue;
        ++done;
        INFO(to_text(pattern) << " N " << problem.seq_len << " M " << problem.kv_len << " causal " << problem.causal);
        // Σ of the pairs above and left of each corner: a rectangle is four of them.
        const std::int64_t width = problem.kv_len + 1;
        std::vector<std::int32_t> sums(std::size_t((problem.seq_len + 1) * width), 0);
#pragma omp parallel for schedule(dynamic, 16)
        for (std::int64_t q = 0; q < problem.seq_len; ++q)
            for (std::int64_t k = 0; k < problem.kv_len; ++k)
                sums[std::size_t((q + 1) * width + k + 1)] =
                    sums[std::size_t((q + 1) * width + k)] + (branches(pattern, problem, 1, q, k) != 0);
        for (std::int64_t q = 0; q < problem.seq_len; ++q)
            for (std::int64_t k = 0; k < width; ++k)
                sums[std::size_t((q + 1) * width + k)] += sums[std::size_t(q * width + k)];
        const auto sum = [&](std::int64_t q, std::int64_t k) { return sums[std::size_t(q * width + k)]; };
        bool equal = true;
        for (int rectangle = 0; rectangle < 2000 && equal; ++rectangle) {
            const Range q = random_range(random, problem.seq_len), k = random_range(random, problem.kv_len);
            equal = count_pairs(pattern, problem, 1, {q, k}) ==
                    sum(q.end, k.end) - sum(q.begin, k.end) - sum(q.end, k.begin) + sum(q.begin, k.begin);
        }
        REQUIRE(equal);
    }
}
