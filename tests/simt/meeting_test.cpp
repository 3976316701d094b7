// Where threads meet, in which order they run, and what is said when some of them do not come.
#include "engine/backends/cuda/simt.cuh"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/simt/every_order.h"
#include <algorithm>
#include <vector>

namespace dilascope {
namespace {

using namespace simt;

// Which thread ran when, before and after a barrier and a shuffle.
struct OrderParams {
    std::int32_t* next = nullptr;
    std::int32_t* threads = nullptr; // (3, threads)
};
KERNEL void order_kernel(const OrderParams params) {
    const int thread = thread_index().x;
    params.threads[(*params.next)++] = thread;
    barrier();
    params.threads[(*params.next)++] = thread;
    shuffle(1.0f, 1);
    copy_wait<0>(); // a place where a shuffled order may change threads
    params.threads[(*params.next)++] = thread;
}

struct NoParams {};

enum class Wrong {
    barrier_in_branch,
    exit_before_barrier,
    other_line,
    other_kind,
    lane_left,
    lane_at_barrier,
    other_operation,
    other_type,
    lanes_apart,
};

template <Wrong wrong> KERNEL void apart_kernel(const NoParams) {
    const int thread = thread_index().x;
    float c[4] = {};
    const std::uint32_t a[4] = {}, b[2] = {};
    switch (wrong) {
    case Wrong::barrier_in_branch:
        if (thread < 40) barrier();
        break;
    case Wrong::exit_before_barrier:
        if (thread == 3) return;
        barrier();
        break;
    case Wrong::other_line:
        if (thread < 32)
            barrier();
        else
            barrier();
        break;
    case Wrong::other_kind:
        if (thread < 32)
            barrier();
        else
            barrier_or(true);
        break;
    case Wrong::lane_left:
        if (lane() == 5) return;
        shuffle_xor(1.0f, 1);
        break;
    case Wrong::lane_at_barrier:
        if (lane() == 5)
            barrier();
        else
            warp_barrier();
        break;
    case Wrong::other_operation:
        if (lane() < 16)
            multiply_add<F16>(c, a, b);
        else
            multiply_add<BF16>(c, a, b);
        break;
    case Wrong::other_type: { // one line of source
        const auto multiply = [&](auto element) { multiply_add<decltype(element)>(c, a, b); };
        if (lane() < 16)
            multiply(F16());
        else
            multiply(BF16());
        break;
    }
    case Wrong::lanes_apart:
        if (lane() < 16)
            shuffle(1.0f, 1);
        else
            shuffle(1.0f, 1);
        break;
    }
}

template <Wrong wrong> void check_apart(const std::string& part, const std::string& other_part) {
    for (const RunOptions& options : every_order) {
        const std::string message =
            failure(make_entry<apart_kernel<wrong>, NoParams>("apart"), {{}, 64, 0}, NoParams{}, options);
        CHECK_THAT(message, contains("kernel \"apart\", block (0, 0, 0), thread "));
        CHECK_THAT(message, contains("threads are apart: "));
        CHECK_THAT(message, contains(part));
        CHECK_THAT(message, contains(other_part));
    }
}

struct OrParams {
    std::int32_t* results = nullptr; // (3, threads)
};
KERNEL void or_kernel(const OrParams params) {
    const int thread = thread_index().x, threads = block_size().x;
    params.results[thread] = barrier_or(thread == 70);
    params.results[threads + thread] = barrier_or(false);
    params.results[2 * threads + thread] = barrier_or(true);
}

struct ShuffleParams {
    std::int32_t* results = nullptr; // (3, 32)
};
KERNEL void shuffle_kernel(const ShuffleParams params) {
    params.results[lane()] = shuffle_xor(lane(), 5);
    params.results[32 + lane()] = shuffle(lane(), lane() + 7);
    params.results[64 + lane()] = std::int32_t(shuffle(float(lane()), 33));
}

} // namespace

TEST_CASE("emulator: threads run in the order that was asked for", "[simt]") {
    const auto order = [](const RunOptions& options) {
        std::int32_t next = 0;
        std::vector<std::int32_t> threads(3 * 96);
        REQUIRE(run(make_entry<order_kernel, OrderParams>("order"), {{}, 96, 0}, OrderParams{&next, threads.data()},
                    options));
        return threads;
    };
    const auto ascending = order({ThreadOrder::ascending}), descending = order({ThreadOrder::descending});
    for (int thread = 0; thread < 96; ++thread) {
        CHECK(ascending[std::size_t(thread)] == thread);
        CHECK(descending[std::size_t(thread)] == 95 - thread);
        // After the barrier a thread gives way at the shuffle, once its warp has come there.
        CHECK(ascending[std::size_t(96 + thread / 32 * 64 + thread % 32)] == thread);
        CHECK(ascending[std::size_t(96 + thread / 32 * 64 + 32 + thread % 32)] == thread);
        CHECK(descending[std::size_t(96 + thread / 32 * 64 + thread % 32)] == 95 - thread);
    }
    const auto shuffled = order({ThreadOrder::shuffled, 1});
    CHECK(shuffled == order({ThreadOrder::shuffled, 1}));
    CHECK(shuffled != order({ThreadOrder::shuffled, 2}));
    std::vector<std::int32_t> sorted = shuffled;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t index = 0; index < sorted.size(); ++index) CHECK(sorted[index] == int(index / 3));
    CHECK(shuffled != ascending);
}

TEST_CASE("emulator: barrier_or and shuffles tell every thread", "[simt]") {
    for (const RunOptions& options : every_order) {
        std::vector<std::int32_t> results(3 * 96, -1);
        const auto counts = run(make_entry<or_kernel, OrParams>("or"), {{}, 96, 0}, OrParams{results.data()}, options);
        REQUIRE(counts);
        CHECK(counts->barriers == 3);
        for (std::size_t index = 0; index < results.size(); ++index) CHECK(results[index] == (index / 96 != 1));
        REQUIRE(run(make_entry<shuffle_kernel, ShuffleParams>("shuffle"), {}, ShuffleParams{results.data()}, options));
        for (int lane = 0; lane < 32; ++lane) {
            CHECK(results[std::size_t(lane)] == (lane ^ 5));
            CHECK(results[std::size_t(32 + lane)] == (lane + 7) % 32);
            CHECK(results[std::size_t(64 + lane)] == 1);
        }
    }
}

TEST_CASE("emulator: a meeting point that some threads do not come to is an error that names both places", "[simt]") {
    check_apart<Wrong::barrier_in_branch>("threads 0 … 39 wait at barrier at meeting_test.cpp:",
                                          "threads 40 … 63 have left the kernel");
    check_apart<Wrong::exit_before_barrier>("thread 3 has left the kernel", "threads 4 … 63 wait at barrier at");
    check_apart<Wrong::other_line>("threads 0 … 31 wait at barrier at", "threads 32 … 63 wait at barrier at");
    check_apart<Wrong::other_kind>("wait at barrier at", "wait at barrier_or at");
    check_apart<Wrong::lane_left>("has left the kernel", "wait at shuffle at");
    check_apart<Wrong::lane_at_barrier>("waits at barrier at", "wait at warp_barrier at");
    check_apart<Wrong::other_operation>("wait at multiply_add at", "wait at multiply_add at");
    check_apart<Wrong::other_type>("wait at multiply_add at", "wait at multiply_add at");
    check_apart<Wrong::lanes_apart>("wait at shuffle at", "wait at shuffle at");
}

} // namespace dilascope
