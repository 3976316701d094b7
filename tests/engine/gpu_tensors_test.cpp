// Tensors of more than 2^31 elements on the GPU, forward and backward, while the host holds some thousand tokens.
//
// Keys of `longnet segments=64,128` stay within 128 aligned tokens, so each such slice is a problem of its own, that
// the reference can solve. Inputs repeat after `period` tokens: slices with one place in the period have one truth.
#include "engine/backends/cuda/cuda_backward.h"
#include "engine/benchmark/bench_input.h"
#include "engine/pattern/pattern_text.h"
#include "tests/engine/emulated_cuda.h"
#include "tests/engine/gpu.h"
#include "tests/engine/reference_check.h"
#include <map>

using namespace dilascope;

namespace {

constexpr std::int64_t slice_len = 128;

struct HugeCase {
    Problem problem;
    // In slices. Odd, so that an offset that wraps at a power of two reads and writes other values.
    std::int64_t period = 61;
    bool is_deterministic = false;
    std::int64_t slices() const { return problem.seq_len / slice_len; }
};

enum Seed : std::uint64_t { q_seed = 70, k_seed, v_seed, dout_seed };

class HugeRun {
public:
    static Result<HugeRun> make(CudaDevice& device, const HugeCase& c) {
        HugeRun run;
        const Problem& p = c.problem;
        run.c_ = c;
        run.device_ = &device;
        run.pattern_ = TRY(parse_pattern("longnet segments=64,128 rates=1,2"));
        run.q_ = TRY(run.repeated(q_seed, p.heads, p.dtype));
        run.k_ = TRY(run.repeated(k_seed, p.kv_heads, p.dtype));
        run.v_ = TRY(run.repeated(v_seed, p.kv_heads, p.dtype));
        run.dout_ = TRY(run.repeated(dout_seed, p.heads, Dtype::f32));
        run.out_ = TRY(run.poisoned(query_elements(p)));
        run.lse_ = TRY(run.poisoned(lse_elements(p)));
        run.dq_ = TRY(run.poisoned(query_elements(p)));
        run.dk_ = TRY(run.poisoned(key_elements(p)));
        run.dv_ = TRY(run.poisoned(key_elements(p)));
        return run;
    }

    Result<void> compute() {
        const Plan plan = TRY(make_plan(pattern_, c_.problem));
        const CudaOptions options{{}, c_.is_deterministic};
        const auto* dout = reinterpret_cast<const float*>(dout_.data());
        const CudaForward forward = TRY(CudaForward::prepare(*device_, plan, branch_count(pattern_), options));
        const CudaBackward backward = TRY(CudaBackward::prepare(*device_, plan, pattern_, options));
        TRY(forward.enqueue({q_.data(), k_.data(), v_.data(), out_.data(), lse_.data()}, {}));
        TRY(backward.enqueue(
            {q_.data(), k_.data(), v_.data(), out_.data(), lse_.data(), dout, dq_.data(), dk_.data(), dv_.data()}, {}));
        return device_->synchronize();
    }

    // Compares every slice that has the place in the period of the first one, of the last one or of the one that holds
    // `element`; tells the first slice that is wrong, and how many are.
    Result<void> check(std::int64_t element) {
        const std::int64_t wanted[] = {0, element / (c_.problem.heads * c_.problem.head_dim) / slice_len,
                                       c_.slices() - 1};
        std::map<std::int64_t, AttentionCase> truths; // by place in the period
        for (const std::int64_t slice : wanted) {
            const auto [truth, is_new] = truths.try_emplace(slice % c_.period, pattern_, slice_problem(), 0);
            if (is_new) TRY(solve(truth->second, truth->first));
        }
        int checked = 0, wrong = 0;
        std::string first_wrong;
        for (std::int64_t slice = 0; slice < c_.slices(); ++slice) {
            const auto truth = truths.find(slice % c_.period);
            if (truth == truths.end()) continue;
            const std::string difference = TRY(compared(slice, truth->second));
            ++checked, wrong += !difference.empty();
            if (wrong == 1 && first_wrong.empty())
                first_wrong = fmt::format("slice {} of {}: {}", slice, c_.slices(), difference);
        }
        INFO(wrong << " of " << checked << " slices are wrong");
        CHECK(first_wrong == "");
        CHECK(checked >= 3);
        return {};
    }

private:
    Problem slice_problem() const {
        Problem problem = c_.problem;
        problem.seq_len = problem.kv_len = slice_len;
        return problem;
    }

    // A tensor of `heads` heads that repeats after a period.
    Result<DeviceBuffer<std::byte>> repeated(Seed seed, std::int64_t heads, Dtype dtype) {
        const std::int64_t token = heads * c_.problem.head_dim, bytes = token * std::int64_t(dtype_bytes(dtype));
        const std::int64_t period_len = c_.period * slice_len;
        auto tensor = TRY(device_->allocate<std::byte>(c_.problem.seq_len * bytes, "test/huge_input"));
        std::vector<std::byte> host(std::size_t(period_len * bytes));
        fill_bench_input(seed, period_len * token, dtype, host.data());
        TRY(tensor.upload(host.data(), period_len * bytes));
        for (std::int64_t filled = period_len * bytes; filled < tensor.size(); filled *= 2)
            TRY(device_->copy_on_device(tensor.data() + filled, tensor.data(),
                                        std::size_t(std::min(filled, tensor.size() - filled))));
        TRY(device_->synchronize()); // the host's tokens go
        return tensor;
    }

