#pragma once
// The emulator runs a kernel's own source on the host, one fiber per CUDA thread, and finds what a GPU would not say.
//
// What it checks
//   shared memory  starts as not-a-numbers; writes past its ends are found when the block is done, reads give poison
//                  there (under the address sanitizer both stop at once)
//   copy_async     data lands at the last moment the rules allow: in the copy_wait that covers it. Until then its
//   target
//                  is poison. Addresses must be aligned, inside shared memory and, when `memory` is given, inside it
//   missing waits  between copy_async and load_matrix: in every order of threads
//   meeting points all lanes (or all threads) must come to the same one, in the same line of source; a thread that has
//                  left the kernel, or waits elsewhere, is an error that names both places
//   missing barriers around plain loads and stores show as wrong results in some order of threads: run at least
//                  ascending and descending. A thread runs from one meeting point to the next without interruption, so
//                  a race between two threads is seen only if what one of them reads depends on which of them runs
//                  first
// What it cannot see
//   plain accesses to global memory: out of bounds, into freed memory or misaligned. Build with address,undefined,
//   which
//                  stops at them, in memory of an EmulatedApi too
//   plain accesses to shared memory: their bank conflicts; and races that come out alike in every order that was run
//   between blocks blocks do not run side by side unless `block_threads` says so, and a kernel that waits for another
//                  block hangs; a plain write that two blocks share is a race only to the thread sanitizer
//   order of memory all that a thread writes is seen by all at once; __syncthreads and fences of a device do more
//   numbers        the tensor cores' own order and rounding of sums, and the last bits of ex2, lg2 and rcp
//   the device     registers and spills, occupancy, lanes that diverge, time
#include "engine/backends/cuda/index3.h"
#include "engine/backends/cuda/kernel_entry.h"
#include "engine/result.h"
#include <cstdint>
#include <span>

namespace dilascope::simt {

enum class ThreadOrder : std::uint8_t {
    ascending,  // always the lowest thread that can run; blocks in order
    descending, // the highest; blocks in reverse
    shuffled    // any, by the seed; also leaves a thread where it need not
};

struct MemoryRange {
    const void* data = nullptr;
    std::size_t bytes = 0;
};

struct RunOptions {
    ThreadOrder order = ThreadOrder::ascending;
    std::uint64_t seed = 1;
    int block_threads = 1;                    // threads of the host that run blocks side by side
    std::span<const MemoryRange> memory = {}; // global memory that copy_async and add_global may touch; empty: all
};

struct LaunchShape {
    Index3 grid;          // blocks
    int threads = 32;     // of one block: 32, 64 … 1024
    int shared_bytes = 0; // of one block
};

// What the run did, summed over all blocks; lanes of a warp together count once.
struct RunCounts {
    std::int64_t multiply_adds = 0;
    std::int64_t matrix_loads = 0;      // 8×8 matrices
    std::int64_t matrix_wavefronts = 0; // 128-byte reads they take; more than matrix_loads means bank conflicts
    std::int64_t copied_bytes = 0;      // by copy_async from global memory
    std::int64_t barriers = 0;          // of blocks
    std::int64_t steps = 0;             // meeting points × lanes
    void add(const RunCounts& other);
};

// Error: `kernel "x", block (1, 0, 0), thread 37: …` of the first check that failed; blocks after it are not run.
Result<RunCounts> run(const KernelEntry& kernel, const LaunchShape& shape, const void* params, std::size_t params_bytes,
                      const RunOptions& options = {});
template <class Params>
Result<RunCounts> run(const KernelEntry& kernel, const LaunchShape& shape, const Params& params,
                      const RunOptions& options = {}) {
    return run(kernel, shape, &params, sizeof(Params), options);
}

} // namespace dilascope::simt
