// A few rows of long keys on the cpu: heads that share tiles and blocks, and keys cut into parts.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/forward_work.h"
#include "engine/backends/cpu/kernel_target.h"
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "engine/plan/key_parts.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"
#include "tests/engine/forced_target.h"
#include <cstring>
#include <omp.h>
#include <set>

using namespace dilascope;

namespace {

struct Shape {
    std::int64_t seq_len, kv_len, heads, kv_heads, head_dim;
    bool causal = true;
    Dtype dtype = Dtype::f32;
    double dropout = 0;
    std::int64_t batch = 1;
};

AttentionCase case_of(const char* pattern, const Shape& shape) {
    Problem problem = self_attention(shape.seq_len, shape.heads, shape.head_dim, shape.causal);
    problem.kv_len = shape.kv_len, problem.kv_heads = shape.kv_heads;
    problem.dtype = shape.dtype, problem.batch = shape.batch;
    AttentionCase c(parse_pattern(pattern).value(), problem, 41);
    c.dropout = {shape.dropout, 7};
    return c;
}

ForwardWork work_of_case(AttentionCase& c, std::size_t threads = 2) { return forward_work(c.call(), 0, threads); }

void check(AttentionCase& c, const std::vector<std::string>& targets) {
    REQUIRE(reference_backend().forward(c.call()));
    const std::vector<float> out = c.out, lse = c.lse;
    const Tolerance tolerance = tolerance_of(c.problem.dtype, c.dropout);
    for (const std::string& target : targets) {
        INFO(target);
        const ForcedTarget forced(target);
        REQUIRE(cpu_backend().forward(c.call()));
        CHECK(worst_excess(c.out, out, tolerance.out, tolerance.out) <= 0);
        CHECK(worst_excess(c.lse, lse, tolerance.lse, tolerance.lse) <= 0);
    }
}

} // namespace

TEST_CASE("cpu decode: equals the reference in every instruction set", "[engine]") {
    struct {
        const char* pattern;
        Shape shape;
    } const cases[] = {
        {"dense", {1, 3100, 4, 4, 24}},                              // key heads side by side, in parts
        {"dense", {3, 2100, 8, 1, 16}},                              // query heads fill a tile
        {"dense", {16, 300, 24, 2, 8, false}},                       // more rows of a key head than a tile holds
        {"dense", {5, 300, 18, 9, 8, true, Dtype::f16, 0, 2}},       // more key heads than a group holds
        {"dense", {2, 2100, 6, 2, 80, true, Dtype::bf16, 0, 2}},     //
        {"dense", {2, 2100, 4, 2, 136, true, Dtype::f32, 0.5}},      // dropout tells heads apart
        {"dense", {40, 2100, 1, 1, 8}},                              // parts of a full tile
        {"dense", {4, 2100, 3, 3, 72, true, Dtype::f16, 0, 2}},      // a few rows, D beyond the sums' vectors
        {"dense", {2, 2100, 4, 2, 64, true, Dtype::f32, 0.5}},       //
        {"window left=1500 right=0", {3, 2500, 4, 4, 64}},           //
        {"dense order=hilbert use=sequence", {3, 2304, 2, 2, 16}},   //
        {"window left=1500 right=0", {7, 2500, 4, 2, 8}},            // bands on both sides, parts without any key
        {"longnet segments=64,2048 rates=1,3", {9, 2100, 6, 2, 8}},  // heads of different keys
        {"seed segments=64,2048 rates=1,3", {9, 2100, 4, 2, 8}},     // one pass a branch
        {"random block=16 density=0.3 seed=2", {11, 2100, 4, 2, 8}}, // many short runs
        {"dense order=hilbert use=sequence", {6, 2304, 4, 2, 8}},    // keys masked by token
        {"window left=900 right=0 order=hilbert use=layout", {6, 2304, 4, 2, 8}},
    };
    for (const auto& [pattern, shape] : cases) {
        INFO(pattern << " N" << shape.seq_len << " M" << shape.kv_len << " H" << shape.heads << " G" << shape.kv_heads);
        AttentionCase c = case_of(pattern, shape);
        check(c, shape.dtype == Dtype::bf16 ? pair_dot_targets() : tile_kernel_targets());
        if (shape.dtype == Dtype::bf16) check(c, tile_kernel_targets());
    }
}

TEST_CASE("cpu decode: the same bits from one thread and from several", "[engine]") {
    for (const char* pattern : {"dense", "longnet segments=64,2048 rates=1,3"})
        for (const std::int64_t rows : {1, 7, 100}) {
            AttentionCase c = case_of(pattern, {rows, 9000, 4, 2, 16});
            const int threads = omp_get_max_threads();
            omp_set_num_threads(1);
            REQUIRE(cpu_backend().forward(c.call()));
            const std::vector<float> out = c.out, lse = c.lse;
            for (const int count : {2, 7}) {
                omp_set_num_threads(count);
                REQUIRE(cpu_backend().forward(c.call()));
                CHECK((out == c.out && lse == c.lse));
            }
            omp_set_num_threads(threads);
        }
}

