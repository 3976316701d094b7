// The cpu backend's gradients in every instruction set, from any number of threads, and with numbers that are none.
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/gradient_unit.h"
#include "engine/backends/cpu/tile_kernel.h"
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"
#include "tests/engine/forced_target.h"
#include "tests/engine/tolerance.h"
#include <cstring>
#include <omp.h>

using namespace dilascope;

namespace {

Pattern pattern_of(const std::string& text) { return parse_pattern(text).value(); }

void run(AttentionCase& c) {
    REQUIRE(cpu_backend().forward(c.call()));
    REQUIRE(cpu_backend().backward(c.gradient_call()));
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

// Rows of one head: (rows, D) starting at an offset.
bool same_row(const std::vector<float>& a, const std::vector<float>& b, std::int64_t offset, std::int64_t head_dim) {
    return std::memcmp(&a[std::size_t(offset)], &b[std::size_t(offset)], std::size_t(head_dim) * sizeof(float)) == 0;
}

} // namespace

TEST_CASE("cpu: gradients equal the reference's in every instruction set", "[engine]") {
    struct Shape {
        const char* pattern;
        std::int64_t seq_len, kv_len, heads, kv_heads, head_dim;
        bool causal;
        Dtype dtype;
        double dropout;
    };
    const Shape shapes[] = {
        {"dense", 150, 150, 2, 2, 16, false, Dtype::f32, 0},   // more rows than a tile, more keys than a block
        {"dense", 131, 203, 4, 2, 33, true, Dtype::f32, 0.25}, // GQA, keys before the first query, odd D
        {"window left=9 right=2", 140, 140, 1, 1, 8, false, Dtype::bf16, 0},
        {"longnet segments=32,128 rates=1,3", 260, 260, 3, 3, 24, true, Dtype::f16, 0.5},
        {"seed segments=32,64 rates=1,2", 100, 100, 4, 4, 20, false, Dtype::f32, 0},
        {"torchscale segments=32,64 rates=1,2", 100, 100, 4, 4, 20, true, Dtype::f32, 0.1},
        {"random block=16 density=0.3 seed=2", 150, 150, 2, 1, 80, false, Dtype::f32, 0}, // rows without a key
        {"dense", 700, 700, 8, 8, 8, true, Dtype::f32, 0}, // tiles that share most of their keys, in slices of several
    };
    for (const Shape& shape : shapes) {
        Problem problem = self_attention(shape.seq_len, shape.heads, shape.head_dim, shape.causal);
        problem.kv_len = shape.kv_len, problem.kv_heads = shape.kv_heads, problem.dtype = shape.dtype;
        problem.batch = 2;
        AttentionCase c(pattern_of(shape.pattern), problem, 21);
        c.dropout = {shape.dropout, 77};
        REQUIRE(reference_backend().forward(c.call()));
        REQUIRE(reference_backend().backward(c.gradient_call()));
        const std::vector<float> out = c.out, dq = c.dq, dk = c.dk, dv = c.dv;
        const Tolerance tolerance = tolerance_of(problem.dtype, c.dropout);
        for (const std::string& target : tile_kernel_targets()) {
            INFO(shape.pattern << " " << target);
            const ForcedTarget forced(target);
            run(c);
            CHECK(worst_excess(c.out, out, tolerance.out, tolerance.out) <= 0);
            CHECK(worst_gradient_excess(c.dq, dq, tolerance.gradient) <= 0);
            CHECK(worst_gradient_excess(c.dk, dk, tolerance.gradient) <= 0);
            CHECK(worst_gradient_excess(c.dv, dv, tolerance.gradient) <= 0);
        }
    }
}

TEST_CASE("cpu: gradients have the same bits from one thread and from several", "[engine]") {
    for (const char* text : {"dense", "longnet segments=64,256 rates=1,3", "seed segments=64,256 rates=1,3",
                             "torchscale segments=64,256 rates=1,3"})
        for (const std::int64_t kv_heads : {1, 4}) { // one key head is cut into slices
            Problem problem = self_attention(777, 4, 24, true);
            problem.kv_heads = kv_heads;
            AttentionCase c(pattern_of(text), problem, 5);
            c.dropout = {0.1, 3};
            const int threads = omp_get_max_threads();
            omp_set_num_threads(1);
            run(c);
            const std::vector<float> dq = c.dq, dk = c.dk, dv = c.dv;
            for (int count : {2, 8}) {
                omp_set_num_threads(count);
                run(c);
                CHECK(same_bits(c.dq, dq));
                CHECK(same_bits(c.dk, dk));
                CHECK(same_bits(c.dv, dv));
            }
            omp_set_num_threads(threads);
        }
}

TEST_CASE("cpu: units share out every item once, in memory for a few copies", "[engine]") {
    for (const std::string text : {"dense", "longnet segments=64,256 rates=1,3", "dilated segments=512 rates=8",
                                   "window left=40 right=0", "random block=64 density=0.02"})
        for (const std::int64_t kv_heads : {1, 2, 8, 32}) {
            Problem problem = self_attention(3000, 32, 8, true);
            problem.kv_heads = kv_heads;
            const Plan plan = make_plan(pattern_of(text), problem).value();
            const GradientUnits units = gradient_units(plan, 0).value();
            std::size_t items = 0;
            std::int64_t copied_keys = 0;
            for (const GradientUnit& unit : units.all) {
                items += unit.items.size();
                copied_keys += unit.copied.size();
                for (const WorkItem& item : unit.items) CHECK(kv_head(problem, item.head) == unit.kv_head);
            }
            CHECK(items == work_items(plan, 0).size());
            const std::vector<GradientSlice> slices = gradient_slices(plan, 0);
            for (const GradientSlice& slice : slices) {
                const auto reads_its_keys = [&](const GradientSlice& other) {
                    return &other != &slice && other.kv_head == slice.kv_head &&
                           intersect(other.keys, slice.keys).size() > 0;
                };
                CHECK(slice.owns_keys == std::ranges::none_of(slices, reads_its_keys));
                for (const WorkItem& item : slice.items) // its keys are those of its items
                    for (const KeyRun& run : runs_of(plan, item)) {
                        const std::int64_t first = run.first + key_shift_of(plan, item);
                        CHECK((slice.keys.begin <= first && first + run.stride * (run.count - 1) < slice.keys.end));
                    }
            }
            CHECK(units.copies.size() == 2 * copied_keys * problem.head_dim);
            CHECK(copied_keys <= 4 * problem.kv_len * kv_heads);
            if (kv_heads < 32) CHECK(units.all.size() > std::size_t(kv_heads));
            // Segments stand apart: 12 of 256 tokens are enough for 16 slices, 6 of 512 for 8.
            const bool stands_apart =
                kv_heads == 32 || text.starts_with("longnet") || (text.starts_with("dilated") && kv_heads >= 2);
            if (stands_apart) CHECK(copied_keys == 0);
            if (kv_heads < 32 && text == "dense") CHECK(copied_keys > 0);
        }
}

TEST_CASE("cpu: what is not a number stays with the rows and keys that see it", "[engine]") {
    constexpr std::int64_t tokens = 150, heads = 2, dim = 24;
    const float nan = std::numeric_limits<float>::quiet_NaN();
    for (const char* text : {"dense", "window left=9 right=2", "longnet segments=16,64 rates=1,3"})
        for (std::int64_t token : {0, 17, 149}) {
            INFO(text << ", token " << token);
            AttentionCase c(pattern_of(text), self_attention(tokens, heads, dim, true), 6);
            run(c);
            const std::vector<float> dq = c.dq, dk = c.dk, dv = c.dv;
            const auto sees = [&](std::int64_t head, std::int64_t query, std::int64_t key) {
                return multiplicity(c.pattern, c.problem, head, query, key) > 0;
            };
            const AttentionCase clean = c;
            for (std::int64_t head = 0; head < heads; ++head)
                c.k[std::size_t(key_offset(c.problem, 0, token, head))] = nan, c.v[std::size_t(key_offset(
                                                                                   c.problem, 0, token, head))] = nan;
            run(c);
            for (std::int64_t head = 0; head < heads; ++head)
                for (std::int64_t query = 0; query < tokens; ++query) {
                    const std::int64_t row = query_offset(c.problem, 0, query, head);
                    if (sees(head, query, token))
                        REQUIRE(std::isnan(c.dq[std::size_t(row)]));
                    else
                        REQUIRE(same_row(c.dq, dq, row, dim));
                }
            c = clean;
            for (std::int64_t head = 0; head < heads; ++head)
                c.q[std::size_t(query_offset(c.problem, 0, token, head))] = nan, c.dout[std::size_t(query_offset(
                                                                                     c.problem, 0, token, head))] = nan;
            run(c);
            for (std::int64_t head = 0; head < heads; ++head)
                for (std::int64_t key = 0; key < tokens; ++key) {
                    const std::int64_t row = key_offset(c.problem, 0, key, head);
                    if (sees(head, token, key)) {
                        REQUIRE(std::isnan(c.dk[std::size_t(row)]));
                        REQUIRE(std::isnan(c.dv[std::size_t(row)]));
                    } else {
                        REQUIRE(same_row(c.dk, dk, row, dim));
                        REQUIRE(same_row(c.dv, dv, row, dim));
                    }
                }
        }
}

TEST_CASE("cpu: dropout leaves the mean and the LSE", "[engine]") {
    Problem problem = self_attention(64, 1, 8);
    problem.kv_len = 4096;
    AttentionCase c(pattern_of("dense"), problem, 4);
    std::ranges::fill(c.v, 1.0f);
    REQUIRE(cpu_backend().forward(c.call()));
    const std::vector<float> lse = c.lse;
    c.dropout = {0.3, 9};
    REQUIRE(cpu_backend().forward(c.call()));
    CHECK(same_bits(c.lse, lse));
    double mean = 0;
    for (const float value : c.out) mean += double(value) / double(c.out.size());
    CHECK(std::abs(mean - 1) < 0.02);
    CHECK(std::abs(double(c.out[0]) - 1) > 1e-6); // and it does drop
}
