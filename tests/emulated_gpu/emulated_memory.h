#pragma once
// EmulatedMemory: host memory that plays a device's. New memory is full of NaNs (0xff bytes), guards stand on both
// sides of it, and every misuse is written down: a double free, use after free, a range beyond its allocation, a leak.
// The address sanitizer stops at a kernel's first access to a guard or to freed memory, reads as well.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace dilascope {

class EmulatedMemory {
public:
    explicit EmulatedMemory(std::int64_t capacity_bytes) : capacity_(capacity_bytes) {}
    EmulatedMemory(const EmulatedMemory&) = delete;
    ~EmulatedMemory();

    void* allocate(std::size_t bytes); // null when the capacity is used up
    void free(void* data);
    // False, and written down, unless data … data + bytes lies in one live allocation. `user`: "copy_to_host".
    bool holds(const void* data, std::size_t bytes, const char* user);

    std::int64_t live_bytes() const { return live_bytes_; }
    std::int64_t capacity_bytes() const { return capacity_; }
    std::vector<std::span<const std::byte>> live() const; // allocations
    std::size_t live_count() const { return blocks_.size(); }
    // What went wrong so far; with what kernels wrote beside their allocations or into freed ones.
    std::vector<std::string> mistakes();

private:
    struct Block {
        std::byte* storage = nullptr; // guard, bytes, guard
        std::size_t bytes = 0;
        std::byte* data() const;
    };
    void check_guards(const Block& block);
    void check_freed(const Block& block);
    void discard_oldest();

    std::int64_t capacity_ = 0, live_bytes_ = 0;
    std::map<const std::byte*, Block> blocks_; // live ones by address
    std::deque<Block> freed_;                  // kept a while, so that late uses show
    std::size_t freed_bytes_ = 0;
    std::vector<std::string> mistakes_;
};

} // namespace dilascope
