#include "tests/emulated_gpu/emulated_memory.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fmt/format.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace dilascope {

namespace {
constexpr std::size_t guard_bytes = 256; // also the alignment
constexpr std::size_t freed_bytes_kept = 32 << 20;
constexpr int guard_byte = 0xa5, new_byte = 0xff, freed_byte = 0xfd; // new memory reads as NaN

bool is_all(const std::byte* data, std::size_t bytes, int byte) {
    return std::all_of(data, data + bytes, [byte](std::byte value) { return value == std::byte(byte); });
}

// Nobody may touch these bytes from now on; without the address sanitizer their values tell later who has written.
#ifdef __SANITIZE_ADDRESS__
constexpr bool is_watched = true;
void forbid(const std::byte* data, std::size_t bytes) { ASAN_POISON_MEMORY_REGION(data, bytes); }
#else
constexpr bool is_watched = false;
void forbid(const std::byte*, std::size_t) {}
#endif
} // namespace

std::byte* EmulatedMemory::Block::data() const { return storage + guard_bytes; }

EmulatedMemory::~EmulatedMemory() {
    for (const auto& [data, block] : blocks_) std::free(block.storage);
    for (const Block& block : freed_) std::free(block.storage);
}

void* EmulatedMemory::allocate(std::size_t bytes) {
    if (bytes > std::size_t(capacity_ - live_bytes_)) return nullptr;
    Block block;
    block.bytes = bytes;
    const std::size_t padded = (bytes + guard_bytes - 1) / guard_bytes * guard_bytes;
    block.storage = static_cast<std::byte*>(std::aligned_alloc(guard_bytes, padded + 2 * guard_bytes));
    if (!block.storage) return nullptr;
    std::memset(block.storage, guard_byte, guard_bytes);
    std::memset(block.data(), new_byte, bytes);
    std::memset(block.data() + bytes, guard_byte, padded - bytes + guard_bytes);
    forbid(block.storage, guard_bytes);
    forbid(block.data() + bytes, padded - bytes + guard_bytes);
    blocks_[block.data()] = block;
    live_bytes_ += std::int64_t(bytes);
    return block.data();
}

void EmulatedMemory::free(void* data) {
    const auto found = blocks_.find(static_cast<std::byte*>(data));
    if (found == blocks_.end()) {
        const bool is_again =
            std::any_of(freed_.begin(), freed_.end(), [data](const Block& block) { return block.data() == data; });
        mistakes_.push_back(is_again ? "free: this memory was freed before" : "free: this address was never allocated");
        return;
    }
    const Block block = found->second;
    check_guards(block);
    std::memset(block.data(), freed_byte, block.bytes);
    forbid(block.data(), block.bytes);
    live_bytes_ -= std::int64_t(block.bytes);
    blocks_.erase(found);
    freed_.push_back(block);
    freed_bytes_ += block.bytes;
    while (freed_bytes_ > freed_bytes_kept) discard_oldest();
}

void EmulatedMemory::discard_oldest() {
    check_freed(freed_.front());
    freed_bytes_ -= freed_.front().bytes;
    std::free(freed_.front().storage);
    freed_.pop_front();
}

bool EmulatedMemory::holds(const void* data, std::size_t bytes, const char* user) {
    const auto* first = static_cast<const std::byte*>(data);
    const auto contains = [&](const Block& block) {
        return first >= block.data() && first <= block.data() + block.bytes;
    };
    auto after = blocks_.upper_bound(first);
    if (after != blocks_.begin() && contains(std::prev(after)->second)) {
        const Block& block = std::prev(after)->second;
        const auto offset = std::size_t(first - block.data());
        if (bytes <= block.bytes - offset) return true;
        mistakes_.push_back(
            fmt::format("{}: bytes {} … {} of an allocation of {}", user, offset, offset + bytes, block.bytes));
        return false;
    }
    const bool was_freed = std::any_of(freed_.begin(), freed_.end(), contains);
    mistakes_.push_back(fmt::format("{}: {}", user, was_freed ? "memory that was freed" : "not device memory"));
    return false;
}

std::vector<std::span<const std::byte>> EmulatedMemory::live() const {
    std::vector<std::span<const std::byte>> allocations;
    for (const auto& [data, block] : blocks_) allocations.emplace_back(data, block.bytes);
    return allocations;
}

void EmulatedMemory::check_guards(const Block& block) {
    if (is_watched) return;
    const std::size_t padded = (block.bytes + guard_bytes - 1) / guard_bytes * guard_bytes;
    if (!is_all(block.storage, guard_bytes, guard_byte))
        mistakes_.push_back(fmt::format("something wrote before an allocation of {} bytes", block.bytes));
    if (!is_all(block.data() + block.bytes, padded - block.bytes + guard_bytes, guard_byte))
        mistakes_.push_back(fmt::format("something wrote after an allocation of {} bytes", block.bytes));
}

void EmulatedMemory::check_freed(const Block& block) {
    if (!is_watched && !is_all(block.data(), block.bytes, freed_byte))
        mistakes_.push_back(fmt::format("something wrote into {} bytes after they were freed", block.bytes));
}

std::vector<std::string> EmulatedMemory::mistakes() {
    const std::size_t kept = mistakes_.size();
    for (const auto& [data, block] : blocks_) check_guards(block);
    for (const Block& block : freed_) check_freed(block);
    std::vector<std::string> all = mistakes_;
    mistakes_.resize(kept);
    return all;
}

} // namespace dilascope
