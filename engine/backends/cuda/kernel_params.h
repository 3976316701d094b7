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

// What a block of threads keeps of its item.
struct ItemHeader {
    std::int64_t key_shift = 0, batch = 0;
    std::int32_t head = 0, count = 0; // rows
    std::int32_t runs_begin = 0, run_count = 0;
    std::int32_t key_count = 0, full_key_count = 0;
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
};

// Where a block of the backward kernel adds its keys' gradients. One unit of items to a block: its items follow each
// other, so sums into memory that only this unit has come in one order.
struct LaunchUnit {
    std::int64_t first_key = 0;    // the key whose gradient stands at dk[0] and dv[0]
    std::int64_t gradients_at = 0; // of dk and dv: elements from BackwardParams::dk and dv
    std::int64_t key_step = 0;     // elements from one key's gradient to the next
    std::int64_t batch = 0;
    std::int32_t item_begin = 0, item_end = 0;
};

struct BackwardParams {
    LaunchView plan;
    TensorShape shape;
    const LaunchUnit* units = nullptr; // null: a block for each item and batch element, sums in any order
    const void *q = nullptr, *k = nullptr, *v = nullptr;
    const void* dout = nullptr;              // (B,N,H,D) of q's type
    const float *lse = nullptr;              // (B,H,N) natural log; −∞ where a row saw no key
    const float *delta = nullptr;            // (B,H,N) rowsum(dout ∘ out)
    float *dq = nullptr;                     // (B,N,H,D)
    float *dk = nullptr, *dv = nullptr;      // added to; places as in k and v where units is null
    float scale_log2 = 1, scale = 1;
    std::int32_t adds_to_dq = 0;             // later passes add to what earlier ones left
    DropoutParams dropout;
};

} // namespace dilascope
