#include "experiments/qkv.h"
#include "engine/dtype_convert.h"
#include "experiments/element_type.h"
#include "experiments/gaussian.h"
#include "experiments/qkv_role.h"
#include "experiments/tensor_file.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace dilascope {

namespace {

struct Extents {
    std::int64_t batch = 1, tokens = 1, heads = 1, head_dim = 1;
    friend bool operator==(const Extents&, const Extents&) = default;
};

// "(0, 17, 3, 5)" of a flat index.
std::string index_text(std::int64_t flat, const std::vector<std::int64_t>& shape) {
    std::vector<std::int64_t> index(shape.size());
    for (std::size_t axis = shape.size(); axis-- > 0; flat /= shape[axis]) index[axis] = flat % shape[axis];
    return shape_text(index);
}

Result<void> check_finite(const HostTensor& tensor, std::string_view subject) {
    const auto is_finite = [](float value) { return std::isfinite(value); };
    float* const first = std::find_if_not(tensor.values.begin(), tensor.values.end(), is_finite);
    if (first == tensor.values.end()) return {};
    const auto count = tensor.values.end() - first - std::count_if(first, tensor.values.end(), is_finite);
    return fail(
        fmt::format("{}: tensor \"{}\" holds {} value{} that {} not finite in float32, the first at {}: {}; mend "
                    "{} before computing",
                    subject, tensor.name, count, count == 1 ? "" : "s", count == 1 ? "is" : "are",
                    index_text(first - tensor.values.begin(), tensor.shape), *first, count == 1 ? "it" : "them"));
}

Result<Extents> extents_of(const HostTensor& tensor, Layout layout, std::string_view subject) {
    const std::vector<std::int64_t>& shape = tensor.shape;
    const bool tokens_first = layout == Layout::bnhd;
    if (shape.size() != 3 && shape.size() != 4)
        return fail(
            fmt::format("{}: tensor \"{}\" has rank {}, shape {}; expected rank 4 ({}) or the same without batch",
                        subject, tensor.name, shape.size(), shape_text(shape),
                        tokens_first ? "batch, token, head, head_dim" : "batch, head, token, head_dim"));
    const std::size_t first = shape.size() - 3;
    Extents extents{first == 1 ? shape[0] : 1, shape[first], shape[first + 1], shape[first + 2]};
    if (!tokens_first) std::swap(extents.tokens, extents.heads);
    for (const std::int64_t extent : shape)
        if (extent == 0)
            return fail(fmt::format("{}: tensor \"{}\" of shape {} is empty; expected at least 1 along every axis",
                                    subject, tensor.name, shape_text(shape)));
    return extents;
}

// (B,H,N,D) → (B,N,H,D).
Result<Buffer<float>> tokens_before_heads(const Buffer<float>& values, const Extents& extents) {
    Buffer<float> ordered = TRY(Buffer<float>::allocate(values.size(), "qkv"));
    const float* from = values.data();
    for (std::int64_t b = 0; b < extents.batch; ++b)
        for (std::int64_t h = 0; h < extents.heads; ++h)
            for (std::int64_t n = 0; n < extents.tokens; ++n, from += extents.head_dim)
                std::memcpy(&ordered[((b * extents.tokens + n) * extents.heads + h) * extents.head_dim], from,
                            std::size_t(extents.head_dim) * sizeof(float));
    return ordered;
}

Result<Problem> problem_of_shapes(const HostTensor& q, const HostTensor& k, const HostTensor& v, Layout layout,
                                  std::string_view subject) {
    const Extents queries = TRY(extents_of(q, layout, subject)), keys = TRY(extents_of(k, layout, subject));
    const Extents values = TRY(extents_of(v, layout, subject));
    if (!(keys == values))
        return fail(fmt::format("{}: k has shape {} and v {}; expected the same", subject, shape_text(k.shape),
                                shape_text(v.shape)));
    if (queries.batch != keys.batch || queries.head_dim != keys.head_dim)
        return fail(fmt::format("{}: q has shape {} and k {}; expected the same batch and head_dim", subject,
                                shape_text(q.shape), shape_text(k.shape)));
    Problem problem;
    problem.batch = queries.batch, problem.seq_len = queries.tokens, problem.kv_len = keys.tokens;
    problem.heads = queries.heads, problem.kv_heads = keys.heads, problem.head_dim = queries.head_dim;
    if (Result<void> valid = validate(problem); !valid)
        return fail(
            fmt::format("{}: q {} and k {} read as {}: {}", subject, shape_text(q.shape), shape_text(k.shape),
                        layout == Layout::bnhd ? "(batch, token, head, head_dim)" : "(batch, head, token, head_dim)",
                        valid.error().what));
    return problem;
}

Result<Buffer<float>> in_engine_layout(HostTensor& tensor, Layout layout, std::string_view subject) {
    if (layout == Layout::bnhd) return std::move(tensor.values);
    return tokens_before_heads(tensor.values, TRY(extents_of(tensor, layout, subject)));
}

} // namespace