TEST_CASE("cpu decode: a key changes the few rows that see it and not a bit of the others", "[engine]") {
    constexpr std::int64_t rows = 3, keys = 300, head_dim = 16;
    const auto poison_of = {3.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
    for (const std::string& target : tile_kernel_targets())
        for (const char* pattern : {"dense", "window left=250 right=0", "longnet segments=16,64 rates=1,3"})
            for (const float poison : poison_of)
                for (const std::int64_t key : {0, 47, 48, 49, 290, 297, 298, 299}) {
                    INFO(target << " " << pattern << ", key " << key << " = " << poison);
                    const ForcedTarget forced(target);
                    AttentionCase c = case_of(pattern, {rows, keys, 2, 2, head_dim});
                    REQUIRE(cpu_backend().forward(c.call()));
                    const std::vector<float> out = c.out;
                    for (std::int64_t head = 0; head < 2; ++head)
                        std::fill_n(c.v.begin() + key_offset(c.problem, 0, key, head), head_dim, poison);
                    REQUIRE(cpu_backend().forward(c.call()));
                    for (std::int64_t row = 0; row < rows; ++row)
                        for (std::int64_t head = 0; head < 2; ++head) {
                            const auto at = std::size_t(query_offset(c.problem, 0, row, head));
                            const bool same = std::memcmp(&out[at], &c.out[at], head_dim * sizeof(float)) == 0;
                            REQUIRE(same != (multiplicity(c.pattern, c.problem, head, row, key) > 0));
                        }
                }
}

TEST_CASE("cpu decode: NaN reaches the rows that see it through the merge of parts", "[engine]") {
    AttentionCase c = case_of("dense", {3, 5000, 2, 1, 8});
    c.k[std::size_t(key_offset(c.problem, 0, 4999, 0))] = std::numeric_limits<float>::quiet_NaN(); // of the last row
    c.q[std::size_t(query_offset(c.problem, 0, 0, 1))] = std::numeric_limits<float>::quiet_NaN();
    REQUIRE(work_of_case(c).parts > 1);
    REQUIRE(cpu_backend().forward(c.call()));
    for (std::int64_t row = 0; row < 3; ++row)
        for (std::int64_t head = 0; head < 2; ++head) {
            const bool is_poisoned = row == 2 || (row == 0 && head == 1);
            CHECK(std::isnan(c.out[std::size_t(query_offset(c.problem, 0, row, head))]) == is_poisoned);
            CHECK(std::isnan(c.lse[std::size_t(lse_offset(c.problem, 0, head, row))]) == is_poisoned);
        }
}

TEST_CASE("cpu decode: heads of one key head share tiles, key heads share groups", "[engine]") {
    AttentionCase shared = case_of("dense", {2, 4096, 32, 4, 64});
    const ForwardWork work = work_of_case(shared);
    REQUIRE(work.groups.size() == 1);
    CHECK(work.groups[0].items_per_tile == 8);
    CHECK(work.groups[0].tile_count == 4);
    CHECK(work.parts == 4);
    shared.dropout = {0.5, 1};
    for (const TileGroup& group : work_of_case(shared).groups) CHECK(group.items_per_tile == 1);
    AttentionCase many_rows = case_of("dense", {300, 4096, 4, 1, 64});
    for (const TileGroup& group : work_of_case(many_rows).groups) CHECK(group.items_per_tile == 1);
    AttentionCase classes = case_of("longnet segments=64,2048 rates=1,4", {4, 4096, 8, 2, 8});
    std::set<std::tuple<std::int64_t, std::int64_t, std::int64_t, std::int64_t>> seen;
    const ForwardWork of_classes = work_of_case(classes);
    for (const TileGroup& group : of_classes.groups)
        for (std::int64_t index = 0; index < group.item_count(); ++index) {
            const WorkItem &first = of_classes.items[std::size_t(group.begin)],
                           &item = of_classes.items[std::size_t(group.begin + index)];
            CHECK((item.list == first.list && item.repeat == first.repeat && item.tile == first.tile));
            CHECK(seen.emplace(item.list, item.repeat, item.tile, item.head).second);
        }
    CHECK(seen.size() == work_items(classes.plan, 0).size());
}

TEST_CASE("cpu decode: parts do not depend on the threads, and hold every key once in order", "[engine]") {
    for (const std::int64_t rows : {1, 100, 1000}) {
        AttentionCase c = case_of("dense", {rows, 9000, 2, 1, 8});
        CHECK(work_of_case(c, 1).parts == work_of_case(c, 64).parts);
    }
    CHECK(key_parts(1, 100) == 1);
    CHECK(key_parts(1, 1 << 20) == 16);
    CHECK(key_parts(16, 1 << 20) == 1);
    const std::vector<KeyRun> runs = {{5, 3, 100, 0, {}}, {1000, 1, 7, 1, {-3, 4}}, {0, 2, 500, 0, {}}};
    for (const std::int64_t parts : {1, 2, 5, 9}) {
        std::vector<KeyRun> joined;
        for (std::int64_t part = 0; part < parts; ++part)
            for (const KeyRun& run : runs_of_part(runs, part, parts, 48)) {
                const bool goes_on = !joined.empty() && joined.back().stride == run.stride &&
                                     joined.back().key(joined.back().count) == run.first;
                if (goes_on)
                    joined.back().count += run.count;
                else
                    joined.push_back(run);
            }
        CHECK(joined == runs);
    }
}
