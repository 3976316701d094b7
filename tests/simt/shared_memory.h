#pragma once
// SharedMemory: the dynamic shared memory of one block. It starts as poison, has guards around it, and remembers which
// words asynchronous copies and ldmatrix touched, so that a missing wait or barrier between them is found in any order.
#include "tests/simt/meeting.h"
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dilascope::simt {

// 0xffffffff and its halves are not-a-numbers as float, f16 and bf16, and −1 as an integer.
inline constexpr int poison_byte = 0xff;

// A thread, and how many barriers it has passed: what it did is ordered before what a thread of another epoch does.
struct Moment {
    std::uint32_t block_epoch = 0; // counts barriers of the block, over all blocks run so far
    std::uint32_t warp_epoch = 0;  // counts those and barriers of the warp
    std::int16_t thread = 0;
    int warp() const { return thread / 32; }
};

class SharedMemory {
public:
    SharedMemory() = default;
    SharedMemory(const SharedMemory&) = delete;
    ~SharedMemory();

    void start(int bytes); // of a new block: all poison
    std::byte* data() const { return data_; }
    int bytes() const { return bytes_; }
    bool holds(const void* address, int count) const;
    int offset(const void* address) const { return int(static_cast<const std::byte*>(address) - data_); }
    // "" or where the block has written past an end.
    std::string broken_guard() const;

    // Each says what is wrong with the access, "" when nothing. `bytes` is a multiple of 4, the target aligned to it
    // and held.
    std::string start_copy(void* target, int bytes, const Moment& now, Place place);
    void finish_copy(void* target, int bytes, const Moment& now);
    std::string read_row(const void* row, const Moment& now, Place place); // 16 bytes, by a warp

private:
    struct Word {
        std::uint32_t write_block_epoch = 0, write_warp_epoch = 0, read_epoch = 0;
        std::int16_t writer = -1;  // thread whose copy landed last
        std::int16_t copying = -1; // thread whose copy is under way
        std::int16_t reader = -1;  // warp that read last, or `several` in read_epoch
    };
    static constexpr std::int16_t several = -2;
    Word* words_of(const void* address) { return &words_[std::size_t(offset(address) / 4)]; }
    void release();

    std::byte *memory_ = nullptr, *data_ = nullptr;
    int bytes_ = -1;
    int words_under_way_ = 0; // of copies
    std::vector<Word> words_;
};

} // namespace dilascope::simt
