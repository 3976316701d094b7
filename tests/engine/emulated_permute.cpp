// The permutation kernels for the emulator.
#include "engine/backends/cuda/permute.cu"
