#pragma once
// Problem: the shapes of one attention call. Tensors are row-major (batch, token, head, head_dim).
#include "engine/dtype.h"
#include "engine/result.h"
#include "engine/visit.h"
#include <array>
#include <cmath>
#include <cstdint>
#include <string_view>

namespace dilascope {

struct Problem {
    std::int64_t batch = 1;      // B ≥ 1
    std::int64_t seq_len = 1024; // N ≥ 1, queries
    std::int64_t kv_len = 1024;  // M ≥ N, keys; query n stands at position n + M − N (the queries are the last N)
    std::int64_t heads = 1;      // H ≥ 1
    std::int64_t kv_heads = 1;   // G ≥ 1, divides H; query head h reads key head h / (H/G)
    std::int64_t head_dim = 64;  // D, 1 … 256
    Dtype dtype = Dtype::f32;    // of q, k, v
    bool is_tf32 = false;        // q, k, v are f32, but products may round what they multiply to 10 bits of mantissa
    bool causal = false;         // keys at positions after the query's are excluded
    double scale = 0;            // of the scores; 0 means 1/sqrt(head_dim)

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"batch", "Independent sequences", "", 1, 1 << 20}, self.batch);
        v(Field{"seq_len", "Query tokens, N", "tokens", 1, 0x1p40}, self.seq_len);
        v(Field{"kv_len", "Key tokens, M ≥ N; the queries are the last N of the M positions", "tokens", 1, 0x1p40},
          self.kv_len);
        v(Field{"heads", "Query heads, H", "", 1, 4096}, self.heads);
        v(Field{"kv_heads", "Key/value heads, G; divides heads", "", 1, 4096}, self.kv_heads);
        v(Field{"head_dim", "Width of one head, D", "", 1, 256}, self.head_dim);
        v(Field{"dtype", "Element type of q, k and v"}, self.dtype);
        v(Field{"is_tf32", "f32 tensors multiplied as tf32"}, self.is_tf32);
        v(Field{"causal", "Exclude keys after the query"}, self.causal);
        v(Field{"scale", "Score scale; 0 means 1/sqrt(head_dim)"}, self.scale);
    }
    friend bool operator==(const Problem&, const Problem&) = default;
};

// A problem whose keys are its queries' tokens (M = N) and every head has its own keys (G = H).
Problem self_attention(std::int64_t seq_len, std::int64_t heads, std::int64_t head_dim, bool causal = false);

// What the user calls a problem's dtype: that of its tensors, or tf32.
inline constexpr std::array<std::string_view, 4> element_names = {"f32", "f16", "bf16", "tf32"};
Result<void> set_elements(Problem& problem, std::string_view name); // sets dtype and is_tf32
std::string_view element_name(const Problem& problem);

// Error when a size is out of range, kv_heads does not divide heads, or kv_len < seq_len.
Result<void> validate(const Problem& problem);

inline double softmax_scale(const Problem& p) { return p.scale != 0 ? p.scale : 1.0 / std::sqrt(double(p.head_dim)); }
inline std::int64_t query_position(const Problem& p, std::int64_t q) { return q + p.kv_len - p.seq_len; }
inline std::int64_t kv_head(const Problem& p, std::int64_t head) { return head / (p.heads / p.kv_heads); }

// Pairs of one head that the problem allows: N·M, or those with key position ≤ query position when causal.
std::int64_t allowed_pairs(const Problem& problem);

// Element offsets and counts; q, out: (B,N,H,D); k, v: (B,M,G,D); lse: (B,H,N).
inline std::int64_t query_offset(const Problem& p, std::int64_t b, std::int64_t n, std::int64_t h) {
    return ((b * p.seq_len + n) * p.heads + h) * p.head_dim;
}
inline std::int64_t key_offset(const Problem& p, std::int64_t b, std::int64_t m, std::int64_t g) {
    return ((b * p.kv_len + m) * p.kv_heads + g) * p.head_dim;
}
inline std::int64_t lse_offset(const Problem& p, std::int64_t b, std::int64_t h, std::int64_t n) {
    return (b * p.heads + h) * p.seq_len + n;
}
inline std::int64_t lse_offset_of_query(const Problem& p, std::int64_t query_offset) {
    const std::int64_t row = query_offset / p.head_dim, token = row / p.heads; // (b·N + n)·H + h, b·N + n
    return lse_offset(p, token / p.seq_len, row % p.heads, token % p.seq_len);
}
inline std::int64_t query_elements(const Problem& p) { return p.batch * p.seq_len * p.heads * p.head_dim; }
inline std::int64_t key_elements(const Problem& p) { return p.batch * p.kv_len * p.kv_heads * p.head_dim; }
inline std::int64_t lse_elements(const Problem& p) { return p.batch * p.heads * p.seq_len; }

} // namespace dilascope
