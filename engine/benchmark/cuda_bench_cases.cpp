// The cases of the CUDA benchmark: sizes that keep a hundred multiprocessors busy.
#include "engine/benchmark/cuda_bench.h"
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <sstream>

namespace dilascope {

namespace {

// 16k tokens in all batch elements together, heads · head_dim = 2048: what published tables use.
Problem published(std::int64_t seq_len, std::int64_t head_dim, bool causal, Dtype dtype) {
    Problem problem = self_attention(seq_len, 2048 / head_dim, head_dim, causal);
    problem.batch = 16384 / seq_len;
    problem.dtype = dtype;
    return problem;
}

void add_dense(std::vector<BenchCase>& cases, std::int64_t seq_len, Dtype dtype) {
    for (const Direction direction : {Direction::forward, Direction::backward})
        for (const std::int64_t head_dim : {64, 128})
            for (const bool causal : {false, true})
                cases.push_back({"dense", published(seq_len, head_dim, causal, dtype), direction});
}

void add_sparse(std::vector<BenchCase>& cases, Dtype dtype) {
    for (const Direction direction : {Direction::forward, Direction::backward}) {
        for (const std::int64_t tokens : {32768, 262144}) {
            Problem problem = self_attention(tokens, 12, 64);
            problem.dtype = dtype;
            cases.push_back({longnet_table, problem, direction});
        }
        Problem problem = self_attention(16384, 16, 128);
        problem.dtype = dtype;
        for (const char* pattern : {"random block=64 density=0.1", "random block=128 density=0.25",
                                    "window left=1024 right=1024", "dilated segments=32768 rates=16"})
            cases.push_back({pattern, problem, direction});
    }
}

} // namespace

std::vector<BenchCase> cuda_bench_cases(BenchSuite suite) {
    std::vector<BenchCase> cases;
    if (suite == BenchSuite::scaling) {
        for (std::int64_t tokens = 65536; tokens <= std::int64_t(1) << 24; tokens *= 2) {
            Problem problem = self_attention(tokens, 1, 64);
            problem.dtype = Dtype::bf16;
            cases.push_back({longnet_table, problem});
        }
        return cases;
    }
    add_dense(cases, 8192, Dtype::bf16);
    if (suite == BenchSuite::quick) return cases;
    add_sparse(cases, Dtype::bf16);
    for (const std::int64_t seq_len : {2048, 16384}) add_dense(cases, seq_len, Dtype::bf16);
    add_dense(cases, 8192, Dtype::f16);
    add_dense(cases, 4096, Dtype::f32);
    cases.push_back({"dense", published(8192, 256, false, Dtype::bf16)});
    return cases;
}

std::string case_text(const BenchCase& bench_case) {
    const Problem& problem = bench_case.problem;
    return fmt::format("{} {} n={} d={}{} {}", enum_name(bench_case.direction), enum_name(problem.dtype),
                       problem.seq_len, problem.head_dim, problem.causal ? " causal" : "", bench_case.pattern);
}

Result<std::vector<BenchCase>> cases_with(const std::vector<BenchCase>& cases, const std::string& words) {
    std::vector<BenchCase> found;
    for (const BenchCase& bench_case : cases) {
        const std::string text = case_text(bench_case);
        std::istringstream stream(words);
        const bool has_all = std::all_of(std::istream_iterator<std::string>(stream), {},
                                         [&](const std::string& word) { return text.find(word) != std::string::npos; });
        if (has_all) found.push_back(bench_case);
    }
    if (found.empty())
        return fail("no case of the benchmark has the words \"" + words + "\"; one of them is \"" +
                    case_text(cases.front()) + "\"");
    return found;
}

} // namespace dilascope
