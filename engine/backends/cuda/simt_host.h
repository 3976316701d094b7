#pragma once
// The hooks behind simt.cuh where no GPU runs a kernel: the emulator (tests/simt) defines them. Nothing in the engine
// itself calls them.
#include "engine/backends/cuda/index3.h"
#include <cstddef>
#include <cstdint>

namespace dilascope::simt {

// Where in the source a wrapper is called; a default argument fills it in.
struct Place {
    const char* file;
    int line;
    static constexpr Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
        return {file, line};
    }
};

namespace host {

// What a kernel's thread knows of itself.
struct ThreadView {
    Index3 thread, block, grid, block_size;
    std::byte* shared = nullptr; // the block's dynamic shared memory, 128-byte aligned
};
extern constinit thread_local const ThreadView* view; // of the thread that runs now

enum class Operand : std::uint8_t { f16, bf16, tf32 };

void barrier(Place place);
bool barrier_or(bool value, Place place);
void warp_barrier(Place place);
std::uint32_t shuffle(std::uint32_t value, int source_lane, Place place);
void copy_async(void* shared, const void* global, int bytes, bool is_valid, Place place);
void copy_commit();
void copy_wait(int groups_left);
void load_matrix(std::uint32_t* registers, int count, const void* row, bool is_transposed, Place place);
void multiply_add(Operand operand, float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                  Place place);
void add_global(float* to, const float* values, int count, Place place); // aligned to count·4 bytes
void add_global(std::uint64_t* to, std::uint64_t value, Place place);

std::uint16_t f16_bits(float value); // to nearest even; every NaN becomes 0x7fff, as cvt.rn makes it
std::uint16_t bf16_bits(float value);
std::uint32_t tf32_bits(float value); // to nearest, ties away from zero
float exp2_approx(float value);       // subnormal operands and results are zero
float log2_approx(float value);
float reciprocal_approx(float value);

} // namespace host
} // namespace dilascope::simt
