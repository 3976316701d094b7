#include "engine/backends/cpu/cpu_backend.h"
#include "engine/backends/cpu/backward.h"
#include "engine/backends/cpu/fkodom.h"
#include "engine/backends/cpu/forward.h"
#include <fmt/format.h>
#include <omp.h>

namespace dilascope {

namespace {

std::string pairs_reason() {
    return has_pair_dot_instruction() ? "dot products of bf16 pairs, which this CPU does twice as fast as f32"
                                      : "dot products of bf16 pairs, emulated because they are forced: for tests only";
}

std::string widest_set_reason(const TileKernel& kernel, const Problem& problem, Direction direction) {
    const std::string widest = "the widest instruction set of this CPU that the binary holds";
    if (problem.dtype != Dtype::bf16) return widest;
    const std::string why = direction == Direction::backward ? "gradients are computed from f32"
                            : kernel.attend_pairs            ? "an odd head_dim has no pairs"
                            : has_pair_dot_instruction()     ? "another kernel is forced"
                                                             : "it has no bf16 dot products (AVX512-BF16)";
    return fmt::format("{}; bf16 is widened to f32: {}", widest, why);
}

class CpuBackend final : public Backend {
public:
    std::string_view name() const override { return "cpu"; }
    bool available() const override { return tile_kernel().has_value(); }

    std::string status() const override {
        const Result<TileKernel> kernel = tile_kernel();
        if (!kernel) return kernel.error().what;
        const int threads = omp_get_max_threads();
        return fmt::format("{} thread{}, {}", threads, threads == 1 ? "" : "s", kernel->target());
    }

    KernelChoice choose(const Problem& problem, const Pattern& pattern, Direction direction) const override {
        const Result<TileKernel> kernel = tile_kernel();
        if (!kernel) return {"", kernel.error().what};
        if (problem.dtype == Dtype::f64) return {"", "cpu reads f32, f16 or bf16 tensors, not f64; convert them first"};
        if (problem.is_tf32) return {"", "cpu has no tf32 products; use f32"};
        if (problem.head_dim > 256) return {"", fmt::format("cpu runs head_dim 1 … 256, not {}", problem.head_dim)};
        if (mix_mode(pattern) == MixMode::fkodom && direction == Direction::backward)
            return {"", "cpu has no gradient of mix=fkodom; the reference has, or use mix=mean"};
        if (mix_mode(pattern) == MixMode::fkodom && problem.dtype != Dtype::f32)
            return {"", fmt::format("cpu runs mix=fkodom from f32 tensors, not {}; convert them first",
                                    enum_name(problem.dtype))};
        if (mix_mode(pattern) == MixMode::fkodom && !pattern.order.is_row() && pattern.order.use == OrderUse::layout)
            return {"", "cpu runs mix=fkodom in float64 from the tensors as they lie; leave out use=layout"};
        if (mix_mode(pattern) == MixMode::fkodom)
            return {"cpu/fkodom f64", "its division by sums near zero would magnify f32 rounding"};
        const bool takes_pairs =
            direction == Direction::forward && kernel->takes_pairs(problem.dtype, problem.head_dim);
        return {fmt::format("cpu/tiled {}{} {}{}", direction == Direction::forward ? "" : "gradient ",
                            enum_name(problem.dtype), kernel->set, takes_pairs ? pair_dot_suffix : ""),
                takes_pairs ? pairs_reason() : widest_set_reason(*kernel, problem, direction)};
    }

    Result<void> forward(const AttentionCall& call) override {
        const KernelChoice choice = choose(*call.problem, *call.pattern, Direction::forward);
        if (!choice.supported()) return fail(choice.reason);
        if (call.plan->mix == MixMode::fkodom) return fkodom_forward(call);
        return cpu_forward(call, TRY(tile_kernel()));
    }
    Result<void> backward(const GradientCall& call) override {
        const KernelChoice choice = choose(*call.problem, *call.pattern, Direction::backward);
        if (!choice.supported()) return fail(choice.reason);
        return cpu_backward(call);
    }
};

} // namespace

Backend& cpu_backend() {
    static CpuBackend backend;
    return backend;
}

} // namespace dilascope
