#pragma once
// Every engine buffer comes from here: 64-byte aligned, owned by a handle, counted under its owner's name.
#include "engine/result.h"
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace dilascope {

struct MemoryUse {
    std::string owner; // "cpu/packed_keys"
    std::int64_t live_bytes = 0;
    std::int64_t peak_bytes = 0;
    std::int64_t allocation_count = 0;
};

// Live and peak bytes of every owner so far, sorted by owner.
std::vector<MemoryUse> memory_use();

namespace detail {
// `owner` must outlive the program (a string literal). Null when the machine refuses.
void* allocate_bytes(std::size_t bytes, const char* owner);
void free_bytes(void* data, std::size_t bytes, const char* owner);
Error out_of_memory(std::size_t bytes, const char* owner);
// For memory that comes from elsewhere, such as a GPU's.
void count_allocation(std::size_t bytes, const char* owner);
void count_free(std::size_t bytes, const char* owner);
} // namespace detail

template <class T> class Buffer {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    Buffer() = default;
    // Uninitialised; `owner` is a string literal such as "cpu/packed_keys".
    static Result<Buffer> allocate(std::int64_t count, const char* owner) {
        if (count < 0 || std::uint64_t(count) > SIZE_MAX / sizeof(T))
            return tl::unexpected(detail::out_of_memory(SIZE_MAX, owner));
        Buffer buffer;
        buffer.count_ = count, buffer.owner_ = owner;
        buffer.data_ = static_cast<T*>(detail::allocate_bytes(std::size_t(count) * sizeof(T), owner));
        if (!buffer.data_ && count > 0)
            return tl::unexpected(detail::out_of_memory(std::size_t(count) * sizeof(T), owner));
        return buffer;
    }
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer moved(std::move(other));
        swap(moved);
        return *this;
    }
    ~Buffer() {
        if (data_) detail::free_bytes(data_, std::size_t(count_) * sizeof(T), owner_);
    }

    T* data() const { return data_; }
    std::int64_t size() const { return count_; }
    T& operator[](std::int64_t index) const { return data_[index]; }
    std::span<T> span() const { return {data_, std::size_t(count_)}; }
    T* begin() const { return data_; }
    T* end() const { return data_ + count_; }

private:
    void swap(Buffer& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(count_, other.count_);
        std::swap(owner_, other.owner_);
    }
    T* data_ = nullptr;
    std::int64_t count_ = 0;
    const char* owner_ = "";
};

} // namespace dilascope
