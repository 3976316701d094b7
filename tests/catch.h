#pragma once
// The one door to Catch2: version 2 (Debian 12, Ubuntu 24.04 has 3) or 3.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif

// REQUIRE for innermost loops: free while it holds, where Catch's takes a microsecond and ten under the sanitizers.
#define REQUIRE_EACH(...)                                                                                              \
    do {                                                                                                               \
        if (!(__VA_ARGS__)) REQUIRE(__VA_ARGS__);                                                                      \
    } while (false)
