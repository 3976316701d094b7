#pragma once
// ULID: 26 characters that sort by creation time (48 bits of milliseconds, 80 random bits). Names runs without a
// server.
#include <array>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>

namespace dilascope {

// A source of ids, each greater than the one before, also within one millisecond and when the clock steps back.
class UlidSource {
public:
    UlidSource();
    // `time_ms`: milliseconds since 1970, UTC, below 2^48. Safe to call from several threads.
    std::string next(std::uint64_t time_ms);

private:
    std::mutex mutex_;
    std::random_device random_;
    std::uint64_t last_time_ms_ = 0;
    std::array<std::uint8_t, 10> tail_{}; // the random bits, big-endian
};

// A new id of now, from the one source of this process.
std::string new_ulid();

// "2026-11-20T16:44:00.123Z"; `time_ms` as above.
std::string iso_time(std::uint64_t time_ms);
std::uint64_t unix_time_ms();

} // namespace dilascope