Result<Qkv> load_qkv(const std::filesystem::path& path, Layout layout) {
    const std::string subject = path.string();
    std::vector<std::string> names; // first the names alone: the file may hold much that is not asked for
    TRY(read_tensor_file(path, [&](std::string_view name) { return names.emplace_back(name), false; }));
    const std::array<std::string, 4> roles = TRY(choose_roles(names, subject));
    std::array<HostTensor, 4> tensors;
    std::vector<HostTensor> read = TRY(read_tensor_file(
        path, [&](std::string_view name) { return std::find(roles.begin(), roles.end(), name) != roles.end(); }));
    for (HostTensor& tensor : read) {
        TRY(check_finite(tensor, subject));
        const auto role = std::find(roles.begin(), roles.end(), tensor.name) - roles.begin();
        tensors[std::size_t(role)] = std::move(tensor);
    }
    auto& [q, k, v, dout] = tensors;
    Qkv qkv;
    qkv.problem = TRY(problem_of_shapes(q, k, v, layout, subject));
    qkv.source = path.filename().string();
    qkv.q = TRY(in_engine_layout(q, layout, subject));
    qkv.k = TRY(in_engine_layout(k, layout, subject));
    qkv.v = TRY(in_engine_layout(v, layout, subject));
    if (!roles[3].empty()) {
        if (dout.shape != q.shape)
            return fail(fmt::format("{}: dout has shape {} and q {}; expected the same", subject,
                                    shape_text(dout.shape), shape_text(q.shape)));
        qkv.dout = TRY(in_engine_layout(dout, layout, subject));
    }
    return qkv;
}

// Fills in stretches of some milliseconds. Error when cancelled.
static Result<void> fill_stream(const Buffer<float>& values, std::uint64_t seed, std::uint64_t stream,
                                const CancelFlag* cancel) {
    constexpr std::int64_t stretch = 1 << 20;
    for (std::int64_t first = 0; first < values.size(); first += stretch) {
        if (is_cancelled(cancel)) return fail("generator: cancelled");
        const auto count = std::size_t(std::min(stretch, values.size() - first));
        fill_gaussian({values.data() + first, count}, seed, stream, std::uint64_t(first));
    }
    return {};
}

Result<Qkv> generate_qkv(const Problem& problem, std::uint64_t seed, const CancelFlag* cancel) {
    TRY(validate(problem));
    Qkv qkv;
    qkv.problem = problem;
    qkv.source = fmt::format("gaussian seed={}", seed);
    qkv.q = TRY(Buffer<float>::allocate(query_elements(problem), "qkv"));
    qkv.k = TRY(Buffer<float>::allocate(key_elements(problem), "qkv"));
    qkv.v = TRY(Buffer<float>::allocate(key_elements(problem), "qkv"));
    TRY(fill_stream(qkv.q, seed, 0, cancel));
    TRY(fill_stream(qkv.k, seed, 1, cancel));
    TRY(fill_stream(qkv.v, seed, 2, cancel));
    return qkv;
}

