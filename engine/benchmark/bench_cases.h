#pragma once
// The cases of the CPU benchmark. To add one: one line in bench_cases.cpp.
#include "engine/backends/backend.h"
#include <string>
#include <vector>

namespace dilascope {

// Another case that is run before every repetition of a case, so that the ratio of both times survives a machine whose
// speed changes. Same problem but for the length.
struct BenchBase {
    std::string name; // what differs: "rates=1"
    std::string pattern;
    std::int64_t seq_len = 0;
    double overhead_limit = 0; // how much longer than its FLOPs say a case may take; 1.03: 3 %
};

struct BenchCase {
    std::string pattern; // text form
    Problem problem;
    Direction direction = Direction::forward;
    BenchBase base = {}; // of no pattern: none
    bool has_base() const { return !base.pattern.empty(); }
};

// full: every kind of pattern, width, dtype and direction, some minutes. quick: a few of them, under 20 seconds.
// scaling: LongNet's table at 16k … 1M tokens, each length beside its half.
enum class BenchSuite { full, quick, scaling };

// LongNet's own table, which both benchmarks measure.
inline constexpr const char* longnet_table = "longnet segments=2048,4096,8192,16384,32768 rates=1,2,4,6,12";

std::vector<BenchCase> cpu_bench_cases(BenchSuite suite);

} // namespace dilascope