    Result<DeviceBuffer<float>> poisoned(std::int64_t elements) {
        auto tensor = TRY(device_->allocate<float>(elements, "test/huge_output"));
        TRY(tensor.fill(0xff));
        return tensor;
    }

    Result<void> solve(AttentionCase& truth, std::int64_t place) {
        const auto fill = [&](std::vector<float>& values, Seed seed) {
            for (std::size_t at = 0; at < values.size(); ++at)
                values[at] = bench_input(seed, std::uint64_t(place) * values.size() + at);
        };
        fill(truth.q, q_seed), fill(truth.k, k_seed), fill(truth.v, v_seed), fill(truth.dout, dout_seed);
        TRY(reference_backend().forward(truth.call()));
        return reference_backend().backward(truth.gradient_call());
    }

    // The tensors of a slice that differ from the truth, "" when none does.
    Result<std::string> compared(std::int64_t slice, const AttentionCase& truth) {
        const Tolerance tolerance = tolerance_of(c_.problem, {});
        std::string differing;
        std::vector<float> found(truth.lse.size());
        for (std::int64_t head = 0; head < c_.problem.heads; ++head)
            TRY(lse_.download(found.data() + head * slice_len, slice_len, {},
                              lse_offset(c_.problem, 0, head, slice * slice_len)));
        TRY(device_->synchronize());
        if (worst_excess(found, truth.lse, tolerance.lse, tolerance.lse) > 0) differing += "lse ";
        const auto download = [&](const DeviceBuffer<float>& tensor, const std::vector<float>& values) -> Result<void> {
            found.resize(values.size());
            const auto count = std::int64_t(values.size());
            TRY(tensor.download(found.data(), count, {}, slice * count));
            return device_->synchronize();
        };
        TRY(download(out_, truth.out));
        if (worst_excess(found, truth.out, tolerance.out, tolerance.out) > 0) differing += "out ";
        struct Gradient {
            const char* name;
            const DeviceBuffer<float>& tensor;
            const std::vector<float>& truth;
        };
        for (const Gradient& gradient :
             {Gradient{"dq ", dq_, truth.dq}, Gradient{"dk ", dk_, truth.dk}, Gradient{"dv ", dv_, truth.dv}}) {
            TRY(download(gradient.tensor, gradient.truth));
            if (worst_gradient_excess(found, gradient.truth, tolerance.gradient) > 0) differing += gradient.name;
        }
        return differing;
    }

    HugeCase c_;
    CudaDevice* device_ = nullptr;
    Pattern pattern_;
    DeviceBuffer<std::byte> q_, k_, v_, dout_;
    DeviceBuffer<float> out_, lse_, dq_, dk_, dv_;
};

Result<void> check_huge(CudaDevice& device, const HugeCase& c, std::int64_t element) {
    HugeRun run = TRY(HugeRun::make(device, c));
    TRY(run.compute());
    return run.check(element);
}

// 2^31 elements of q and 24 slices more; too little device memory skips the test.
void check_beyond_2_31(std::int64_t kv_heads, bool is_deterministic) {
    CudaDevice* gpu = gpu_or_skip();
    if (!gpu) return;
    HugeCase c{self_attention((std::int64_t(1) << 20) + 24 * slice_len, 16, 128)};
    c.problem.dtype = Dtype::bf16, c.problem.kv_heads = kv_heads;
    c.is_deterministic = is_deterministic;
    const Result<void> done = check_huge(*gpu, c, std::int64_t(1) << 31);
    if (done) return;
    if (done.error().what.find("expected no more than is free") != std::string::npos)
        skip_test(done.error().what);
    else
        FAIL(done.error().what);
}

} // namespace

TEST_CASE("gpu: tensors beyond 2^31 elements", "[gpu][slow]") { check_beyond_2_31(16, false); }

TEST_CASE("gpu: tensors beyond 2^31 elements, deterministic, two heads a key head", "[gpu][slow]") {
    check_beyond_2_31(8, true);
}

TEST_CASE("long tensors are as their slices", "[cuda]") {
    for (const bool is_deterministic : {true, false}) {
        EmulatedCuda cuda;
        HugeCase c{self_attention(5 * slice_len, 2, 16)};
        c.problem.dtype = Dtype::bf16, c.problem.kv_heads = is_deterministic ? 1 : 2;
        c.period = 3, c.is_deterministic = is_deterministic;
        const Result<void> done = check_huge(**cuda.device, c, query_elements(c.problem) - 1);
        INFO((done ? "" : done.error().what));
        CHECK(done);
    }
}
