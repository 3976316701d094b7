#pragma once
// Tensor files for the attend verb: written from generated q, k and v, and what it wrote compared with the truth.
#include "experiments/tensor_file.h"
#include "tests/app/attend_truth.h"
#include "tests/catch.h"
#include <algorithm>
#include <map>

namespace dilascope {

// Writes q, k, v and dout where there is one; in (B,H,N,D) for bhnd.
inline void write_qkv(const std::filesystem::path& path, const Qkv& qkv, Layout layout = Layout::bnhd) {
    const Problem& p = qkv.problem;
    std::map<std::string, std::vector<float>> values;
    std::vector<TensorToWrite> tensors;
    const auto add = [&](const std::string& name, const Buffer<float>& from, std::int64_t tokens, std::int64_t heads) {
        std::vector<float>& to = values[name];
        to.assign(from.begin(), from.end());
        if (layout == Layout::bhnd)
            for (std::int64_t at = 0; at < from.size(); ++at) {
                const std::int64_t d = at % p.head_dim, h = at / p.head_dim % heads,
                                   n = at / p.head_dim / heads % tokens, b = at / p.head_dim / heads / tokens;
                to[std::size_t(((b * heads + h) * tokens + n) * p.head_dim + d)] = from[at];
            }
        const bool swapped = layout == Layout::bhnd;
        tensors.push_back({name, {p.batch, swapped ? heads : tokens, swapped ? tokens : heads, p.head_dim}, to.data()});
    };
    add("q", qkv.q, p.seq_len, p.heads);
    add("k", qkv.k, p.kv_len, p.kv_heads);
    add("v", qkv.v, p.kv_len, p.kv_heads);
    if (qkv.dout) add("dout", *qkv.dout, p.seq_len, p.heads);
    REQUIRE(write_tensor_file(path, tensors));
}

inline Qkv small_qkv() {
    Problem problem;
    problem.batch = 2, problem.seq_len = 37, problem.kv_len = 41, problem.heads = 4, problem.kv_heads = 2,
    problem.head_dim = 8;
    return std::move(*generate_qkv(problem, 99));
}

inline Qkv small_qkv_with_dout() {
    Qkv qkv = small_qkv();
    qkv.dout = std::move(generate_qkv(qkv.problem, 100)->q);
    return qkv;
}

// The file holds what the truth says within `tolerance`, absolute and relative, and nothing else, as f32.
inline void check_file(const std::filesystem::path& path, const Problem& p, const AttendTruth& truth,
                       double tolerance = 1e-5) {
    const auto tensors = read_tensor_file(path);
    REQUIRE(tensors);
    REQUIRE(tensors->size() == (truth.dq.empty() ? 2 : 5));
    const auto check = [&](const std::string& name, const std::vector<std::int64_t>& shape,
                           const std::vector<double>& expected) {
        if (expected.empty()) return;
        INFO(path.string() << ": " << name);
        const auto found = std::ranges::find(*tensors, name, &HostTensor::name);
        REQUIRE(found != tensors->end());
        CHECK(found->shape == shape);
        CHECK(found->stored == Dtype::f32);
        double worst_excess = -1; // of |x − truth| over tolerance·(1 + |truth|)
        for (std::size_t index = 0; index < expected.size(); ++index) {
            const double value = found->values[std::int64_t(index)];
            if (value == expected[index]) continue; // −inf too
            const double excess = std::fabs(value - expected[index]) - tolerance * (1 + std::fabs(expected[index]));
            if (!(excess <= worst_excess)) worst_excess = excess; // NaN too
        }
        CHECK(worst_excess <= 0);
    };
    const std::vector<std::int64_t> keys = {p.batch, p.kv_len, p.kv_heads, p.head_dim};
    check("out", {p.batch, p.seq_len, p.heads, p.head_dim}, truth.out);
    check("lse", {p.batch, p.heads, p.seq_len}, truth.lse);
    check("dq", {p.batch, p.seq_len, p.heads, p.head_dim}, truth.dq);
    check("dk", keys, truth.dk);
    check("dv", keys, truth.dv);
}

} // namespace dilascope
