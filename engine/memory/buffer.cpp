#include "engine/memory/buffer.h"
#include "engine/memory/pages.h"
#include <fmt/format.h>
#include <map>
#include <mutex>

namespace dilascope {

namespace {
struct Ledger {
    std::mutex mutex;
    std::map<std::string_view, MemoryUse> by_owner;
};
Ledger& ledger() {
    static Ledger* instance = new Ledger; // never destroyed: buffers with static lifetime may outlive it otherwise
    return *instance;
}
} // namespace

std::vector<MemoryUse> memory_use() {
    std::lock_guard lock(ledger().mutex);
    std::vector<MemoryUse> uses;
    for (const auto& [owner, use] : ledger().by_owner) uses.push_back(use);
    return uses;
}

namespace detail {

void* allocate_bytes(std::size_t bytes, const char* owner) {
    if (bytes == 0) return nullptr;
    void* data = take_pages(bytes);
    if (data) count_allocation(bytes, owner);
    return data;
}

void free_bytes(void* data, std::size_t bytes, const char* owner) {
    give_back_pages(data, bytes);
    count_free(bytes, owner);
}

void count_allocation(std::size_t bytes, const char* owner) {
    std::lock_guard lock(ledger().mutex);
    MemoryUse& use = ledger().by_owner[owner];
    if (use.owner.empty()) use.owner = owner;
    use.live_bytes += std::int64_t(bytes);
    use.peak_bytes = std::max(use.peak_bytes, use.live_bytes);
    ++use.allocation_count;
}

void count_free(std::size_t bytes, const char* owner) {
    std::lock_guard lock(ledger().mutex);
    ledger().by_owner[owner].live_bytes -= std::int64_t(bytes);
}

Error out_of_memory(std::size_t bytes, const char* owner) {
    return {fmt::format(
        "{} needs {:.1f} MiB, which this machine refused; use a shorter seq_len, fewer heads or a smaller batch", owner,
        double(bytes) / (1 << 20))};
}

} // namespace detail
} // namespace dilascope
