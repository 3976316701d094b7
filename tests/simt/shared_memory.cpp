#include "tests/simt/shared_memory.h"
#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <new>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace dilascope::simt {

static constexpr int guard_bytes = 1024; // on either side
static constexpr std::align_val_t alignment{1024};

void SharedMemory::release() {
    if (!memory_) return;
#if defined(__SANITIZE_ADDRESS__)
    ASAN_UNPOISON_MEMORY_REGION(memory_, std::size_t(bytes_ + 2 * guard_bytes));
#endif
    ::operator delete(memory_, alignment);
    memory_ = nullptr;
}

SharedMemory::~SharedMemory() { release(); }

void SharedMemory::start(int bytes) {
    if (bytes != bytes_) {
        release();
        const std::size_t all = std::size_t(bytes + 2 * guard_bytes);
        memory_ = static_cast<std::byte*>(::operator new(all, alignment));
        data_ = memory_ + guard_bytes, bytes_ = bytes;
        words_.assign(std::size_t(bytes + 3) / 4, {}), words_under_way_ = 0;
#if defined(__SANITIZE_ADDRESS__) // then an access past an end stops at once and says where
        ASAN_POISON_MEMORY_REGION(memory_, guard_bytes);
        ASAN_POISON_MEMORY_REGION(data_ + bytes, guard_bytes);
#endif
    }
#if defined(__SANITIZE_ADDRESS__)
    std::memset(data_, poison_byte, std::size_t(bytes));
#else
    std::memset(memory_, poison_byte, std::size_t(bytes + 2 * guard_bytes));
#endif
    if (words_under_way_ == 0) return;
    for (Word& word : words_) word.copying = -1; // a kernel may end without waiting
    words_under_way_ = 0;
}

bool SharedMemory::holds(const void* address, int count) const {
    const auto begin = reinterpret_cast<std::uintptr_t>(address), start = reinterpret_cast<std::uintptr_t>(data_);
    return begin >= start && begin + std::uintptr_t(count) <= start + std::uintptr_t(bytes_);
}

std::string SharedMemory::broken_guard() const {
#if !defined(__SANITIZE_ADDRESS__)
    const auto is_broken = [](std::byte byte) { return byte != std::byte(poison_byte); };
    const std::byte *end = data_ + bytes_, *guard_end = end + guard_bytes;
    const std::byte* after = std::find_if(end, guard_end, is_broken);
    const std::byte* before = std::find_if<const std::byte*>(memory_, data_, is_broken);
    const std::byte* found = after != guard_end ? after : before != data_ ? before : nullptr;
    if (found)
        return fmt::format("byte {} of shared memory was written, but the block has {} bytes", offset(found), bytes_);
#endif
    return {};
}

std::string SharedMemory::start_copy(void* target, int bytes, const Moment& now, Place place) {
    Word* words = words_of(target);
    for (int index = 0; index < bytes / 4; ++index) {
        Word& word = words[index];
        const auto says = [&](const std::string& problem) {
            return fmt::format("{} to byte {} of shared memory, {}", to_text("copy_async", place),
                               offset(target) + index * 4, problem);
        };
        if (word.copying >= 0) return says(fmt::format("while a copy of thread {} is on its way there", word.copying));
        if (word.read_epoch == now.block_epoch && word.reader != now.warp())
            return says(word.reader == several
                            ? "that several warps have read since the last barrier"
                            : fmt::format("that warp {} has read since the last barrier", word.reader));
        if (word.write_block_epoch == now.block_epoch && word.writer / 32 != now.warp())
            return says(fmt::format("where a copy of thread {} has landed since the last barrier", word.writer));
        word.copying = now.thread, ++words_under_way_;
    }
    std::memset(target, poison_byte, std::size_t(bytes));
    return {};
}

void SharedMemory::finish_copy(void* target, int bytes, const Moment& now) {
    Word* words = words_of(target);
    for (int index = 0; index < bytes / 4; ++index) {
        Word& word = words[index];
        word.copying = -1, word.writer = now.thread, --words_under_way_;
        word.write_block_epoch = now.block_epoch, word.write_warp_epoch = now.warp_epoch;
    }
}

std::string SharedMemory::read_row(const void* row, const Moment& now, Place place) {
    Word* words = words_of(row);
    for (int index = 0; index < 4; ++index) {
        Word& word = words[index];
        const auto says = [&](const char* problem, int thread) {
            return fmt::format("{} of byte {} of shared memory {} of thread {}", to_text("load_matrix", place),
                               offset(row) + index * 4, problem, thread);
        };
        if (word.copying >= 0) return says("before the copy_wait", word.copying);
        if (word.writer >= 0 && word.writer / 32 != now.warp() && word.write_block_epoch == now.block_epoch)
            return says("without a barrier since the copy_wait", word.writer);
        if (word.writer >= 0 && word.writer / 32 == now.warp() && word.write_warp_epoch == now.warp_epoch)
            return says("without a barrier or warp_barrier since the copy_wait", word.writer);
        if (word.read_epoch == now.block_epoch && word.reader != now.warp())
            word.reader = several;
        else
            word.read_epoch = now.block_epoch, word.reader = std::int16_t(now.warp());
    }
    return {};
}

} // namespace dilascope::simt
