#pragma once
// What the oracle sweeps share: random cases over awkward shapes, and the backends that are compared with the
// reference.
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "tests/engine/attention_case.h"
#include <fmt/format.h>

namespace dilascope {

inline const std::vector<std::int64_t> all_widths = {1, 3, 8, 32, 64, 80, 128, 256}; // head_dim

struct SweepSize {
    std::uint64_t seed = 0;
    int cases = 0; // patterns and shapes; each as f32, and again in another element type or with dropout
    std::vector<std::int64_t> lengths = {}, widths = all_widths; // tokens, head_dim
    double most_work = 4e8; // B·N·H·D·M, what the reference does in a second or two
};

inline std::string describe(const AttentionCase& c) {
    const Problem& p = c.problem;
    return fmt::format("{} B{} N{} M{} H{} G{} D{} {}{} dropout {} seed {}", to_text(c.pattern), p.batch, p.seq_len,
                       p.kv_len, p.heads, p.kv_heads, p.head_dim, enum_name(p.dtype), p.causal ? " causal" : "",
                       c.dropout.rate, c.dropout.seed);
}

// The backends other than the reference that say they can run this. Dropout is asked of those with a gradient.
inline std::vector<Backend*> rivals(const AttentionCase& c, Direction direction) {
    if (!c.dropout.is_off()) direction = Direction::backward;
    std::vector<Backend*> able;
    for (Backend* backend : backends())
        if (backend != &reference_backend() && backend->available() &&
            backend->choose(c.problem, c.pattern, direction).supported())
            able.push_back(backend);
    return able;
}

// visit(AttentionCase&) on each case, first as f32 without dropout. fkodom is left out: it divides by sums that can be
// near zero, and has tests of its own.
template <class Visit> void for_random_cases(const SweepSize& size, Visit&& visit) {
    std::mt19937_64 random(size.seed);
    for (int done = 0; done < size.cases;) {
        Problem problem = random_problem(random, size.lengths);
        problem.head_dim = pick_of(random, size.widths);
        const auto is_too_much = [&] {
            return double(query_elements(problem)) * double(problem.kv_len) > size.most_work;
        };
        if (is_too_much()) problem.heads = problem.kv_heads = 1;
        if (is_too_much()) problem.batch = 1;
        Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind)) dilated->mix = MixMode(pick(random, 0, 3));
        if (!validate(pattern, problem)) continue;
        const std::uint64_t seed = size.seed + std::uint64_t(done) * 4;
        AttentionCase plain(pattern, problem, seed);
        visit(plain);
        problem.dtype = pick_of<Dtype>(random, {Dtype::f32, Dtype::f16, Dtype::bf16});
        AttentionCase other(pattern, problem, seed);
        if (problem.dtype == Dtype::f32 || pick(random, 0, 1) == 1)
            other.dropout = {pick_of<double>(random, {0.1, 0.5, 0.9}), random()};
        visit(other);
        ++done;
    }
}

} // namespace dilascope
