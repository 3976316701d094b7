#pragma once
// What the attention kernels are given: device addresses, shapes, and how rows leave.
#include "engine/backends/cuda/launch_arrays.h"
#include "engine/backends/merge.h"
#include "engine/dropout.h"

namespace dilascope {

// The LaunchPlan's arrays on the device.
struct LaunchView {
    const LaunchItem* items = nullptr;
    const LaunchTile* tiles = nullptr;
    const LaunchRun* runs = nullptr;
    const std::int32_t* row_offsets = nullptr;
    KeyTables keys;
    std::int32_t item_count = 0;
};

// Tensors are row-major, as in Problem; the kernel's blocks are items × batch elements.
struct TensorShape {
    std::int64_t seq_len = 0, kv_len = 0;
    std::int32_t heads = 0, kv_heads = 0, head_dim = 0;
    std::int32_t copy_unit = 16; // bytes: the largest of 16, 4, 2 that divides head_dim's bytes

    constexpr std::int64_t query_row(std::int64_t batch, std::int64_t position, std::int32_t head) const {
        return ((batch * seq_len + position - (kv_len - seq_len)) * heads + head) * head_dim;
    }
    constexpr std::int64_t key_row(std::int64_t batch, std::int64_t place, std::int32_t head) const {
        return ((batch * kv_len + place) * kv_heads + head / (heads / kv_heads)) * head_dim;
    }
    constexpr std::int64_t lse_row(std::int64_t batch, std::int64_t position, std::int32_t head) const {
        return (batch * heads + head) * seq_len + position - (kv_len - seq_len);
    }
};

struct DropoutParams {
    std::uint32_t threshold = 0; // Dropout::threshold(); 0: off
    float keep_scale = 1;
    std::uint64_t seed = 0;
};

struct ForwardParams {
    LaunchView plan;
    TensorShape shape;
    const void *q = nullptr, *k = nullptr, *v = nullptr;
    float *out = nullptr, *lse = nullptr;
    float scale_log2 = 1; // softmax_scale · log2(e)
    MergeRule merge;
    DropoutParams dropout;
    std::int32_t is_tf32 = 0; // f32 tensors in one product of tf32 operands instead of three
};

} // namespace dilascope
