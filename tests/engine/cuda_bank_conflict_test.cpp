// How shared memory is read: the swizzle of the kernels' tiles leaves no bank conflicts to ldmatrix.
#include "tests/catch.h"
#include "tests/engine/emulated_cuda.h"
#include "tests/engine/sweep.h"

namespace dilascope {

TEST_CASE("cuda's kernels load matrices without bank conflicts", "[cuda]") {
    for (const std::int64_t head_dim : {32, 64, 128, 256})
        for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
            EmulatedCuda cuda;
            Problem problem = self_attention(130, 1, head_dim);
            problem.dtype = dtype;
            AttentionCase c(parse_pattern("longnet segments=64,256 rates=1,2").value(), problem, 3);
            REQUIRE(cuda.backend.forward(c.call()));
            const simt::RunCounts forward = cuda.counts;
            REQUIRE(cuda.backend.backward(c.gradient_call()));
            INFO("D = " << head_dim);
            CHECK(forward.matrix_loads > 0);
            CHECK(forward.matrix_wavefronts == forward.matrix_loads);
            CHECK(cuda.counts.matrix_loads > forward.matrix_loads);
            CHECK(cuda.counts.matrix_wavefronts == cuda.counts.matrix_loads);
        }
}

} // namespace dilascope
