#pragma once
// The read bandwidth of this machine's memory, measured: what rows bound by memory are held against.
#include "engine/result.h"
#include <cstdint>

namespace dilascope {

// GB/s (10⁹ bytes) of reading a buffer of `bytes` on all OpenMP threads for about `time_ms`, each thread its own part
// again and again. A buffer that fits a cache measures the cache.
Result<double> measure_memory_gb_per_s(std::int64_t bytes, double time_ms);

// Eight times the last cache of this CPU, within 256 MiB … 1 GiB.
std::int64_t bytes_beyond_caches();

} // namespace dilascope
