#pragma once
// The instruction sets our Highway files are compiled for; include before any Highway header. The baseline of the
// compiler is always among them. Vectors of run-time length are left out: the kernels keep arrays of vectors.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)
