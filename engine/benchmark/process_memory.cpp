#include "engine/benchmark/process_memory.h"
#include "engine/memory/pages.h"
#include <fstream>
#include <string>
#include <sys/resource.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace dilascope {

namespace {

// A line such as "VmRSS:   2048 kB" of /proc/self/status, in bytes; 0 where there is none.
std::int64_t status_bytes(const std::string& key) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(key)) return std::stoll(line.substr(key.size())) * 1024;
    return 0;
}

} // namespace

std::int64_t resident_bytes() { return status_bytes("VmRSS:"); }

std::int64_t peak_resident_bytes() {
    if (const std::int64_t peak = status_bytes("VmHWM:")) return peak;
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return std::int64_t(usage.ru_maxrss) * 1024;
}

void restart_peak() {
    free_kept_pages();
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    std::ofstream("/proc/self/clear_refs") << "5"; // proc(5): resets the peak resident set size
}

} // namespace dilascope
