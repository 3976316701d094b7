#pragma once
// What the tensor cores and ldmatrix do for a warp, by the fragment layouts of the PTX ISA.
#include "engine/backends/cuda/simt_host.h"

namespace dilascope::simt {

// The registers of one lane.
struct MultiplyLane {
    float* c = nullptr;               // 4
    const std::uint32_t* a = nullptr; // 4
    const std::uint32_t* b = nullptr; // 2
};
struct LoadLane {
    std::uint32_t* registers = nullptr; // one for each matrix
    const void* row = nullptr;
};

// mma.m16n8k16 (f16, bf16) or .m16n8k8 (tf32): products are exact, sums are cut off as tensor cores cut them.
void multiply_warp(host::Operand operand, const MultiplyLane* const (&lanes)[32]);
// ldmatrix of `count` matrices.
void load_warp(int count, bool is_transposed, const LoadLane* const (&lanes)[32]);
// 128-byte reads that its rows take: rows of one matrix in the same 16 bytes of the 128 of all banks take turns.
int load_wavefronts(int count, const LoadLane* const (&lanes)[32]);

} // namespace dilascope::simt
