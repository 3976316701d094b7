#include "engine/benchmark/bench_cases.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

constexpr auto forward = Direction::forward, backward = Direction::backward;
constexpr bool full_mask = false, causal = true;
constexpr auto f32 = Dtype::f32, f16 = Dtype::f16, bf16 = Dtype::bf16;
constexpr const char *longnet_4 = "longnet segments=2048,4096,8192,16384 rates=1,2,4,8",
                     *window = "window left=256 right=256";

Problem shape(std::int64_t seq_len, std::int64_t heads, std::int64_t head_dim, bool is_causal = full_mask,
              Dtype dtype = f32) {
    Problem problem = self_attention(seq_len, heads, head_dim, is_causal);
    problem.dtype = dtype;
    return problem;
}

// The last tokens of 64k, as a decoder asks for them: bound by memory.
Problem decode(std::int64_t queries, std::int64_t kv_heads, std::int64_t head_dim, Dtype dtype) {
    Problem problem = shape(queries, 8, head_dim, causal, dtype);
    problem.kv_len = 65536, problem.kv_heads = kv_heads;
    return problem;
}

void add_dense(std::vector<BenchCase>& cases) {
    for (const Direction direction : {forward, backward})
        for (const Problem& problem :
             {shape(1024, 8, 32), shape(4096, 4, 32), shape(1024, 8, 64), shape(4096, 4, 64), shape(8192, 2, 64),
              shape(1024, 8, 128), shape(4096, 2, 128), shape(4096, 1, 256), shape(1024, 8, 64, causal),
              shape(4096, 4, 64, causal), shape(4096, 2, 128, causal), shape(4096, 4, 64, full_mask, bf16),
              shape(4096, 4, 64, full_mask, f16), shape(4096, 2, 128, full_mask, bf16)})
            cases.push_back({"dense", problem, direction});
    cases.push_back({"dense", shape(16384, 1, 64)});
    cases.push_back({"dense", shape(16384, 1, 64, causal, bf16)});
    cases.push_back({"dense", shape(4096, 1, 256, full_mask, bf16)});
}

void add_sparse(std::vector<BenchCase>& cases) {
    for (const Direction direction : {forward, backward}) {
        cases.push_back({window, shape(8192, 4, 64), direction});
        cases.push_back({"window left=256 right=0", shape(16384, 4, 64, causal), direction});
        for (const char* random :
             {"random block=64 density=0.1", "random block=64 density=0.25", "random block=64 density=0.5"})
            cases.push_back({random, shape(8192, 2, 64), direction});
    }
    cases.push_back({"window left=2048 right=0", shape(65536, 1, 64, causal, bf16)});
    cases.push_back({"local block=64 window=1024 + global block=64 tokens=64", shape(16384, 2, 128)});
}

void add_longnet(std::vector<BenchCase>& cases) {
    for (const Problem& problem : {shape(16384, 4, 32), shape(16384, 4, 64), shape(16384, 2, 128),
                                   shape(16384, 4, 64, causal), shape(16384, 4, 64, full_mask, f16)})
        cases.push_back({longnet_4, problem});
    for (const Direction direction : {forward, backward})
        for (const Problem& problem :
             {shape(65536, 1, 64), shape(65536, 1, 64, causal), shape(65536, 1, 64, full_mask, bf16)})
            cases.push_back({longnet_table, problem, direction});
    cases.push_back({longnet_4, shape(16384, 4, 64), backward});
    cases.push_back({longnet_table, shape(262144, 1, 64)});
}

void add_decode(std::vector<BenchCase>& cases) {
    for (const std::int64_t queries : {1, 4, 16}) {
        cases.push_back({"dense", decode(queries, 8, 64, f32)});
        cases.push_back({"dense", decode(queries, 2, 128, bf16)});
    }
    cases.push_back({"dense", decode(1, 1, 128, f32)});
    cases.push_back({longnet_table, decode(16, 8, 64, f32)});
}

// One branch at rate r over tokens enough for as many tiles as at rate 1: the same work, from keys that lie r apart.
void add_dilation_penalty(std::vector<BenchCase>& cases, std::int64_t tokens, Direction direction,
                          std::initializer_list<int> rates) {
    constexpr int segment = 2048;
    const std::string undilated = fmt::format("dilated segments={} rates=1", segment);
    cases.push_back({undilated, shape(tokens, 1, 64), direction});
    for (const int rate : rates)
        cases.push_back({fmt::format("dilated segments={} rates={}", segment * rate, rate),
                         shape(tokens * rate, 1, 64),
                         direction,
                         {"rates=1", undilated, tokens, 1.08}});
}

void add_scaling(std::vector<BenchCase>& cases, std::int64_t tokens_max, Direction direction) {
    constexpr std::int64_t tokens_min = 16384;
    cases.push_back({longnet_table, shape(tokens_min, 1, 64), direction});
    for (std::int64_t tokens = 2 * tokens_min; tokens <= tokens_max; tokens *= 2)
        cases.push_back({longnet_table,
                         shape(tokens, 1, 64),
                         direction,
                         {fmt::format("{} tokens", tokens / 2), longnet_table, tokens / 2, 1.03}});
}

} // namespace

std::vector<BenchCase> cpu_bench_cases(BenchSuite suite) {
    std::vector<BenchCase> cases;
    if (suite == BenchSuite::scaling) {
        add_scaling(cases, 1 << 20, forward);
        add_scaling(cases, 1 << 18, backward);
        return cases;
    }
    if (suite == BenchSuite::quick) {
        cases = {
            {"dense", shape(4096, 4, 64)},
            {"dense", shape(4096, 4, 64, causal)},
            {"dense", shape(4096, 2, 128, full_mask, bf16)},
            {"dense", shape(2048, 4, 64), backward},
            {window, shape(8192, 4, 64)},
            {"random block=64 density=0.25", shape(8192, 2, 64)},
            {longnet_4, shape(16384, 2, 64)},
            {longnet_4, shape(16384, 1, 64), backward},
            {"dense", decode(1, 8, 64, f32)},
        };
        add_dilation_penalty(cases, 8192, forward, {16});
        return cases;
    }
    add_dense(cases);
    add_sparse(cases);
    add_longnet(cases);
    add_decode(cases);
    add_dilation_penalty(cases, 16384, forward, {2, 4, 8, 16});
    add_dilation_penalty(cases, 16384, backward, {16});
    return cases;
}

} // namespace dilascope
