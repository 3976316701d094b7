#include "experiments/ulid.h"
#include <chrono>
#include <ctime>
#include <fmt/format.h>

namespace dilascope {

namespace {

constexpr char crockford_digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// 10 characters of time, then 16 characters for 80 bits, 5 bits each.
std::string encode(std::uint64_t time_ms, const std::array<std::uint8_t, 10>& tail) {
    std::string text(26, '0');
    for (int digit = 9; digit >= 0; --digit, time_ms >>= 5) text[digit] = crockford_digits[time_ms & 31];
    for (int digit = 0; digit < 16; ++digit) {
        const int first_bit = digit * 5;
        const int byte = first_bit / 8;
        const unsigned pair = unsigned(tail[byte]) << 8 | (byte + 1 < 10 ? tail[byte + 1] : 0u);
        text[10 + digit] = crockford_digits[pair >> (11 - first_bit % 8) & 31];
    }
    return text;
}

} // namespace

UlidSource::UlidSource() = default;

std::string UlidSource::next(std::uint64_t time_ms) {
    std::lock_guard lock(mutex_);
    if (time_ms > last_time_ms_) {
        last_time_ms_ = time_ms;
        for (auto& byte : tail_) byte = static_cast<std::uint8_t>(random_());
        tail_[0] &= 0x7f; // room to count up before the bits run out
    } else {
        // Same millisecond, or a clock that stepped back: count up, with the carry.
        for (int byte = 9; byte >= 0 && ++tail_[byte] == 0; --byte) {
        }
    }
    return encode(last_time_ms_, tail_);
}

std::string new_ulid() {
    static UlidSource source;
    return source.next(unix_time_ms());
}

std::string iso_time(std::uint64_t time_ms) {
    const auto seconds = static_cast<std::time_t>(time_ms / 1000);
    std::tm utc{};
    gmtime_r(&seconds, &utc);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                       utc.tm_hour, utc.tm_min, utc.tm_sec, time_ms % 1000);
}

std::uint64_t unix_time_ms() {
    using namespace std::chrono;
    return static_cast<std::uint64_t>(duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count());
}

} // namespace dilascope
