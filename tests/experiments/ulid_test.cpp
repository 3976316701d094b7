#include "experiments/run.h"
#include "experiments/ulid.h"
#include "tests/catch.h"
#include <algorithm>
#include <set>
#include <thread>
#include <vector>

using namespace dilascope;

TEST_CASE("a ULID begins with its time in Crockford's digits", "[experiments]") {
    UlidSource source;
    CHECK(source.next(1469918176385).substr(0, 10) == "01ARYZ6S41"); // from the ULID specification
    CHECK(source.next((std::uint64_t{1} << 48) - 1).substr(0, 10) == "7ZZZZZZZZZ");
}

TEST_CASE("ids of one process grow, in one millisecond and when the clock steps back", "[experiments]") {
    UlidSource source;
    std::string last;
    for (int count = 0; count < 20'000; ++count) {
        const std::string id = source.next(std::uint64_t(1'000'000 + count / 1000 - (count % 7)));
        REQUIRE(id.size() == 26);
        REQUIRE(id > last);
        last = id;
    }
}

TEST_CASE("threads never share an id", "[experiments]") {
    std::vector<std::vector<std::string>> ids(4);
    {
        std::vector<std::thread> threads;
        for (auto& list : ids)
            threads.emplace_back([&list] {
                while (list.size() < 2000) list.push_back(new_ulid());
            });
        for (auto& thread : threads) thread.join();
    }
    std::set<std::string> all;
    for (const auto& list : ids) {
        CHECK(std::is_sorted(list.begin(), list.end()));
        all.insert(list.begin(), list.end());
    }
    CHECK(all.size() == 8000);
}

TEST_CASE("times are written in UTC", "[experiments]") {
    CHECK(iso_time(0) == "1970-01-01T00:00:00.000Z");
    CHECK(iso_time(1'709'210'096'007) == "2024-02-29T12:34:56.007Z");
}

TEST_CASE("the environment names processor, threads and build", "[experiments]") {
    const Environment& here = this_environment();
    CHECK_FALSE(here.cpu.empty());
    CHECK(here.threads >= 1);
    CHECK_FALSE(here.build.empty());
    CHECK(std::all_of(here.git_commit.begin(), here.git_commit.end(),
                      [](unsigned char digit) { return std::isxdigit(digit); }));
}
