#pragma once
// What a kernel asks of the hardware, each as one wrapper with a device path (PTX) and a host path (the emulator's
// hooks). Kernels use these, plain C++ and nothing else of CUDA, so that the same source runs in tests without a GPU.
//
// Everything here needs sm_80. Warp wrappers (shuffle, load_matrix, multiply_add) are called by all 32 lanes together.
#include "engine/backends/cuda/device_code.h"
#include "engine/backends/cuda/index3.h"
#include <cstddef>
#include <cstdint>
#include <type_traits>
#ifndef __CUDACC__
#include "engine/backends/cuda/simt_host.h"
#include <bit>
#endif

namespace dilascope::simt {

#ifdef __CUDACC__
struct Place { // tells the emulator where a wrapper was called; nothing on a device
    __device__ static constexpr Place here() { return {}; }
};
#endif

// Element types of operands: 16-bit floats lie in pairs in a 32-bit register, the lower index in the lower half; tf32
// is a float whose lower 13 bits do not count.
struct F16 {};
struct BF16 {};
struct TF32 {};

// --- Where a thread is -----------------------------------------------------------------------------------------------

#ifdef __CUDACC__
DEVICE Index3 thread_index() { return {int(threadIdx.x), int(threadIdx.y), int(threadIdx.z)}; }
DEVICE Index3 block_index() { return {int(blockIdx.x), int(blockIdx.y), int(blockIdx.z)}; }
DEVICE Index3 grid_size() { return {int(gridDim.x), int(gridDim.y), int(gridDim.z)}; }
DEVICE Index3 block_size() { return {int(blockDim.x), int(blockDim.y), int(blockDim.z)}; }
#else
DEVICE Index3 thread_index() { return host::view->thread; }
DEVICE Index3 block_index() { return host::view->block; }
DEVICE Index3 grid_size() { return host::view->grid; }
DEVICE Index3 block_size() { return host::view->block_size; }
#endif
DEVICE int lane() { return thread_index().x % 32; } // blocks are one-dimensional
DEVICE int warp() { return thread_index().x / 32; }

// Start of the block's shared memory, 128-byte aligned. All of it is dynamic.
DEVICE std::byte* dynamic_shared() {
#ifdef __CUDACC__
    extern __shared__ __align__(128) std::byte block_shared[];
    return block_shared;
#else
    return host::view->shared;
#endif
}

// --- Meeting points --------------------------------------------------------------------------------------------------

// All threads of the block.
DEVICE void barrier([[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    __syncthreads();
#else
    host::barrier(place);
#endif
}

// As barrier(); true for all when any thread said true.
DEVICE bool barrier_or(bool value, [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    return __syncthreads_or(value);
#else
    return host::barrier_or(value, place);
#endif
}

// All lanes of the warp; what they wrote to memory before is seen by each after.
DEVICE void warp_barrier([[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    __syncwarp();
#else
    host::warp_barrier(place);
#endif
}

// The value of lane `source_lane` (mod 32). T: float, int32, uint32.
template <class T> DEVICE T shuffle(T value, int source_lane, [[maybe_unused]] Place place = Place::here()) {
    static_assert(sizeof(T) == 4);
#ifdef __CUDACC__
    return __shfl_sync(0xffffffffu, value, source_lane);
#else
    return std::bit_cast<T>(host::shuffle(std::bit_cast<std::uint32_t>(value), source_lane & 31, place));
#endif
}

// The value of lane `lane() ^ mask`.
template <class T> DEVICE T shuffle_xor(T value, int mask, [[maybe_unused]] Place place = Place::here()) {
    static_assert(sizeof(T) == 4);
#ifdef __CUDACC__
    return __shfl_xor_sync(0xffffffffu, value, mask);
#else
    return std::bit_cast<T>(host::shuffle(std::bit_cast<std::uint32_t>(value), lane() ^ (mask & 31), place));
#endif
}

// --- Asynchronous copies from global to shared memory ------------------------------------------------------------

#ifdef __CUDACC__
DEVICE std::uint32_t shared_address(const void* shared) { return std::uint32_t(__cvta_generic_to_shared(shared)); }
#endif

// Copies 4, 8 or 16 bytes, both addresses aligned to as many; writes zeros and reads nothing when !is_valid. They land
// some time before the copy_wait that covers them, and until then the target must not be read. 16 bytes pass by L1.
template <int Bytes>
DEVICE void copy_async(void* shared, const void* global, bool is_valid, [[maybe_unused]] Place place = Place::here()) {
    static_assert(Bytes == 4 || Bytes == 8 || Bytes == 16);
#ifdef __CUDACC__
    const std::uint32_t to = shared_address(shared);
    const std::size_t from = __cvta_generic_to_global(global);
    const int read_bytes = is_valid ? Bytes : 0;
    if constexpr (Bytes == 16)
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(read_bytes) : "memory");
    else
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;" ::"r"(to), "l"(from), "n"(Bytes), "r"(read_bytes)
                     : "memory");
#else
    host::copy_async(shared, global, Bytes, is_valid, place);
#endif
}

// The same of 16 bytes that are there: one instruction, where the choice of zeros takes four.
DEVICE void copy_async16(void* shared, const void* global, [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(shared_address(shared)),
                 "l"(__cvta_generic_to_global(global))
                 : "memory");
#else
    host::copy_async(shared, global, 16, true, place);
#endif
}

// Closes the group of this thread's copies since the last one.
DEVICE void copy_commit() {
#ifdef __CUDACC__
    asm volatile("cp.async.commit_group;" ::: "memory");
#else
    host::copy_commit();
#endif
}

// Waits until at most `Left` of this thread's newest groups have not landed; other threads need a barrier as well.
template <int Left> DEVICE void copy_wait() {
#ifdef __CUDACC__
    asm volatile("cp.async.wait_group %0;" ::"n"(Left) : "memory");
#else
    host::copy_wait(Left);
#endif
}

// --- Matrix operands from shared memory --------------------------------------------------------------------------

// 8×8 matrices of 16-bit elements. Lanes 8m … 8m+7 give the addresses of the rows of matrix m, each 16 bytes and
// 16-byte aligned; lane l receives in register m the elements (l/4, 2·(l%4)) and (l/4, 2·(l%4)+1).
DEVICE void load_matrix_x4(std::uint32_t (&r)[4], const void* row_of_lane,
                           [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row_of_lane))
                 : "memory");
#else
    host::load_matrix(r, 4, row_of_lane, false, place);
#endif
}

// Two matrices; the addresses of lanes 16 … 31 are not used.
DEVICE void load_matrix_x2(std::uint32_t (&r)[2], const void* row_of_lane,
                           [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(shared_address(row_of_lane))
                 : "memory");
#else
    host::load_matrix(r, 2, row_of_lane, false, place);
#endif
}

// Each matrix transposed: lane l receives the elements (2·(l%4), l/4) and (2·(l%4)+1, l/4).
DEVICE void load_matrix_x4_transposed(std::uint32_t (&r)[4], const void* row_of_lane,
                                      [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(shared_address(row_of_lane))
                 : "memory");
#else
    host::load_matrix(r, 4, row_of_lane, true, place);
#endif
}

DEVICE void load_matrix_x2_transposed(std::uint32_t (&r)[2], const void* row_of_lane,
                                      [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    asm volatile("ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%0, %1}, [%2];"
                 : "=r"(r[0]), "=r"(r[1])
                 : "r"(shared_address(row_of_lane))
                 : "memory");
#else
    host::load_matrix(r, 2, row_of_lane, true, place);
#endif
}

// --- Matrix products -------------------------------------------------------------------------------------------------

// c (16, 8) += a (16, K) · b (K, 8), K = 16 of F16 and BF16, 8 of TF32. With g = lane/4 and t = lane%4 a lane holds
//   c[0], c[1]: (g, 2t), (g, 2t+1)         c[2], c[3]: the same of row g+8
//   16-bit: a[0]: (g, 2t … 2t+1)   a[1]: row g+8   a[2], a[3]: the same, 8 columns on
//           b[0]: (2t … 2t+1, g)   b[1]: 8 rows on
//   TF32:   a[0]: (g, t)           a[1]: row g+8   a[2], a[3]: the same, 4 columns on
//           b[0]: (t, g)           b[1]: 4 rows on
template <class Element>
DEVICE void multiply_add(float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                         [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
#define DILASCOPE_MMA(shape_and_types)                                                                                 \
    asm volatile("mma.sync.aligned." shape_and_types                                                                   \
                 " {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"                                    \
                 : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])                                                      \
                 : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]))
    if constexpr (std::is_same_v<Element, F16>)
        DILASCOPE_MMA("m16n8k16.row.col.f32.f16.f16.f32");
    else if constexpr (std::is_same_v<Element, BF16>)
        DILASCOPE_MMA("m16n8k16.row.col.f32.bf16.bf16.f32");
    else
        DILASCOPE_MMA("m16n8k8.row.col.f32.tf32.tf32.f32");
#undef DILASCOPE_MMA
#else
    constexpr host::Operand operand = std::is_same_v<Element, F16>    ? host::Operand::f16
                                      : std::is_same_v<Element, BF16> ? host::Operand::bf16
                                                                      : host::Operand::tf32;
    host::multiply_add(operand, c, a, b, place);
#endif
}

