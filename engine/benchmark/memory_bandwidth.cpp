#include "engine/benchmark/memory_bandwidth.h"
#include "engine/benchmark/thread_rates.h"
#include "engine/memory/buffer.h"
#include "engine/vector_clones.h"
#include <algorithm>
#include <atomic>
#include <omp.h>
#include <unistd.h>

namespace dilascope {

namespace {

// Integers, because the compiler may reorder their sum into vectors.
VECTOR_CLONES std::uint64_t sum_of_words(const std::uint64_t* words, std::int64_t count) {
    std::uint64_t sum = 0;
    for (std::int64_t index = 0; index < count; ++index) sum += words[index];
    return sum;
}

} // namespace

Result<double> measure_memory_gb_per_s(std::int64_t bytes, double time_ms) {
    const std::int64_t threads = omp_get_max_threads();
    const std::int64_t part = bytes / std::int64_t(sizeof(std::uint64_t)) / threads; // words of one thread
    const Buffer<std::uint64_t> words = TRY(Buffer<std::uint64_t>::allocate(part * threads, "bench/memory"));
#pragma omp parallel
    std::fill_n(words.data() + omp_get_thread_num() * part, part, 1); // each page near the thread that reads it
    std::atomic<std::uint64_t> keep = 0;
    return sum_of_thread_rates(time_ms, [&] {
        keep += sum_of_words(words.data() + omp_get_thread_num() * part, part);
        return double(part) * sizeof(std::uint64_t);
    });
}

std::int64_t bytes_beyond_caches() {
    constexpr std::int64_t least = std::int64_t{256} << 20, most = std::int64_t{1} << 30;
#ifdef _SC_LEVEL3_CACHE_SIZE
    return std::clamp(8 * std::int64_t(sysconf(_SC_LEVEL3_CACHE_SIZE)), least, most);
#else
    return least;
#endif
}

} // namespace dilascope
