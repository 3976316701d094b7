#include "engine/problem.h"
#include "engine/nearest.h"
#include <algorithm>
#include <fmt/format.h>
#include <type_traits>

namespace dilascope {

Problem self_attention(std::int64_t seq_len, std::int64_t heads, std::int64_t head_dim, bool causal) {
    Problem problem;
    problem.seq_len = problem.kv_len = seq_len;
    problem.heads = problem.kv_heads = heads;
    problem.head_dim = head_dim;
    problem.causal = causal;
    return problem;
}

Result<void> set_elements(Problem& problem, std::string_view name) {
    if (name == "f64")
        return fail("dtype is \"f64\"; expected f32, f16, bf16 or tf32 (the reference sums in f64 anyway)");
    if (std::ranges::find(element_names, name) == element_names.end())
        return fail(fmt::format("dtype is \"{}\"{}", name, nearest_hint(name, element_names)));
    problem.is_tf32 = name == "tf32";
    problem.dtype = problem.is_tf32 ? Dtype::f32 : *enum_from_name<Dtype>(name);
    return {};
}

std::string_view element_name(const Problem& problem) { return problem.is_tf32 ? "tf32" : enum_name(problem.dtype); }

Result<void> validate(const Problem& problem) {
    std::string error;
    Problem::visit(problem, [&](const Field& field, const auto& value) {
        if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, std::int64_t>)
            if (error.empty() && (value < field.min || value > field.max))
                error = fmt::format("{} is {}; expected {:.0f} … {:.0f}", field.name, value, field.min, field.max);
    });
    if (!error.empty()) return fail(error);
    if (problem.heads % problem.kv_heads != 0)
        return fail(fmt::format("kv_heads is {}, which does not divide heads {}; use a divisor of {}", problem.kv_heads,
                                problem.heads, problem.heads));
    if (problem.kv_len < problem.seq_len)
        return fail(fmt::format("kv_len is {}, shorter than seq_len {}; the queries are the last seq_len of the kv_len "
                                "positions, so give at least as many keys",
                                problem.kv_len, problem.seq_len));
    if (double(problem.seq_len) * double(problem.kv_len) > 0x1p61)
        return fail(
            fmt::format("seq_len {} × kv_len {} passes 2^61 pairs, beyond exact counting; use shorter sequences",
                        problem.seq_len, problem.kv_len));
    if (problem.is_tf32 && problem.dtype != Dtype::f32)
        return fail(fmt::format("is_tf32 is about f32 tensors, not {}; leave it out", enum_name(problem.dtype)));
    if (!(problem.scale >= 0) || std::isinf(problem.scale))
        return fail(fmt::format("scale is {}; expected a positive number, or 0 for 1/sqrt(head_dim)", problem.scale));
    return {};
}

std::int64_t allowed_pairs(const Problem& problem) {
    const std::int64_t n = problem.seq_len, m = problem.kv_len;
    if (!problem.causal) return n * m;
    return n * (m - n) + n * (n + 1) / 2;
}

} // namespace dilascope
