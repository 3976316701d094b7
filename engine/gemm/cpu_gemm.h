#pragma once
// Matrix products on the CPU by oneDNN, with OpenMP as the cpu backend. Pointers are the host's.
//
// Why inputs may be widened: oneDNN multiplies f16 and bf16 only on CPUs with AVX-512 or AMX, and elsewhere refuses or
// falls to a loop that is a hundred times slower. There A and B become f32 first: their values are f32 values, so the
// result is the same sum of f32 products. choose() says so. A sum with alpha other than 1 is widened everywhere.
#include "engine/gemm/gemm.h"

namespace dilascope {

Gemm& cpu_gemm(); // may be used from several threads

} // namespace dilascope
