#pragma once
// What marks a function as device code. nvcc compiles kernels for a GPU; any other compiler compiles the same source as
// plain C++, which the emulator of tests/simt runs.

#ifdef __CUDACC__
#define KERNEL __global__
#define DEVICE __device__ __forceinline__
#define HOST_DEVICE __host__ __device__ __forceinline__
#define LAUNCH_BOUNDS(threads, blocks) __launch_bounds__(threads, blocks)
#else
#define KERNEL
#define DEVICE inline
#define HOST_DEVICE inline
#define LAUNCH_BOUNDS(threads, blocks)
#endif

// Kernels and the lists of them stand in `namespace dilascope::KERNEL_NAMESPACE`. A test program holds both what nvcc
// made of a source and what the emulator runs (its .cpp defines DILASCOPE_EMULATED and includes the .cu): two names.
#ifdef DILASCOPE_EMULATED
#define KERNEL_NAMESPACE inline emulated
#else
#define KERNEL_NAMESPACE inline compiled
#endif
