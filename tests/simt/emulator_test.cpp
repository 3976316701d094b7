// Copies, poison, places and sums: what a kernel finds on the emulator.
#include "engine/backends/cuda/simt.cuh"
#include "tests/catch.h"
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

// A copy over a value that was there, read before it lands.
struct OverwriteParams {
    const float* from = nullptr; // 1
    float* to = nullptr;         // 3: before, under way, landed
};
KERNEL void overwrite_kernel(const OverwriteParams params) {
    auto* shared = reinterpret_cast<volatile float*>(dynamic_shared());
    if (thread_index().x != 0) return;
    shared[0] = 7;
    params.to[0] = shared[0];
    copy_async<4>(dynamic_shared(), params.from, true);
    copy_commit();
    params.to[1] = shared[0];
    copy_wait<0>();
    params.to[2] = shared[0];
}

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
    std::uint64_t* count = nullptr;
};
KERNEL void sum_kernel(const SumParams params) {
    add_global(params.sums, 1);
    add_global2(params.sums + 2, 2, 3);
    const float values[4] = {4, 5, 6, 7};
    add_global4(params.sums + 4, values);
    add_global(params.count, std::uint64_t(1) << 40);
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

TEST_CASE("emulator: until a copy lands its target is neither old nor new", "[simt]") {
    const float from = 8;
    float to[3] = {};
    REQUIRE(run(make_entry<overwrite_kernel, OverwriteParams>("overwrite"), {{}, 32, 4}, OverwriteParams{&from, to}));
    CHECK(to[0] == 7);
    CHECK(std::isnan(to[1]));
    CHECK(to[2] == 8);
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
                std::vector<std::int32_t> counts(std::size_t(2 * 3 * 2 * threads));
                REQUIRE(run(make_entry<place_kernel, PlaceParams>("place"), {{2, 3, 2}, threads, 0},
                            PlaceParams{counts.data()}, options));
                CHECK(counts == std::vector<std::int32_t>(counts.size(), 1));
            }
}

TEST_CASE("emulator: sums in global memory are atomic", "[simt]") {
    for (const int block_threads : {1, 4}) {
        alignas(16) float sums[8] = {};
        std::uint64_t count = 0;
        RunOptions options;
        options.block_threads = block_threads;
        REQUIRE(run(make_entry<sum_kernel, SumParams>("sum"), {{100}, 64, 0}, SumParams{sums, &count}, options));
        CHECK(count == std::uint64_t(6400) << 40);
        const float expected[8] = {1, 0, 2, 3, 4, 5, 6, 7};
        for (int index = 0; index < 8; ++index) CHECK(sums[index] == 6400 * expected[index]);
    }
}

} // namespace dilascope
