// Pictures of many pixels against the predicate: what rows of pixels share, what threads share, sums that are wide.
#include "engine/pattern/count.h"
#include "engine/pattern/pattern_text.h"
#include "engine/pattern/pixels.h"
#include "tests/catch.h"
#include "tests/engine/random_pattern.h"
#include <omp.h>

using namespace dilascope;

namespace {

// Σ over the pairs above and left of each corner of one head's matrix: a rectangle is four of them.
class CornerSums {
public:
    CornerSums(const Pattern& pattern, const Problem& problem, std::int64_t head)
        : width_(problem.kv_len + 1), sums_(std::size_t((problem.seq_len + 1) * width_), 0) {
#pragma omp parallel for schedule(dynamic, 16)
        for (std::int64_t q = 0; q < problem.seq_len; ++q)
            for (std::int64_t k = 0; k < problem.kv_len; ++k)
                at(q + 1, k + 1) = at(q + 1, k) + (branches(pattern, problem, head, q, k) != 0);
        for (std::int64_t q = 0; q < problem.seq_len; ++q)
            for (std::int64_t k = 0; k < width_; ++k) at(q + 1, k) += at(q, k);
    }
    std::int64_t pairs(Range q, Range k) {
        return at(q.end, k.end) - at(q.begin, k.end) - at(q.end, k.begin) + at(q.begin, k.begin);
    }

private:
    std::int32_t& at(std::int64_t q, std::int64_t k) { return sums_[std::size_t(q * width_ + k)]; }
    std::int64_t width_;
    std::vector<std::int32_t> sums_;
};

// Asks for pictures of a region at several sizes; the first wrong pixel fails.
void check_pictures(const Pattern& pattern, const Problem& problem, std::mt19937_64& random, int pictures) {
    INFO(to_text(pattern) << " N " << problem.seq_len << " M " << problem.kv_len << " causal " << problem.causal);
    const std::int64_t head = pick(random, 0, problem.heads - 1);
    CornerSums sums(pattern, problem, head);
    for (int picture = 0; picture < pictures; ++picture) {
        // Squares around the diagonal, as views show them, and any rectangle; more pixels than tokens now and then.
        const std::int64_t size = pick(random, 1, problem.seq_len), begin = pick(random, 0, problem.seq_len - size);
        Region region{{begin, begin + size}, {begin, begin + size}};
        if (picture % 2 == 1) region.k.end = pick(random, region.k.begin + 1, problem.kv_len);
        const std::int64_t rows = pick(random, 129, 200), columns = picture % 2 == 0 ? rows : pick(random, 129, 200);
        std::vector<double> density(std::size_t(rows * columns), -1);
        density_grid(pattern, problem, head, region, rows, columns, density);
        const auto q_edges = pixel_edges(region.q, rows), k_edges = pixel_edges(region.k, columns);
        std::int64_t wrong = 0;
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t column = 0; column < columns; ++column) {
                const Range q{q_edges[std::size_t(row)], q_edges[std::size_t(row) + 1]};
                const Range k{k_edges[std::size_t(column)], k_edges[std::size_t(column) + 1]};
                const std::int64_t cells = q.size() * k.size();
                const double expected = cells == 0 ? 0 : double(sums.pairs(q, k)) / double(cells);
                wrong += density[std::size_t(row * columns + column)] != expected;
            }
        INFO("q " << region.q.begin << " … " << region.q.end << " k … " << region.k.end << " " << rows << "×"
                  << columns);
        REQUIRE(wrong == 0);
    }
}

const std::vector<const char*> picture_texts = {
    "dense",
    "window left=90 right=40",
    "longnet segments=64,128,512 rates=1,2,6",
    "longnet segments=100,300 rates=3,7",
    "local block=16 window=160 + global block=16 tokens=40",
    "strided block=8 stride=5",
    "hierarchical block=4 levels=4:40,16:200,64:all",
    "dilated_blocks block=7 rates=1,5,11",
    "random block=16 density=0.1",
    "random block=2 density=0.9 + local block=2 window=20",
    "random block=64 density=0.5",
};

} // namespace

TEST_CASE("every pixel of a large picture is the exact count", "[count]") {
    std::mt19937_64 random(11);
    for (const char* text : picture_texts)
        for (const char* order : {"", " order=hilbert"})
            for (const bool causal : {false, true}) {
                Problem problem = self_attention(pick(random, 180, 240), 4, 8, causal);
                if (pick(random, 0, 2) == 0) problem.kv_len += pick(random, 1, 90);
                check_pictures(parse_pattern(std::string(text) + order).value(), problem, random, 3);
            }
}

