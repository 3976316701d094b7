#pragma once
// Gemm: matrix products, C = alpha·op(A)·op(B) + beta·C + bias. The one seam to the libraries that multiply: oneDNN on
// the CPU (cpu_gemm.h), cuBLASLt on a GPU (cuda_gemm.h). Whatever the type of A and B, sums are of f32 and C is f32;
// f32 inputs are never rounded to fewer bits.
#include "engine/backends/backend.h"
#include "engine/dtype.h"
#include "engine/result.h"
#include <array>
#include <cstdint>

namespace dilascope {

enum class MatrixOp : std::uint8_t { plain, transposed };

// Matrices are row-major; the leading dimension is the distance of rows in elements. C overlaps neither A nor B.
struct GemmCall {
    std::int64_t rows = 0, columns = 0; // of C
    std::int64_t inner = 0;             // columns of op(A), rows of op(B)
    Dtype dtype = Dtype::f32;           // of A and B: f32, f16 or bf16
    const void* a = nullptr;            // (rows, inner), or (inner, rows) when transposed
    const void* b = nullptr;            // (inner, columns), or (columns, inner) when transposed
    float* c = nullptr;                 // (rows, columns)
    MatrixOp a_op = MatrixOp::plain, b_op = MatrixOp::plain;
    std::int64_t a_stride = 0, b_stride = 0, c_stride = 0; // leading dimensions; 0: rows lie side by side
    std::int64_t batch = 1;
    std::int64_t a_batch_stride = 0, b_batch_stride = 0; // elements between matrices; 0: all use the same one
    std::int64_t c_batch_stride = 0;                     // 0 only for a batch of one
    float alpha = 1, beta = 0;                           // beta 0: C is not read, whatever it holds
    const float* bias = nullptr;                         // (columns), added to every row of every C; may be null
};

// `call` with its leading dimensions filled in. Error when a size, stride, type or pointer is out of its range.
Result<GemmCall> complete(const GemmCall& call);

// All of a call but its pointers, alpha and beta, and whether it has a bias: what libraries prepare a product for.
using GemmShapeKey = std::array<std::int64_t, 14>;
GemmShapeKey shape_key(const GemmCall& call);

class Gemm {
public:
    virtual ~Gemm() = default;
    virtual std::string_view name() const = 0;             // "onednn", "cublaslt"
    virtual KernelChoice choose(const GemmCall& call) = 0; // what run() would do, and why
    virtual Result<void> run(const GemmCall& call) = 0;
};

} // namespace dilascope
