#pragma once
// One attention call and its gradient, with their own random tensors and poisoned outputs, for oracle tests.
#include "engine/backends/backend.h"
#include "engine/dtype_convert.h"
#include "tests/engine/random_pattern.h"
#include "tests/engine/tolerance.h"
#include <limits>
#include <string>
#include <vector>

namespace dilascope {

// Sums of four uniform numbers: nearly normal, mean 0, variance 1, quick, and the same on every machine.
inline void fill_normal(std::vector<float>& values, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (float& value : values) {
        const std::uint64_t bits = random();
        const std::uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
        value = (float(sum) * 0x1p-16f - 2) * 1.7320508f;
    }
}

struct AttentionCase {
    Problem problem;
    Pattern pattern;
    Plan plan;
    Dropout dropout;
    std::vector<float> q, k, v, dout; // a call reads q, k and v rounded to problem.dtype
    std::vector<float> out, lse, dq, dk, dv;

    AttentionCase(const Pattern& pattern_in, const Problem& problem_in, std::uint64_t seed)
        : problem(problem_in), pattern(pattern_in), plan(make_plan(pattern_in, problem_in).value()),
          q(std::size_t(query_elements(problem))), k(std::size_t(key_elements(problem))), v(k.size()), dout(q.size()),
          out(q.size()), lse(std::size_t(lse_elements(problem))), dq(q.size()), dk(k.size()), dv(k.size()) {
        fill_normal(q, seed), fill_normal(k, seed + 1), fill_normal(v, seed + 2), fill_normal(dout, seed + 3);
    }
    AttentionCall call() {
        store_inputs();
        poison(out), poison(lse);
        return {&problem,          &pattern,   &plan,      stored_[0].data(), stored_[1].data(),
                stored_[2].data(), out.data(), lse.data(), nullptr,           dropout};
    }
    // Reads the `out` and `lse` of the forward that ran last.
    GradientCall gradient_call() {
        store_inputs();
        poison(dq), poison(dk), poison(dv);
        return {&problem,   &pattern,    &plan,     stored_[0].data(), stored_[1].data(), stored_[2].data(), out.data(),
                lse.data(), dout.data(), dq.data(), dk.data(),         dv.data(),         nullptr,           dropout};
    }

private:
    std::vector<std::byte> stored_[3]; // q, k, v as problem.dtype

    void store_inputs() {
        const std::vector<float>* const inputs[] = {&q, &k, &v};
        for (std::size_t index = 0; index < 3; ++index) {
            const std::vector<float>& input = *inputs[index];
            stored_[index].resize(input.size() * dtype_bytes(problem.dtype));
            narrow_f32(input.data(), std::int64_t(input.size()), problem.dtype, stored_[index].data());
        }
    }
    static void poison(std::vector<float>& values) {
        std::ranges::fill(values, std::numeric_limits<float>::quiet_NaN());
    }
};

} // namespace dilascope