// --- Conversions and approximations ------------------------------------------------------------------------------

// Two floats as 16-bit elements, rounded to nearest even. Element: F16, BF16.
template <class Element> DEVICE std::uint32_t pack(float low, float high) {
    constexpr bool is_f16 = std::is_same_v<Element, F16>;
    static_assert(is_f16 || std::is_same_v<Element, BF16>);
#ifdef __CUDACC__
    std::uint32_t bits;
    if constexpr (is_f16)
        asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
    else
        asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
    return bits;
#else
    const auto bits = [](float value) { return is_f16 ? host::f16_bits(value) : host::bf16_bits(value); };
    return std::uint32_t(bits(high)) << 16 | bits(low);
#endif
}

// A float as a TF32 operand, rounded to nearest, ties away from zero.
DEVICE std::uint32_t tf32_bits(float value) {
#ifdef __CUDACC__
    std::uint32_t bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return bits;
#else
    return host::tf32_bits(value);
#endif
}

DEVICE float float_from_bits(std::uint32_t bits) {
#ifdef __CUDACC__
    return __uint_as_float(bits);
#else
    return std::bit_cast<float>(bits);
#endif
}

DEVICE std::uint32_t bits_from_float(float value) {
#ifdef __CUDACC__
    return __float_as_uint(value);
#else
    return std::bit_cast<std::uint32_t>(value);
#endif
}

