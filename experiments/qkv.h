#pragma once
// Qkv: the inputs of one attention call in the engine's layout, from a file or from a seeded generator.
#include "engine/backends/backend.h"
#include "engine/problem.h"
#include "experiments/tensor.h"
#include <filesystem>
#include <memory>
#include <optional>

namespace dilascope {

enum class Layout : std::uint8_t { bnhd, bhnd };
constexpr auto enum_names(Layout) { return std::array<std::string_view, 2>{"bnhd", "bhnd"}; }

struct Qkv {
    Problem problem;                   // shapes of what is held; causal and scale as default
    Buffer<float> q, k, v;             // (B,N,H,D), (B,M,G,D), (B,M,G,D)
    std::optional<Buffer<float>> dout; // (B,N,H,D), when the file has one
    std::string source;                // "minilm_layer3.safetensors" or "gaussian seed=1234"
};

// Tensors q, k, v (also query/key/value, or names ending in them; rank 3 reads as batch 1). Errors: missing tensor
// (names listed), wrong rank, shapes that disagree, heads that do not divide, non-finite values (how many, the first
// index).
Result<Qkv> load_qkv(const std::filesystem::path& path, Layout layout = Layout::bnhd);

// Standard normal values, the same on every machine for the same seed and shapes. A long sequence takes seconds:
// `cancel` ends it with an error.
Result<Qkv> generate_qkv(const Problem& problem, std::uint64_t seed, const CancelFlag* cancel = nullptr);

// The first seq_len tokens (and as many keys fewer) and first `heads` heads of `whole`; error when it holds fewer.
Result<Qkv> slice_qkv(const Qkv& whole, std::int64_t seq_len, std::int64_t heads);

// The values as elements of `dtype`; error when a finite one becomes infinite. `name` is the tensor's.
Result<Buffer<std::byte>> stored_as(const Buffer<float>& values, Dtype dtype, std::string_view name);

// Rounds q, k and v to numbers that `dtype` holds; error as above.
Result<void> round_qkv(Qkv& qkv, Dtype dtype);

// A gradient of the output, (B,N,H,D): standard normal values of the same generator.
Result<void> generate_dout(Qkv& qkv, std::uint64_t seed, const CancelFlag* cancel = nullptr);

} // namespace dilascope
