// The engine's kernels compiled as C++, for the emulator.
#include "engine/backends/cuda/backward_bf16.cu"
#include "engine/backends/cuda/backward_f16.cu"
#include "engine/backends/cuda/backward_f32.cu"
#include "engine/backends/cuda/forward_bf16.cu"
#include "engine/backends/cuda/forward_f16.cu"
#include "engine/backends/cuda/forward_f32.cu"
#include "engine/backends/cuda/permute.cu"
#include "engine/backends/cuda/rows.cu"
