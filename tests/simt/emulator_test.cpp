// Kernels that are wrong in one way each, and what the emulator says of them.
#include "engine/backends/cuda/simt.cuh"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/simt/every_order.h"
#include <cmath>
#include <numeric>
#include <vector>

namespace dilascope {
namespace {

using namespace simt;

// Each thread copies one float of `from` to shared memory and writes its left neighbour's to `to`.
struct NeighbourParams {
    const float* from = nullptr; // (threads)
    float* to = nullptr;         // (threads)
};
enum class Forgets { nothing, commit, wait, barrier, group };

template <Forgets forgets> KERNEL void neighbour_kernel(const NeighbourParams params) {
    auto* shared = reinterpret_cast<float*>(dynamic_shared());
    const int thread = thread_index().x, threads = block_size().x;
    copy_async<4>(shared + thread, params.from + thread, true);
    if (forgets != Forgets::commit) copy_commit();
    if (forgets == Forgets::group)
        copy_wait<1>();
    else if (forgets != Forgets::wait)
        copy_wait<0>();
    if (forgets != Forgets::barrier) barrier();
    params.to[thread] = shared[(thread + threads - 1) % threads];
}

// Of the threads that got their neighbour's value, and of those that got poison, over all orders.
struct NeighbourCounts {
    int good = 0, poison = 0;
};
template <Forgets forgets> NeighbourCounts run_neighbours() {
    constexpr int threads = 96;
    NeighbourCounts counts;
    std::vector<float> from(threads), to(threads);
    std::iota(from.begin(), from.end(), 1.0f);
    for (const RunOptions& options : every_order) {
        REQUIRE(run(make_entry<neighbour_kernel<forgets>, NeighbourParams>("neighbour"), {{}, threads, threads * 4},
                    NeighbourParams{from.data(), to.data()}, options));
        for (std::size_t thread = 0; thread < threads; ++thread)
            if (std::isnan(to[thread]))
                ++counts.poison;
            else
                counts.good += to[thread] == from[(thread + threads - 1) % threads];
    }
    return counts;
}

struct NoParams {};

// Poison that was never written.
struct PoisonParams {
    std::uint32_t* word = nullptr;
};
KERNEL void poison_kernel(const PoisonParams params) {
    auto* shared = reinterpret_cast<std::uint32_t*>(dynamic_shared());
    if (thread_index().x == 0) *params.word = shared[5], shared[5] = 3;
}

// The last thread of the grid adds up blocks and threads.
struct PlaceParams {
    std::int32_t* counts = nullptr; // (blocks, threads)
};
KERNEL void place_kernel(const PlaceParams params) {
    const Index3 block = block_index(), grid = grid_size();
    const int flat = (block.z * grid.y + block.y) * grid.x + block.x;
    ++params.counts[flat * block_size().x + warp() * 32 + lane()];
}

struct SumParams {
    float* sums = nullptr; // 8
};
KERNEL void sum_kernel(const SumParams params) {
    add_global(params.sums, 1);
    add_global2(params.sums + 2, 2, 3);
    const float values[4] = {4, 5, 6, 7};
    add_global4(params.sums + 4, values);
}

enum class Wrong {
    barrier_in_branch,
    exit_before_barrier,
    other_line,
    other_kind,
    lane_left,
    lane_at_barrier,
    other_operation,
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

struct AddressParams {
    const void* global = nullptr;
    int shared_offset = 0; // bytes
    int is_valid = 1;
};
template <int bytes> KERNEL void copy_kernel(const AddressParams params) {
    if (thread_index().x == 7)
        copy_async<bytes>(dynamic_shared() + params.shared_offset, params.global, params.is_valid);
}
KERNEL void load_address_kernel(const AddressParams params) {
    std::uint32_t registers[4];
    load_matrix_x4(registers, dynamic_shared() + (lane() == 7 ? params.shared_offset : 0));
}
KERNEL void write_kernel(const AddressParams params) {
    if (thread_index().x == 7) dynamic_shared()[params.shared_offset] = std::byte(1);
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

TEST_CASE("emulator: copies land in the copy_wait that covers them, and no sooner", "[simt]") {
    const int all = 96 * int(every_order.size());
    CHECK(run_neighbours<Forgets::nothing>().good == all);
    CHECK(run_neighbours<Forgets::commit>().poison == all);
    CHECK(run_neighbours<Forgets::wait>().poison == all);
    CHECK(run_neighbours<Forgets::group>().poison == all);
    CHECK(run_neighbours<Forgets::barrier>().poison > 0);
}

TEST_CASE("emulator: shared memory starts as not-a-numbers, in every block", "[simt]") {
    std::uint32_t word = 0;
    const KernelEntry kernel = make_entry<poison_kernel, PoisonParams>("poison");
    for (int block = 0; block < 2; ++block) {
        REQUIRE(run(kernel, {{}, 32, 64}, PoisonParams{&word}));
        CHECK(word == 0xffffffff);
        CHECK(std::isnan(float_from_bits(word)));
    }
}

TEST_CASE("emulator: every thread of every block runs once", "[simt]") {
    for (RunOptions options : every_order)
        for (const int block_threads : {1, 3})
            for (const int threads : {32, 96, 1024}) {
                options.block_threads = block_threads;
                std::vector<std::int32_t> counts(std::size_t(3 * 2 * 4 * threads));
                REQUIRE(run(make_entry<place_kernel, PlaceParams>("place"), {{3, 2, 4}, threads, 0},
                            PlaceParams{counts.data()}, options));
                CHECK(counts == std::vector<std::int32_t>(counts.size(), 1));
            }
}

TEST_CASE("emulator: sums in global memory are atomic", "[simt]") {
    for (const int block_threads : {1, 4}) {
        alignas(16) float sums[8] = {};
        RunOptions options;
        options.block_threads = block_threads;
        REQUIRE(run(make_entry<sum_kernel, SumParams>("sum"), {{100}, 64, 0}, SumParams{sums}, options));
        const float expected[8] = {1, 0, 2, 3, 4, 5, 6, 7};
        for (int index = 0; index < 8; ++index) CHECK(sums[index] == 6400 * expected[index]);
    }
}

TEST_CASE("emulator: a meeting point that some threads do not come to is an error that names both places", "[simt]") {
    check_apart<Wrong::barrier_in_branch>("threads 0 … 39 wait at barrier at emulator_test.cpp:",
                                          "threads 40 … 63 have left the kernel");
    check_apart<Wrong::exit_before_barrier>("thread 3 has left the kernel", "threads 4 … 63 wait at barrier at");
    check_apart<Wrong::other_line>("threads 0 … 31 wait at barrier at", "threads 32 … 63 wait at barrier at");
    check_apart<Wrong::other_kind>("wait at barrier at", "wait at barrier_or at");
    check_apart<Wrong::lane_left>("has left the kernel", "wait at shuffle at");
    check_apart<Wrong::lane_at_barrier>("waits at barrier at", "wait at warp_barrier at");
    check_apart<Wrong::other_operation>("wait at multiply_add at", "wait at multiply_add at");
    check_apart<Wrong::lanes_apart>("wait at shuffle at", "wait at shuffle at");
}

TEST_CASE("emulator: addresses outside of shared memory or misaligned end the run", "[simt]") {
    alignas(16) float from[8] = {};
    const KernelEntry copy = make_entry<copy_kernel<16>, AddressParams>("copy");
    const KernelEntry load = make_entry<load_address_kernel, AddressParams>("load");
    const LaunchShape shape{{}, 32, 512};
    CHECK(failure(copy, shape, AddressParams{from, 496}) == "");
    CHECK(failure(load, shape, AddressParams{from, 496}) == "");
    CHECK_THAT(failure(copy, shape, AddressParams{from, 512}),
               contains("kernel \"copy\", block (0, 0, 0), thread 7: copy_async at emulator_test.cpp:"));
    CHECK_THAT(failure(copy, shape, AddressParams{from, 512}),
               contains("16 bytes at byte 512 of shared memory, but the block has 512"));
    CHECK_THAT(failure(copy, shape, AddressParams{from, -16}), contains("at byte -16 of shared memory"));
    CHECK_THAT(failure(copy, shape, AddressParams{from, 8}), contains("byte 8 of shared memory is not aligned to 16"));
    CHECK_THAT(failure(copy, shape, AddressParams{from + 2, 0}), contains("is not aligned to 16 bytes"));
    CHECK_THAT(failure(copy, shape, AddressParams{from + 2, 0, 0}), contains("is not aligned to 16 bytes"));
    CHECK_THAT(failure(copy, shape, AddressParams{nullptr, 0}), contains("in no buffer"));
    CHECK(failure(copy, shape, AddressParams{nullptr, 0, 0}) == "");
    CHECK_THAT(failure(load, shape, AddressParams{from, 504}), contains("16 bytes at byte 504 of shared memory"));
    CHECK_THAT(failure(load, shape, AddressParams{from, 24}), contains("byte 24 of shared memory is not aligned"));
}

TEST_CASE("emulator: global addresses are checked against the buffers there are", "[simt]") {
    alignas(16) float from[8] = {};
    const MemoryRange ranges[] = {{from, 28}};
    RunOptions options;
    options.memory = ranges;
    const KernelEntry copy = make_entry<copy_kernel<16>, AddressParams>("copy");
    CHECK(failure(copy, {{}, 32, 512}, AddressParams{from, 0}, options) == "");
    CHECK_THAT(failure(copy, {{}, 32, 512}, AddressParams{from + 4, 0}, options), contains("are in no buffer"));
    const KernelEntry sum = make_entry<sum_kernel, SumParams>("sum");
    CHECK_THAT(failure(sum, {{}, 32, 0}, SumParams{from}, options), contains("add_global at emulator_test.cpp:"));
    CHECK_THAT(failure(sum, {{}, 32, 0}, SumParams{from + 1}), contains("is not aligned to 8 bytes"));
}

#ifndef __SANITIZE_ADDRESS__ // which stops the program at such a write
TEST_CASE("emulator: writes past the ends of shared memory are found when the block is done", "[simt]") {
    const KernelEntry kernel = make_entry<write_kernel, AddressParams>("write");
    CHECK(failure(kernel, {{}, 32, 50}, AddressParams{nullptr, 49}) == "");
    CHECK_THAT(failure(kernel, {{}, 32, 50}, AddressParams{nullptr, 50}),
               contains("byte 50 of shared memory was written, but the block has 50 bytes"));
    CHECK_THAT(failure(kernel, {{}, 32, 50}, AddressParams{nullptr, -1}), contains("byte -1 of shared memory"));
    CHECK(failure(kernel, {{}, 32, 50}, AddressParams{nullptr, 49}) == ""); // and do not last
}
#endif

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

TEST_CASE("emulator: launches that a GPU would refuse are refused", "[simt]") {
    const KernelEntry kernel = make_entry<or_kernel, OrParams>("or");
    CHECK_THAT(failure(kernel, {{}, 33, 0}, OrParams{}), contains("blocks of 33 threads"));
    CHECK_THAT(failure(kernel, {{}, 1056, 0}, OrParams{}), contains("blocks of 1056 threads"));
    CHECK_THAT(failure(kernel, {{0}, 32, 0}, OrParams{}), contains("a grid of 0 × 1 × 1 blocks"));
    CHECK_THAT(failure(kernel, {{1, 65536}, 32, 0}, OrParams{}), contains("a grid of 1 × 65536 × 1 blocks"));
    CHECK_THAT(failure(kernel, {{}, 32, 300000}, OrParams{}), contains("300000 bytes of shared memory"));
    CHECK_THAT(failure(kernel, {}, NeighbourParams{}), contains("takes 8 bytes of parameters, not 16"));
}

} // namespace dilascope
