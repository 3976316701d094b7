#pragma once
// Token rows of a tensor into another order, or back: a copy whose rows are looked up in a table.
//
//   floor       (2·B·N·row bytes + 4·N) / memory bandwidth: each row is read and written once, the table read once (its
//               other reads hit L1 and L2). One of q, k, v at N = 2^20, H = 12, D = 64, bf16 is 3.2 GB: 0.96 ms at the
//               3.35 TB/s of an H100's data sheet
//   both ways   neighbouring threads move neighbouring words of a row, and a warp goes on with the next row where one
//               ends. A row is read and written in whole sectors of 32 bytes if its bytes are a multiple of 32
//   under way   four words a thread: 16 bytes × 4 × 1024 threads is 64 KB a multiprocessor. Bandwidth × latency of an
//               H100 asks for some 15 KB; words of 2 bytes have 8
//   arithmetic  some 60 PTX instructions a word, two of them divisions that are the same for a whole block. In the time
//               that memory takes for the words of a warp an H100 issues 280 instructions at 16 bytes, 140 at 8, 70 at
//               4 and 35 at 2 (odd H·D of 16-bit elements): the last two are bound by arithmetic
//
// Measured on an H100 of 3.35 TB/s: rows of 1024 bytes along a Hilbert curve at 2.94 TB/s, where a copy of 1 GB by the
// runtime reaches 2.43. Not measured: rows shorter than 128 bytes, predicted to be the slower the less of a DRAM burst
// of 64 bytes they fill, unless the order is local, as Hilbert's is; then L2 joins the halves.
#include "engine/backends/cuda/kernel_entry.h"
#include "engine/backends/cuda/permute.h"
#include "engine/backends/cuda/simt.cuh"

namespace dilascope::KERNEL_NAMESPACE {

// So aligned that it moves in one instruction.
template <int Bytes> struct alignas(Bytes) PermuteWord {
    using Part = std::conditional_t<Bytes == 2, std::uint16_t, std::uint32_t>;
    Part parts[Bytes / sizeof(Part)];
};

template <int Bytes> KERNEL LAUNCH_BOUNDS(permute_threads, 4) void permute_kernel(const PermuteParams params) {
    using Word = PermuteWord<Bytes>;
    const auto* from = static_cast<const Word*>(params.from);
    auto* to = static_cast<Word*>(params.to);
    const bool is_gather = params.direction == PermuteDirection::gather;
    // Three loops, so that all reads of the table are under way before the first is waited for, and then all of the
    // rows.
    std::int64_t sources[permute_depth], targets[permute_depth]; // −1: none
#pragma unroll
    for (int step = 0; step < permute_depth; ++step) {
        const int slot = step * permute_threads + simt::thread_index().x;
        const PermutePlace place = permute_place(params, simt::block_index().x, slot);
        const std::int64_t token = params.token_of_rank[place.is_inside ? place.rank : 0];
        sources[step] = place.is_inside ? place.offset(is_gather ? token : place.rank, params) : -1;
        targets[step] = place.offset(is_gather ? place.rank : token, params);
    }
    Word words[permute_depth];
#pragma unroll
    for (int step = 0; step < permute_depth; ++step)
        if (sources[step] >= 0) words[step] = from[sources[step]];
#pragma unroll
    for (int step = 0; step < permute_depth; ++step)
        if (sources[step] >= 0) to[targets[step]] = words[step];
}

} // namespace dilascope::KERNEL_NAMESPACE