// 2^value to a relative 2⁻²²; subnormal operands and results are zero.
DEVICE float exp2_approx(float value) {
#ifdef __CUDACC__
    float result;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(value));
    return result;
#else
    return host::exp2_approx(value);
#endif
}

// log₂ to an absolute 2⁻²² in 0.5 … 2 and a relative 2⁻²² elsewhere; −inf of zero.
DEVICE float log2_approx(float value) {
#ifdef __CUDACC__
    float result;
    asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(value));
    return result;
#else
    return host::log2_approx(value);
#endif
}

// 1 / value within one unit of the last place; subnormals are zero.
DEVICE float reciprocal_approx(float value) {
#ifdef __CUDACC__
    float result;
    asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(result) : "f"(value));
    return result;
#else
    return host::reciprocal_approx(value);
#endif
}

// --- Sums in global memory ---------------------------------------------------------------------------------------

// Adds atomically, in any order.
DEVICE void add_global(float* to, float value, [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    asm volatile("red.relaxed.gpu.global.add.f32 [%0], %1;" ::"l"(__cvta_generic_to_global(to)), "f"(value) : "memory");
#else
    host::add_global(to, &value, 1, place);
#endif
}

// The same of integers, whose sum is the same in any order.
DEVICE void add_global(std::uint64_t* to, std::uint64_t value, [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
    asm volatile("red.relaxed.gpu.global.add.u64 [%0], %1;" ::"l"(__cvta_generic_to_global(to)), "l"(value) : "memory");
#else
    host::add_global(to, value, place);
#endif
}

// Two neighbours, `to` aligned to 8 bytes; one transaction on sm_90.
DEVICE void add_global2(float* to, float first, float second, [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
#if __CUDA_ARCH__ >= 900
    asm volatile("red.relaxed.gpu.global.add.v2.f32 [%0], {%1, %2};" ::"l"(__cvta_generic_to_global(to)), "f"(first),
                 "f"(second)
                 : "memory");
#else
    add_global(to, first);
    add_global(to + 1, second);
#endif
#else
    const float values[2] = {first, second};
    host::add_global(to, values, 2, place);
#endif
}

// Four neighbours, `to` aligned to 16 bytes; one transaction on sm_90.
DEVICE void add_global4(float* to, const float (&values)[4], [[maybe_unused]] Place place = Place::here()) {
#ifdef __CUDACC__
#if __CUDA_ARCH__ >= 900
    asm volatile("red.relaxed.gpu.global.add.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)),
                 "f"(values[0]), "f"(values[1]), "f"(values[2]), "f"(values[3])
                 : "memory");
#else
    for (int index = 0; index < 4; ++index) add_global(to + index, values[index]);
#endif
#else
    host::add_global(to, values, 4, place);
#endif
}

} // namespace dilascope::simt
