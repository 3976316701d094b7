#include "experiments/verify.h"
#include "engine/backends/reference_gradient.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

namespace dilascope {

namespace {

// What out and lse may differ from the float64 truth: tolerance + tolerance·|truth|.
double tolerance_of(const Problem& problem, MixMode mix) {
    if (mix == MixMode::fkodom) return 1e-4; // divides by sums over the sequence that may cancel almost to 0
    if (problem.is_tf32) return 2e-3;        // 11 bits
    switch (problem.dtype) {
    case Dtype::f16: return 2e-3;  // 11 bits
    case Dtype::bf16: return 2e-2; // 8 bits
    default: return 1e-5;          // f32 sums over any length stay well below
    }
}

double random_unit(std::uint64_t index) { // splitmix64: the same rows on every machine
    std::uint64_t bits = (index + 1) * 0x9e3779b97f4a7c15u;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
    return double((bits ^ (bits >> 31)) >> 11) * 0x1p-53;
}

// Rows to compare, ascending: one from each of row_count equal stretches of (batch, head, query).
std::vector<RowIndex> sample_rows(const Problem& problem, MixMode mix, std::int64_t row_count) {
    std::vector<std::int64_t> streams; // batch·H + head
    const std::int64_t stream_count = problem.batch * problem.heads;
    if (mix == MixMode::fkodom && stream_count > 2) streams = {0, stream_count - 1};
    const std::int64_t used_streams = streams.empty() ? stream_count : std::int64_t(streams.size());
    const std::int64_t total = used_streams * problem.seq_len;
    row_count = std::min(row_count, total);
    std::vector<RowIndex> rows;
    for (std::int64_t index = 0; index < row_count; ++index) {
        const double stretch = double(total) / double(row_count);
        std::int64_t place = std::int64_t((double(index) + random_unit(std::uint64_t(index))) * stretch);
        if (row_count == total) place = index;
        if (index == 0) place = 0;
        if (index == row_count - 1 && row_count > 1) place = total - 1;
        place = std::clamp<std::int64_t>(place, 0, total - 1);
        const std::int64_t stream =
            streams.empty() ? place / problem.seq_len : streams[std::size_t(place / problem.seq_len)];
        rows.push_back({stream / problem.heads, stream % problem.heads, place % problem.seq_len});
    }
    return rows;
}

// Compares one row; the first value out of tolerance goes into the verdict's text.
void compare_row(const CaseCall& call, RowIndex row, const double* out, double lse, double tolerance,
                 Verdict& verdict) {
    const auto compare = [&](double found, double expected, const std::string& what) {
        const double error = std::abs(found - expected);
        if (found == expected) return; // also both −inf
        if (std::isfinite(error)) verdict.error_max_abs = std::max(verdict.error_max_abs, error);
        if (!(error <= tolerance + tolerance * std::abs(expected)) && verdict.text.empty())
            verdict.text = fmt::format("wrong: {} of batch {} head {} query {} is {:.9g}; the reference has {:.9g}",
                                       what, row.batch, row.head, row.query, found, expected);
    };
    const float* row_out = call.out.data() + query_offset(call.problem, row.batch, row.query, row.head);
    for (std::int64_t d = 0; d < call.problem.head_dim; ++d) compare(row_out[d], out[d], fmt::format("out[{}]", d));
    compare(call.lse[lse_offset(call.problem, row.batch, row.head, row.query)], lse, "lse");
}

// What a gradient may: tolerance·(its root mean square, at least 1) + tolerance·|truth|. How many terms an element
// sums depends on how many rows see its key; errors grow as the values themselves do.
double gradient_tolerance_of(const Problem& problem) {
    if (problem.is_tf32) return 5e-3;
    switch (problem.dtype) {
    case Dtype::f16: return 5e-3;
    case Dtype::bf16: return 4e-2;
    default: return 2e-5;
    }
}

// Rows of one gradient, (rows, D).
struct GradientRows {
    const char* name = "";             // "dq"
    std::vector<std::string> places;   // of each row: "batch 0 head 1 query 7"
    std::vector<std::int64_t> offsets; // of each row in the call's tensor
    std::vector<double> expected;
};

void compare_gradient(const GradientRows& rows, const float* found, std::int64_t head_dim, double tolerance,
                      Verdict& verdict) {
    double squares = 0;
    for (const double value : rows.expected) squares += value * value;
    const double size = std::max(1.0, std::sqrt(squares / double(std::max<std::size_t>(rows.expected.size(), 1))));
    for (std::size_t row = 0; row < rows.places.size(); ++row)
        for (std::int64_t d = 0; d < head_dim; ++d) {
            const double expected = rows.expected[row * std::size_t(head_dim) + std::size_t(d)];
            const double value = double(found[rows.offsets[row] + d]), error = std::abs(value - expected);
            if (std::isfinite(error)) verdict.error_max_abs = std::max(verdict.error_max_abs, error);
            if (!(error <= tolerance * (size + std::abs(expected))) && verdict.text.empty())
                verdict.text = fmt::format("wrong: {}[{}] of {} is {:.9g}; the reference has {:.9g}", rows.name, d,
                                           rows.places[row], value, expected);
        }
}

// The rows and keys whose gradients are compared, with offsets but not yet what is expected.
struct SampledGradients {
    std::vector<RowIndex> rows;
    std::vector<KeyIndex> keys;
    GradientRows dq{"dq", {}, {}, {}}, dk{"dk", {}, {}, {}}, dv{"dv", {}, {}, {}};
};

SampledGradients sample_gradients(const CaseCall& call, std::int64_t row_count) {
    const Problem& p = call.problem;
    SampledGradients sampled;
    sampled.rows = sample_rows(p, MixMode::softmax, row_count);
    for (const RowIndex& row : sampled.rows) {
        sampled.dq.places.push_back(fmt::format("batch {} head {} query {}", row.batch, row.head, row.query));
        sampled.dq.offsets.push_back(query_offset(p, row.batch, row.query, row.head));
    }
    Problem of_keys = p; // whose rows are this one's keys
    of_keys.seq_len = p.kv_len, of_keys.heads = p.kv_heads;
    for (const RowIndex& row : sample_rows(of_keys, MixMode::softmax, row_count)) {
        sampled.keys.push_back({row.batch, row.head, row.query});
        sampled.dk.places.push_back(fmt::format("batch {} key head {} key {}", row.batch, row.head, row.query));
        sampled.dk.offsets.push_back(key_offset(p, row.batch, row.query, row.head));
    }
    sampled.dv.places = sampled.dk.places, sampled.dv.offsets = sampled.dk.offsets;
    return sampled;
}

// Fills what is expected of the samples from the whole reference.
Result<void> expect_from_whole(const CaseCall& call, SampledGradients& sampled) {
    constexpr double most_products = 0x1p32; // some ten seconds
    const double products = double(call.problem.batch) * double(call.problem.heads) * double(call.problem.seq_len) *
                            double(call.problem.kv_len) * double(call.problem.head_dim);
    if (products > most_products)
        return fail(
            fmt::format("gradients of mix={} can only be verified whole, and this call is {:.0f} times too large "
                        "for that; use fewer tokens or heads, or mix=softmax",
                        enum_name(mix_mode(call.pattern)), std::ceil(products / most_products)));
    Buffer<float> dq = TRY(Buffer<float>::allocate(call.dq.size(), "verify"));
    Buffer<float> dk = TRY(Buffer<float>::allocate(call.dk.size(), "verify"));
    Buffer<float> dv = TRY(Buffer<float>::allocate(call.dv.size(), "verify"));
    GradientCall reference = call.gradient();
    reference.dq = dq.data(), reference.dk = dk.data(), reference.dv = dv.data();
    TRY(reference_gradient(reference));
    const auto pick = [&](GradientRows& rows, const Buffer<float>& from) {
        for (const std::int64_t offset : rows.offsets)
            rows.expected.insert(rows.expected.end(), from.data() + offset,
                                 from.data() + offset + call.problem.head_dim);
    };
    pick(sampled.dq, dq), pick(sampled.dk, dk), pick(sampled.dv, dv);
    return {};
}

Result<void> verify_gradients(const CaseCall& call, std::int64_t row_count, Verdict& verdict) {
    const std::int64_t head_dim = call.problem.head_dim;
    SampledGradients sampled = sample_gradients(call, row_count);
    if (mix_mode(call.pattern) == MixMode::softmax) {
        sampled.dq.expected.resize(sampled.rows.size() * std::size_t(head_dim));
        sampled.dk.expected.resize(sampled.keys.size() * std::size_t(head_dim));
        sampled.dv.expected = sampled.dk.expected;
        reference_gradient_rows(call.gradient(), sampled.rows, sampled.dq.expected.data());
        reference_gradient_keys(call.gradient(), sampled.keys, sampled.dk.expected.data(), sampled.dv.expected.data());
        if (is_cancelled(call.cancel)) return fail("verification: cancelled");
    } else {
        TRY(expect_from_whole(call, sampled));
    }
    const double tolerance = gradient_tolerance_of(call.problem);
    compare_gradient(sampled.dq, call.dq.data(), head_dim, tolerance, verdict);
    compare_gradient(sampled.dk, call.dk.data(), head_dim, tolerance, verdict);
    compare_gradient(sampled.dv, call.dv.data(), head_dim, tolerance, verdict);
    return {};
}

} // namespace

Result<Verdict> verify(const CaseCall& call, std::int64_t row_count) {
    const MixMode mix = mix_mode(call.pattern);
    const std::vector<RowIndex> rows = sample_rows(call.problem, mix, row_count);
    const auto count = std::int64_t(rows.size());
    std::vector<double> out(std::size_t(count * call.problem.head_dim)), lse(static_cast<std::size_t>(count));
    // One row a task, but fkodom's rows of one head share that head's sums: one task for all of them.
    const std::int64_t task_rows = mix == MixMode::fkodom ? count : 1;
    const AttentionCall attention = call.attention();
    Result<void> outcome;
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t first = 0; first < count; first += task_rows) {
        const auto task = std::span(rows).subspan(std::size_t(first), std::size_t(task_rows));
        auto result = reference_rows(attention, task, out.data() + first * call.problem.head_dim, lse.data() + first);
#pragma omp critical
        if (!result && outcome) outcome = std::move(result);
    }
    TRY(outcome);
    Verdict verdict;
    verdict.row_count = count;
    for (std::int64_t index = 0; index < count; ++index)
        compare_row(call, rows[std::size_t(index)], out.data() + index * call.problem.head_dim, lse[std::size_t(index)],
                    tolerance_of(call.problem, mix), verdict);
    if (call.has_gradients() && verdict.text.empty()) TRY(verify_gradients(call, row_count, verdict));
    if (verdict.text.empty()) verdict.text = "ok";
    return verdict;
}

} // namespace dilascope