TEST_CASE("every pixel of large pictures of random patterns is the exact count", "[count][slow]") {
    std::mt19937_64 random(12);
    for (int done = 0; done < 150;) {
        Problem problem = random_problem(random, {257, 700, 1024, 1500});
        const Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (!validate(pattern, problem)) continue;
        ++done;
        check_pictures(pattern, problem, random, 10);
    }
}

TEST_CASE("a picture along a curve is the same however often its histograms are multiplied", "[count]") {
    // Half of all 16-token blocks, each a run of its own or with few others: one thread holds too many numbers.
    const Pattern pattern = parse_pattern("random block=16 density=0.5 order=hilbert").value();
    constexpr std::int64_t side = 150, pixel = 64;
    for (const bool causal : {false, true}) {
        const Problem problem = self_attention(side * pixel, 1, 8, causal);
        const int threads = omp_get_max_threads();
        std::vector<double> density(std::size_t(side * side)), by_one_thread = density;
        density_grid(pattern, problem, 0, whole_matrix(problem), side, side, density);
        omp_set_num_threads(1);
        density_grid(pattern, problem, 0, whole_matrix(problem), side, side, by_one_thread);
        omp_set_num_threads(threads);
        CHECK(density == by_one_thread);
        std::mt19937_64 random(13);
        for (int trial = 0; trial < 100; ++trial) {
            const std::int64_t row = pick(random, 0, side - 1), column = pick(random, 0, side - 1);
            std::int64_t expected = 0;
            for (std::int64_t q = row * pixel; q < (row + 1) * pixel; ++q)
                for (std::int64_t k = column * pixel; k < (column + 1) * pixel; ++k)
                    expected += branches(pattern, problem, 0, q, k) != 0;
            REQUIRE(density[std::size_t(row * side + column)] == double(expected) / double(pixel * pixel));
        }
    }
}

TEST_CASE("pixels whose pairs exceed 32 bits are as exact as their parts", "[count]") {
    const Problem problem = self_attention(100000, 3, 8, true);
    for (const char* text : {"dense order=hilbert", "longnet segments=2048,100000 rates=2,1 order=hilbert"}) {
        const Pattern pattern = parse_pattern(text).value();
        constexpr std::int64_t parts = 3;
        const auto edges = pixel_edges({0, problem.seq_len}, parts);
        std::int64_t sum = 0;
        for (std::size_t row = 0; row < parts; ++row)
            for (std::size_t column = 0; column < parts; ++column)
                sum +=
                    count_pairs(pattern, problem, 1, {{edges[row], edges[row + 1]}, {edges[column], edges[column + 1]}},
                                {Count::multiplicity, 0});
        CHECK(sum > std::int64_t{1} << 32);
        CHECK(count_pairs(pattern, problem, 1, whole_matrix(problem), {Count::multiplicity, 0}) == sum);
    }
}

TEST_CASE("a density is the quotient of the numbers, however large they are", "[count]") {
    const Problem problem = self_attention((std::int64_t{1} << 31) - 1, 1, 8, true);
    const Pattern pattern = parse_pattern("dense").value();
    double density = 0;
    density_grid(pattern, problem, 0, whole_matrix(problem), 1, 1, {&density, 1});
    const std::int64_t n = problem.seq_len;
    CHECK(density == double(n * (n + 1) / 2) / double(n * n));
}

TEST_CASE("a guessed pixel is the one a search finds", "[count]") {
    std::mt19937_64 random(14);
    for (int trial = 0; trial < 500; ++trial) {
        std::vector<std::int64_t> edges = pixel_edges({pick(random, -9, 9), pick(random, 9, 200)}, pick(random, 1, 50));
        if (trial % 2 == 0) // uneven, with empty pixels
            for (std::int64_t& edge : edges) edge = std::min(edge, pick(random, 0, 60));
        std::ranges::sort(edges);
        const PixelFinder finder(edges);
        for (std::int64_t key = -15; key < 210; ++key) {
            const auto from = std::ranges::lower_bound(edges, key) - edges.begin();
            const auto until = std::ranges::upper_bound(edges, key) - edges.begin();
            REQUIRE_EACH(finder.at(key) == pixel_at(edges, key));
            REQUIRE_EACH(finder.first_from(key) == std::min<std::size_t>(std::size_t(from), edges.size() - 1));
            REQUIRE_EACH(finder.count_until(key) == std::size_t(std::max<std::ptrdiff_t>(until - 1, 0)));
        }
    }
}
