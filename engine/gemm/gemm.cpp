#include "engine/gemm/gemm.h"
#include <fmt/format.h>

namespace dilascope {

namespace {

Result<void> check_at_least(const char* what, std::int64_t found, std::int64_t least) {
    if (found >= least) return {};
    return fail(fmt::format("gemm: {} is {}; expected at least {}", what, found, least));
}

// Fills in a leading dimension, or checks it against the columns it must span.
Result<void> complete_stride(const char* what, std::int64_t& stride, std::int64_t columns) {
    if (stride == 0) stride = columns;
    return check_at_least(what, stride, columns);
}

} // namespace

Result<GemmCall> complete(const GemmCall& call) {
    GemmCall full = call;
    TRY(check_at_least("rows", full.rows, 1));
    TRY(check_at_least("columns", full.columns, 1));
    TRY(check_at_least("inner", full.inner, 1));
    TRY(check_at_least("batch", full.batch, 1));
    TRY(check_at_least("a_batch_stride", full.a_batch_stride, 0));
    TRY(check_at_least("b_batch_stride", full.b_batch_stride, 0));
    TRY(complete_stride("a_stride", full.a_stride, full.a_op == MatrixOp::plain ? full.inner : full.rows));
    TRY(complete_stride("b_stride", full.b_stride, full.b_op == MatrixOp::plain ? full.columns : full.inner));
    TRY(complete_stride("c_stride", full.c_stride, full.columns));
    // Matrices C of a batch must not share elements.
    if (full.batch > 1)
        TRY(check_at_least("c_batch_stride", full.c_batch_stride, (full.rows - 1) * full.c_stride + full.columns));
    if (full.dtype == Dtype::f64) return fail("gemm: dtype is f64; expected f32, f16 or bf16");
    if (!full.a || !full.b || !full.c) return fail("gemm: a, b or c is null; expected three matrices");
    return full;
}

GemmShapeKey shape_key(const GemmCall& call) {
    return {call.rows,
            call.columns,
            call.inner,
            std::int64_t(call.dtype),
            std::int64_t(call.a_op),
            std::int64_t(call.b_op),
            call.a_stride,
            call.b_stride,
            call.c_stride,
            call.batch,
            call.a_batch_stride,
            call.b_batch_stride,
            call.c_batch_stride,
            call.bias != nullptr};
}

} // namespace dilascope
