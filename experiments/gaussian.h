#pragma once
// Standard normal values from a counter: value i of a stream depends on (seed, stream, i) alone, so any part can be
// made anywhere, in any order, by any number of threads, with the same bits on every machine.
//
// Method: SplitMix64 of the counter gives 52 bits u; p = (u + ½)·2⁻⁵² goes through the inverse of the normal
// distribution function, algorithm AS 241 (Wichura 1988, relative error 1e-16), rounded to f32 at the end. Only + − × ÷
// and √ are used, which IEEE 754 rounds the same everywhere; the logarithm of the tails is our own, for libm's differ
// from machine to machine (std::normal_distribution differs even between standard libraries).
#include <cstdint>
#include <span>

namespace dilascope {

// The p-quantile of the standard normal distribution, 0 < p < 1.
double normal_quantile(double p);

float gaussian(std::uint64_t seed, std::uint64_t stream, std::uint64_t index);

// values[i] = gaussian(seed, stream, first + i), on all threads.
void fill_gaussian(std::span<float> values, std::uint64_t seed, std::uint64_t stream, std::uint64_t first = 0);

} // namespace dilascope
