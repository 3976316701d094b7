#pragma once
// VECTOR_CLONES: compiles a plain loop once more for each wider instruction set; the loader picks one. For loops that
// the compiler vectorises by itself; kernels that need intrinsics go through Highway (backends/cpu).
#if defined(__x86_64__) && defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
#else
#define VECTOR_CLONES
#endif