namespace {

// The first tokens and heads of (B, tokens, heads, D).
Result<Buffer<float>> slice(const Buffer<float>& whole, const Extents& from, std::int64_t tokens, std::int64_t heads) {
    Buffer<float> part = TRY(Buffer<float>::allocate(from.batch * tokens * heads * from.head_dim, "qkv"));
    const std::int64_t row = heads * from.head_dim;
    for (std::int64_t b = 0; b < from.batch; ++b)
        for (std::int64_t n = 0; n < tokens; ++n)
            std::memcpy(&part[(b * tokens + n) * row], &whole[(b * from.tokens + n) * from.heads * from.head_dim],
                        std::size_t(row) * sizeof(float));
    return part;
}

} // namespace

Result<Qkv> slice_qkv(const Qkv& whole, std::int64_t seq_len, std::int64_t heads) {
    const Problem& from = whole.problem;
    if (seq_len < 1 || seq_len > from.seq_len)
        return fail(fmt::format("{}: seq_len {} is asked for; expected 1 … {}, the tokens it holds", whole.source,
                                seq_len, from.seq_len));
    if (heads < 1 || heads > from.heads)
        return fail(fmt::format("{}: {} heads are asked for; expected 1 … {}, the heads it holds", whole.source, heads,
                                from.heads));
    const std::int64_t sharing = from.heads / from.kv_heads; // query heads that share a key head
    if (heads > sharing && heads % sharing != 0)
        return fail(
            fmt::format("{}: {} heads are asked for, which splits a group of {} that share their keys; expected a "
                        "multiple of {}",
                        whole.source, heads, sharing, sharing));
    Qkv part;
    part.problem = from;
    part.problem.seq_len = seq_len, part.problem.kv_len = from.kv_len - (from.seq_len - seq_len);
    part.problem.heads = heads, part.problem.kv_heads = std::max<std::int64_t>(heads / sharing, 1);
    part.source = whole.source;
    const Extents queries{from.batch, from.seq_len, from.heads, from.head_dim};
    const Extents keys{from.batch, from.kv_len, from.kv_heads, from.head_dim};
    part.q = TRY(slice(whole.q, queries, seq_len, heads));
    part.k = TRY(slice(whole.k, keys, part.problem.kv_len, part.problem.kv_heads));
    part.v = TRY(slice(whole.v, keys, part.problem.kv_len, part.problem.kv_heads));
    if (whole.dout) part.dout = TRY(slice(*whole.dout, queries, seq_len, heads));
    return part;
}

Result<Buffer<std::byte>> stored_as(const Buffer<float>& values, Dtype dtype, std::string_view name) {
    if (dtype == Dtype::f16)
        for (std::int64_t index = 0; index < values.size(); ++index)
            if (std::isinf(f32_from_f16(f16_from_f32(values[index]))))
                return fail(fmt::format("dtype is f16, whose largest number is 65504, but {} holds {}; use bf16 or f32",
                                        name, values[index]));
    Buffer<std::byte> bytes = TRY(Buffer<std::byte>::allocate(values.size() * std::int64_t(dtype_bytes(dtype)), "qkv"));
    narrow_f32(values.data(), values.size(), dtype, bytes.data());
    return bytes;
}

Result<void> round_qkv(Qkv& qkv, Dtype dtype) {
    if (dtype == Dtype::f32) return {};
    const auto round = [&](Buffer<float>& values, std::string_view name) -> Result<void> {
        const Buffer<std::byte> stored = TRY(stored_as(values, dtype, name));
        const auto* bits = reinterpret_cast<const std::uint16_t*>(stored.data());
        for (std::int64_t index = 0; index < values.size(); ++index)
            values[index] = dtype == Dtype::f16 ? f32_from_f16(bits[index]) : f32_from_bf16(bits[index]);
        return {};
    };
    TRY(round(qkv.q, "q"));
    TRY(round(qkv.k, "k"));
    return round(qkv.v, "v");
}

Result<void> generate_dout(Qkv& qkv, std::uint64_t seed, const CancelFlag* cancel) {
    Buffer<float> dout = TRY(Buffer<float>::allocate(query_elements(qkv.problem), "qkv"));
    TRY(fill_stream(dout, seed, 3, cancel));
    qkv.dout = std::move(dout);
    return {};
}

} // namespace dilascope
