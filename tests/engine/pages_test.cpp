// Memory of buffers: freed pages serve the next buffer of their size, up to a limit.
#include "engine/memory/pages.h"
#include "tests/catch.h"
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

using namespace dilascope;

namespace {

constexpr std::size_t large = 3 << 20;

[[maybe_unused]] std::set<void*> give_and_take(std::size_t bytes, int count) {
    std::vector<void*> pieces;
    for (int index = 0; index < count; ++index) pieces.push_back(take_pages(bytes));
    for (void* piece : pieces) std::memset(piece, 1, bytes);
    for (void* piece : pieces) give_back_pages(piece, bytes);
    return {pieces.begin(), pieces.end()};
}

} // namespace

TEST_CASE("pages: small ones are lines, large ones huge pages, no two overlap", "[engine]") {
    std::vector<std::pair<std::uintptr_t, std::size_t>> taken;
    for (const std::size_t bytes : {std::size_t(1), std::size_t(63), std::size_t(65), (std::size_t(1) << 19) - 1,
                                    std::size_t(1) << 19, large, large, large + 1}) {
        const auto begin = reinterpret_cast<std::uintptr_t>(take_pages(bytes));
        REQUIRE(begin != 0);
        CHECK(begin % (bytes < std::size_t(1) << 19 ? 64 : 2 << 20) == 0);
        for (const auto& [other, size] : taken) CHECK((begin + bytes <= other || other + size <= begin));
        taken.emplace_back(begin, bytes);
    }
    for (const auto& [begin, bytes] : taken) give_back_pages(reinterpret_cast<void*>(begin), bytes);
}

#ifndef __SANITIZE_ADDRESS__ // under which none are kept by us, and many by it
TEST_CASE("pages: freed ones serve the next buffer of their size, also one of a few bytes less", "[engine]") {
    const std::set<void*> first = give_and_take(large, 3);
    CHECK(first.size() == 3);
    CHECK(give_and_take(large - 100, 3) == first);
    void* other = take_pages(large + (2 << 20)); // of another size
    CHECK(first.count(other) == 0);
    give_back_pages(other, large + (2 << 20));
}

TEST_CASE("pages: no more are kept than the limit says", "[engine][slow]") {
    const auto resident = [] { // bytes of this process in memory
        long pages = 0, resident_pages = 0;
        FILE* file = std::fopen("/proc/self/statm", "r");
        REQUIRE(file);
        REQUIRE(std::fscanf(file, "%ld %ld", &pages, &resident_pages) == 2);
        std::fclose(file);
        return double(resident_pages) * 4096;
    };
    const double before = resident();
    give_and_take(std::size_t(20) << 20, 8);
    give_and_take(std::size_t(100) << 20, 1);
    CHECK(resident() - before < 1.2 * double(kept_bytes_max));
}
#endif
