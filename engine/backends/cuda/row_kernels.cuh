#pragma once
// Kernels over whole tensors around the attention kernels, each at the speed of memory: constants, what backward needs
// of each row, and the sums of the copies that a deterministic backward adds to.
#include "engine/backends/cuda/kernel_entry.h"
#include "engine/backends/cuda/kernel_params.h"
#include "engine/backends/cuda/simt.cuh"
#include "engine/dtype.h"
#include "engine/infinity.h"
#include <cmath>

namespace dilascope::KERNEL_NAMESPACE {

using namespace simt;

// to[0 … count) = value.
KERNEL void fill_kernel(const FillParams params) {
    const std::int64_t step = std::int64_t(grid_size().x) * block_size().x;
    for (std::int64_t at = std::int64_t(block_index().x) * block_size().x + thread_index().x; at < params.count;
         at += step)
        params.to[at] = params.value;
}

// Writes one element of a tensor of the type.
DEVICE void store_element(void* to, std::int64_t at, Dtype dtype, float value) {
    if (dtype == Dtype::f32)
        static_cast<float*>(to)[at] = value;
    else
        static_cast<std::uint16_t*>(to)[at] =
            std::uint16_t(dtype == Dtype::f16 ? pack<F16>(value, 0) : pack<BF16>(value, 0));
}

// A warp a row of one batch element, token and head: dout times the row's share as elements of q's type, and
// Δ = Σ_d share·dout·out.
KERNEL void gradient_rows_kernel(const GradientRowsParams params) {
    const TensorShape& shape = params.shape;
    const std::int64_t row = std::int64_t(block_index().x) * (block_size().x / 32) + warp();
    if (row >= params.row_count) return;
    const std::int64_t head = row % shape.heads, token = row / shape.heads, batch = token / shape.seq_len;
    const std::int64_t lse_at = (batch * shape.heads + head) * shape.seq_len + token % shape.seq_len;
    const float lse = params.lse[lse_at];
    float share = params.weight;
    if (lse == minus_infinity)
        share = 0;
    else if (params.joint_lse)
        share = float(std::exp(double(lse) - double(params.joint_lse[lse_at])));
    float delta = 0;
    for (int d = lane(); d < shape.head_dim; d += 32) {
        const float value = share * params.dout[row * shape.head_dim + d];
        delta = fmaf(value, params.out[row * shape.head_dim + d], delta);
        store_element(params.dout_elements, row * shape.head_dim + d, params.dtype, value);
    }
    for (int mask = 16; mask > 0; mask /= 2) delta += shuffle_xor(delta, mask);
    if (lane() == 0) params.delta[lse_at] = delta;
}

// A thread an element of dk and dv: adds its copies in the order of the units, which is the same in every run.
KERNEL void sum_copies_kernel(const SumCopiesParams params) {
    const TensorShape& shape = params.shape;
    const std::int64_t row_elements = std::int64_t(shape.kv_heads) * shape.head_dim;
    const std::int64_t at = std::int64_t(block_index().x) * block_size().x + thread_index().x;
    if (at >= params.element_count) return;
    const std::int64_t token = at / row_elements, batch = token / shape.kv_len, key = token % shape.kv_len;
    const std::int64_t head = at % row_elements / shape.head_dim, d = at % shape.head_dim;
    const std::int64_t lane_index = batch * shape.kv_heads + head;
    float dk = params.dk[at], dv = params.dv[at];
    for (std::int32_t index = params.lane_begin[lane_index]; index < params.lane_begin[lane_index + 1]; ++index) {
        const LaunchUnit& unit = params.units[index];
        if (key < unit.first_key || key >= unit.end_key) continue;
        const std::int64_t from = unit.gradients_at + (key - unit.first_key) * shape.head_dim + d;
        dk += params.dk_copies[from], dv += params.dv_copies[from];
    }
    params.dk[at] = dk, params.dv[at] = dv;
}

} // namespace dilascope::KERNEL_NAMESPACE
