#include "engine/backends/host_call.h"
#include <algorithm>
#include <chrono>
#include <unistd.h>

namespace dilascope {

// Bytes to stream so that nothing of a call's data stays in any cache: twice the last level.
static std::size_t evicting_bytes() {
    constexpr std::size_t unknown_l3_bytes = 64u << 20;
    std::size_t l3_bytes = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
    l3_bytes = std::size_t(std::max(0L, sysconf(_SC_LEVEL3_CACHE_SIZE)));
#endif
    return 2 * (l3_bytes > 0 ? l3_bytes : unknown_l3_bytes);
}

Result<double> HostCall::seconds_of(std::int64_t count) {
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t index = 0; index < count; ++index) TRY(call_());
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / double(count);
}

// Writing (not only reading) evicts dirty lines too.
Result<void> HostCall::flush_caches() {
    constexpr std::size_t line_bytes = 64;
    if (evicting_.empty()) evicting_.resize(evicting_bytes());
    volatile unsigned char* bytes = evicting_.data();
    for (std::size_t at = 0; at < evicting_.size(); at += line_bytes) bytes[at] = bytes[at] + 1;
    return {};
}

} // namespace dilascope
