#pragma once
// Inputs of benchmarks: the same numbers in every program that follows this rule, so that others can time and check
// the same computation (tests/peers).
#include "engine/dtype.h"
#include "engine/memory/buffer.h"
#include <cstdint>

namespace dilascope {

// Element `index` of tensor `seed`, close to N(0,1): the sum of the four 16-bit parts of a 64-bit hash of both.
inline float bench_input(std::uint64_t seed, std::uint64_t index) {
    std::uint64_t bits = (seed << 40) + index + 0x9e3779b97f4a7c15; // splitmix64
    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111eb;
    bits ^= bits >> 31;
    const auto sum = std::int32_t((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48));
    return float(sum - 131070) * 2.6429e-5f; // mean 0, variance 1: 1/√(4·2³²/12)
}

// Elements 0 … count of tensor `seed` as elements of `dtype`; `to` holds count · dtype_bytes(dtype) bytes.
void fill_bench_input(std::uint64_t seed, std::int64_t count, Dtype dtype, void* to);

// The same in memory of its own.
Result<Buffer<std::byte>> bench_tensor(std::uint64_t seed, std::int64_t count, Dtype dtype);

} // namespace dilascope
