// Missing waits and barriers between copies and load_matrix are found whatever the order of threads.
#include "engine/backends/cuda/simt.cuh"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/simt/every_order.h"

namespace dilascope {
namespace {

using namespace simt;

enum class LeavesOut { nothing, wait, barrier, first_barrier, last_barrier, warp_barrier, all_barriers };

struct StageParams {
    const std::byte* from = nullptr; // (2, 64, 16): two stages of a row for each thread
    std::uint32_t* to = nullptr;     // (2, 64)
};

// Two warps, one stage of shared memory: each loads rows that the other has copied.
template <LeavesOut forgets> KERNEL void stage_kernel(const StageParams params) {
    std::byte* shared = dynamic_shared();
    const int thread = thread_index().x;
    for (int stage = 0; stage < 2; ++stage) {
        copy_async<16>(shared + thread * 16, params.from + (stage * 64 + thread) * 16, true);
        copy_commit();
        if (forgets != LeavesOut::wait) copy_wait<0>();
        if (forgets != LeavesOut::first_barrier && forgets != LeavesOut::all_barriers) barrier();
        std::uint32_t registers[4];
        load_matrix_x4(registers, shared + (thread ^ 32) * 16);
        params.to[stage * 64 + thread] = registers[0];
        if (forgets != LeavesOut::last_barrier && forgets != LeavesOut::all_barriers) barrier();
    }
}

// Warp 0 copies and waits, warp 1 loads.
template <LeavesOut forgets> KERNEL void one_way_kernel(const StageParams params) {
    if (warp() == 0) {
        copy_async<16>(dynamic_shared() + lane() * 16, params.from, true);
        copy_commit();
        copy_wait<0>();
    }
    if (forgets == LeavesOut::warp_barrier) warp_barrier(); // not enough
    if (forgets == LeavesOut::nothing) barrier();
    if (warp() == 1) {
        std::uint32_t registers[4];
        load_matrix_x4(registers, dynamic_shared() + lane() * 16);
    }
}

// Each warp loads what it has copied itself.
template <LeavesOut forgets> KERNEL void own_kernel(const StageParams params) {
    std::byte* shared = dynamic_shared();
    const int thread = thread_index().x;
    for (int stage = 0; stage < 2; ++stage) {
        copy_async<16>(shared + thread * 16, params.from + (stage * 64 + thread) * 16, true);
        copy_commit();
        copy_wait<0>();
        if (forgets != LeavesOut::warp_barrier) warp_barrier();
        std::uint32_t registers[4];
        load_matrix_x4(registers, shared + thread * 16);
        params.to[stage * 64 + thread] = registers[0];
    }
}

// Two copies to one place.
template <LeavesOut forgets> KERNEL void twice_kernel(const StageParams params) {
    for (int stage = 0; stage < 2; ++stage) {
        if (warp() == stage || forgets == LeavesOut::wait)
            copy_async<16>(dynamic_shared() + lane() * 16, params.from, true);
        copy_commit();
        if (forgets != LeavesOut::wait) copy_wait<0>();
        if (forgets == LeavesOut::nothing) barrier();
    }
}

struct Stages {
    alignas(16) std::byte from[2 * 64 * 16] = {};
    std::uint32_t to[2 * 64] = {};
    template <auto kernel> std::string failure_of(const RunOptions& options) {
        return failure(make_entry<kernel, StageParams>("stage"), {{}, 64, 1024}, StageParams{from, to}, options);
    }
};

} // namespace

TEST_CASE("emulator: copies and load_matrix without a wait or a barrier between are found in any order", "[simt]") {
    Stages stages;
    for (const RunOptions& options : every_order) {
        CHECK(stages.failure_of<stage_kernel<LeavesOut::nothing>>(options) == "");
        CHECK_THAT(stages.failure_of<stage_kernel<LeavesOut::wait>>(options),
                   contains("before the copy_wait of thread"));
        // The copy came first, "since the copy_wait", or the load, "since the last barrier".
        CHECK_THAT(stages.failure_of<stage_kernel<LeavesOut::first_barrier>>(options), contains(" since the "));
        CHECK_THAT(stages.failure_of<stage_kernel<LeavesOut::last_barrier>>(options), contains(" since the "));
        CHECK_THAT(stages.failure_of<stage_kernel<LeavesOut::all_barriers>>(options), contains(" since the "));
        CHECK(stages.failure_of<one_way_kernel<LeavesOut::nothing>>(options) == "");
        CHECK(stages.failure_of<own_kernel<LeavesOut::nothing>>(options) == "");
        CHECK_THAT(stages.failure_of<own_kernel<LeavesOut::warp_barrier>>(options), contains("of shared memory"));
        CHECK(stages.failure_of<twice_kernel<LeavesOut::nothing>>(options) == "");
        CHECK_THAT(stages.failure_of<twice_kernel<LeavesOut::wait>>(options), contains("is on its way there"));
        CHECK_THAT(stages.failure_of<twice_kernel<LeavesOut::all_barriers>>(options), contains("copy_async at"));
    }
}

TEST_CASE("emulator: a load after another warp's copy_wait needs a barrier of the block", "[simt]") {
    Stages stages; // in ascending order the copies have landed by then
    CHECK_THAT(stages.failure_of<one_way_kernel<LeavesOut::barrier>>({}),
               contains("without a barrier since the copy_wait of thread 0"));
    CHECK_THAT(stages.failure_of<one_way_kernel<LeavesOut::warp_barrier>>({}),
               contains("without a barrier since the copy_wait of thread 0"));
}

} // namespace dilascope
