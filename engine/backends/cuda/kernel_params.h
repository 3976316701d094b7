#pragma once
// What the attention kernels are given: device addresses, shapes, and how rows leave.
#include "engine/backends/cuda/launch_arrays.h"
#include "engine/backends/merge.h"
#include "engine/dropout.h"
#include "engine/dtype.h"

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
    // From one key of a head to the next.
    constexpr std::int64_t key_step() const { return std::int64_t(kv_heads) * head_dim; }
    constexpr std::int64_t lse_row(std::int64_t batch, std::int64_t position, std::int32_t head) const {
        return (batch * heads + head) * seq_len + position - (kv_len - seq_len);
    }
};

// Where the keys of a block lie, when they lie on a line: element offsets from k and v.
struct alignas(16) BlockLine {
    std::int64_t offset = 0; // of the first
    std::int32_t step = 0;   // from one key to the next; 0: no line
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

// A slice of the items of one key head, for a deterministic backward: one block of threads works them off in order and
// adds to copies of dk and dv that only it has.
struct LaunchUnit {
    std::int64_t first_key = 0, end_key = 0; // keys of the batch element that the copies hold, (keys, D)
    std::int64_t gradients_at = 0;           // where they start in the buffer of dk's copies, and of dv's
    std::int64_t batch = 0;
    std::int32_t item_begin = 0, item_end = 0;
};

struct BackwardParams {
    LaunchView plan;
    TensorShape shape;
    const LaunchUnit* units = nullptr; // null: a block for each item and batch element, sums in any order
    const void *q = nullptr, *k = nullptr, *v = nullptr;
    const void* dout = nullptr;         // (B,N,H,D) of q's type
    const float* lse = nullptr;         // (B,H,N) natural log; −∞ where a row saw no key
    const float* delta = nullptr;       // (B,H,N) rowsum(dout ∘ out)
    float* dq = nullptr;                // (B,N,H,D)
    float *dk = nullptr, *dv = nullptr; // added to; places as in k and v where units is null
    float scale_log2 = 1, scale = 1;
    std::int32_t adds_to_dq = 0; // later passes add to what earlier ones left
    DropoutParams dropout;
};

struct FillParams {
    float* to = nullptr;
    std::int64_t count = 0;
    float value = 0;
};

// What backward needs of each row of a pass.
struct GradientRowsParams {
    TensorShape shape;
    const float *dout = nullptr, *out = nullptr; // (B,N,H,D); out of the pass
    const float* lse = nullptr;                  // (B,H,N) of the pass
    const float* joint_lse = nullptr;            // of all passes: shares are exp(lse − joint); null: `weight` for all
    float weight = 1;
    Dtype dtype = Dtype::f32;
    void* dout_elements = nullptr; // (B,N,H,D) of that type
    float* delta = nullptr;        // (B,H,N)
    std::int64_t row_count = 0;    // B·N·H
};

// dk and dv += the copies of all units.
struct SumCopiesParams {
    TensorShape shape;
    const LaunchUnit* units = nullptr;
    const std::int32_t* lane_begin = nullptr; // (B·G + 1): the units of each key head, in order
    const float *dk_copies = nullptr, *dv_copies = nullptr;
    float *dk = nullptr, *dv = nullptr; // (B,M,G,D)
    std::int64_t element_count = 0;
};

} // namespace dilascope
