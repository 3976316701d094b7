#include "experiments/case_call.h"
#include "engine/backends/reference.h"
#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <vector>

namespace dilascope {

AttentionCall CaseCall::attention() const {
    AttentionCall call;
    call.problem = &problem;
    call.pattern = &pattern;
    call.plan = &plan;
    call.q = inputs->q.data();
    call.k = inputs->k.data();
    call.v = inputs->v.data();
    call.out = out.data();
    call.lse = lse.data();
    call.cancel = cancel;
    return call;
}

Result<CaseCall> plan_call(const Case& config, const CancelFlag* cancel) {
    TRY(validate(config));
    if (config.direction != "forward")
        return fail(
            fmt::format("direction is \"{}\", but no backend has a backward kernel; use forward", config.direction));
    CaseCall call;
    call.cancel = cancel;
    call.problem = TRY(problem_of(config));
    call.pattern = TRY(pattern_of(config));
    call.backend = TRY(find_backend(config.backend, call.problem, call.pattern));
    call.choice = call.backend->choose(call.problem, call.pattern);
    call.plan = TRY(make_plan(call.pattern, call.problem));
    return call;
}

Result<void> fill_call(CaseCall& call, const Case& config, Inputs& inputs, const Qkv* tensors) {
    if (call.problem.dtype != Dtype::f32)
        return fail(
            fmt::format("dtype is {}, but inputs are held as f32 only; use f32", enum_name(call.problem.dtype)));
    call.inputs = TRY(inputs.of(config, call.problem, tensors, call.cancel));
    const std::int64_t out_count = query_elements(call.problem), lse_count = lse_elements(call.problem);
    TRY(check_memory(double(out_count + lse_count) * double(sizeof(float)), "out and lse"));
    call.out = TRY(Buffer<float>::allocate(out_count, "experiments/out"));
    call.lse = TRY(Buffer<float>::allocate(lse_count, "experiments/lse"));
    return {};
}

namespace {

// What a result may differ from the float64 truth: tolerance + tolerance·|truth|.
double tolerance_of(Dtype dtype, MixMode mix) {
    if (mix == MixMode::fkodom) return 1e-4; // divides by sums over the sequence that may cancel almost to 0
    switch (dtype) {
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
                    tolerance_of(call.problem.dtype, mix), verdict);
    if (verdict.text.empty()) verdict.text = "ok";
    return verdict;
}

} // namespace dilascope
