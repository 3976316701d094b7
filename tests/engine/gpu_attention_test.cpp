// The attention kernels on the machine's own GPU, and the same checks, smaller, on the emulator.
#include "engine/backends/cuda/cuda_backend.h"
#include "engine/backends/cuda/kernel_config.h"
#include "tests/engine/emulated_cuda.h"
#include "tests/engine/gpu.h"
#include "tests/engine/key_perturbation.h"
#include "tests/engine/reference_check.h"

using namespace dilascope;

namespace {

struct KernelSweep {
    std::int64_t tall_len = 139, low_len = 257; // primes: of tiles of 128 rows, and of 64
    std::int64_t heads = 4, more_keys = 38;     // more_keys: beyond the queries, in half of the cases
    std::string_view only = "";                 // in the names of kernels
};

Problem ragged_problem(const KernelConfig& config, std::int64_t seq_len, std::int64_t head_dim,
                       const KernelSweep& sweep) {
    Problem problem = self_attention(seq_len, sweep.heads, head_dim);
    problem.kv_heads = sweep.heads / 2;
    constexpr std::string_view elements[] = {"f16", "bf16", "f32", "tf32"};
    REQUIRE(set_elements(problem, elements[int(config.element)]));
    return problem;
}

// Wholly its width and less, causal and not, with more keys than queries and without; half of them with dropout, and
// added up in any order.
void check_kernel(Backend& backend, const KernelConfig& config, bool is_tall, const KernelSweep& sweep) {
    // Tiles of 128 rows, and of 64 whose last segment has one; keys of the second stand at strides, some twice.
    const Pattern pattern = parse_pattern(is_tall ? "dense" : "longnet segments=64,128 rates=1,2").value();
    const std::int64_t less = config.head_dim == 64 ? 40 : config.head_dim == 128 ? 75 : 200;
    for (const std::int64_t head_dim : {less, std::int64_t(config.head_dim)})
        for (const bool is_plain : {true, false}) {
            Problem problem = ragged_problem(config, is_tall ? sweep.tall_len : sweep.low_len, head_dim, sweep);
            problem.causal = is_plain == (head_dim == less);
            if (!is_plain) problem.kv_len += sweep.more_keys;
            AttentionCase c(pattern, problem, 60);
            if (!is_plain) c.dropout = {0.2, 61};
            if (config.direction == Direction::forward)
                check_forward(backend, c, config.name);
            else
                check_backward(backend, c, is_plain, config.name);
        }
}

void check_every_kernel(Backend& backend, const DeviceProperties& device, Direction direction,
                        const KernelSweep& sweep) {
    constexpr int tallest = 128;
    for (const KernelConfig& config : kernel_configs()) {
        if (config.direction != direction) continue;
        if (std::string_view(config.name).find(sweep.only) == std::string_view::npos) continue;
        if (config.shared_bytes > device.shared_bytes_per_block) continue; // a lower sister runs instead
        INFO(config.name);
        const KernelConfig tall = find_kernel(direction, config.element, config.head_dim, tallest, device).value();
        if (std::string_view(tall.name) == config.name) check_kernel(backend, config, true, sweep);
        if (config.rows <= 64) check_kernel(backend, config, false, sweep);
    }
}

void check_same_bits(Backend& backend, const Problem& problem) {
    AttentionCase c(parse_pattern("longnet segments=64,512 rates=1,4").value(), problem, 62);
    INFO(describe(c));
    const auto is_same = [](const std::vector<float>& one, const std::vector<float>& other) {
        return std::memcmp(one.data(), other.data(), one.size() * sizeof(float)) == 0;
    };
    run_ready(backend.ready(c.call()), "");
    const std::vector<float> out = c.out, lse = c.lse;
    run_ready(backend.ready(c.gradient_call()), "");
    const std::vector<float> dq = c.dq, dk = c.dk, dv = c.dv;
    for (int call = 1; call < 5; ++call) {
        run_ready(backend.ready(c.call()), "");
        CHECK((is_same(out, c.out) && is_same(lse, c.lse)));
        run_ready(backend.ready(c.gradient_call()), "");
        CHECK((is_same(dq, c.dq) && is_same(dk, c.dk) && is_same(dv, c.dv)));
    }
}

// What each pair's weight is, where all scores are 0: (head, query, key).
std::vector<double> equal_weights(const Pattern& pattern, const Problem& p) {
    std::vector<double> weights(std::size_t(p.heads * p.seq_len * p.kv_len));
    for (std::int64_t row = 0; row < p.heads * p.seq_len; ++row) {
        const std::vector<SeenKey> keys = seen_keys(pattern, p, row / p.seq_len, row % p.seq_len);
        int total = 0;
        for (const SeenKey& seen : keys) total += seen.times;
        for (const SeenKey& seen : keys) weights[std::size_t(row * p.kv_len + seen.key)] = double(seen.times) / total;
    }
    return weights;
}

// One value for each pair of a call whose queries are 0: what its weight became. Values and output gradients that are
// 1 in one feature, another in each of D tokens, bring D keys or queries of a row to light at once.
class KeptPairs {
public:
    KeptPairs(Backend& backend, const Problem& problem, const Dropout& dropout)
        : backend_(backend), c_(parse_pattern("longnet segments=32,128 rates=1,2").value(), problem, 63),
          weights_(equal_weights(c_.pattern, problem)) {
        c_.dropout = dropout;
        std::ranges::fill(c_.q, 0.0f);
    }

    void check_forward_pairs() {
        const Problem& p = c_.problem;
        for (std::int64_t first = 0; first < p.kv_len; first += p.head_dim) {
            for (std::int64_t at = 0; at < std::int64_t(c_.v.size()); ++at) {
                const std::int64_t token = at / (p.kv_heads * p.head_dim) % p.kv_len;
                c_.v[std::size_t(at)] = token == first + at % p.head_dim ? 1.0f : 0.0f;
            }
            run_ready(backend_.ready(c_.call()), "");
            for (std::int64_t at = 0; at < std::int64_t(c_.out.size()); ++at) {
                const std::int64_t row = at / p.head_dim, token = row / p.heads; // (b·N + n)·H + h, b·N + n
                check_pair({token / p.seq_len, row % p.heads, token % p.seq_len, first + at % p.head_dim},
                           c_.out[std::size_t(at)]);
            }
        }
        CHECK(first_wrong_ == "");
        CHECK(dropped_ > 0);
    }

    void check_backward_pairs() {
        const Problem& p = c_.problem;
        run_ready(backend_.ready(c_.call()), "");
        for (std::int64_t head = 0; head < p.heads; ++head)
            for (std::int64_t first = 0; first < p.seq_len; first += p.head_dim) {
                for (std::int64_t at = 0; at < std::int64_t(c_.dout.size()); ++at) {
                    const std::int64_t row = at / p.head_dim, query = row / p.heads % p.seq_len;
                    const bool is_one = row % p.heads == head && query == first + at % p.head_dim;
                    c_.dout[std::size_t(at)] = is_one ? 1.0f : 0.0f;
                }
                run_ready(backend_.ready(c_.gradient_call()), "");
                for (std::int64_t at = 0; at < std::int64_t(c_.dv.size()); ++at) {
                    const std::int64_t row = at / p.head_dim, token = row / p.kv_heads;
                    if (row % p.kv_heads != kv_head(p, head)) continue;
                    check_pair({token / p.kv_len, head, first + at % p.head_dim, token % p.kv_len},
                               c_.dv[std::size_t(at)]);
                }
            }
        CHECK(first_wrong_ == "");
    }

private:
    struct Pair {
        std::int64_t batch, head, query, key;
    };
    void check_pair(const Pair& pair, float found) {
        const Problem& p = c_.problem;
        if (pair.query >= p.seq_len || pair.key >= p.kv_len) return;
        const double weight = weights_[std::size_t((pair.head * p.seq_len + pair.query) * p.kv_len + pair.key)];
        const bool kept = is_kept(c_.dropout, std::uint32_t(pair.batch * p.heads + pair.head),
                                  query_position(p, pair.query), pair.key);
        dropped_ += !kept && weight > 0;
        const double expected = kept ? weight * double(c_.dropout.keep_scale()) : 0;
        if (std::abs(double(found) - expected) <= 0.01 * expected) return; // where dropped: exactly 0
        if (!first_wrong_.empty()) return;
        first_wrong_ = fmt::format("batch {} head {} query {} key {} has weight {}, not {}", pair.batch, pair.head,
                                   pair.query, pair.key, found, expected);
    }

    Backend& backend_;
    AttentionCase c_;
    std::vector<double> weights_;
    std::string first_wrong_;
    std::int64_t dropped_ = 0;
};

void check_kept_pairs(Backend& backend, const Problem& problem) {
    INFO(backend.name() << " " << enum_name(problem.dtype) << " D " << problem.head_dim);
    KeptPairs pairs(backend, problem, {0.4, 64});
    pairs.check_forward_pairs();
    pairs.check_backward_pairs();
}

Problem dropout_problem(Dtype dtype, std::int64_t seq_len, std::int64_t head_dim) {
    Problem problem = self_attention(seq_len, 2, head_dim, true);
    problem.dtype = dtype, problem.kv_len += 9, problem.kv_heads = 1, problem.batch = 2;
    return problem;
}

Problem typed(Problem problem, Dtype dtype) {
    problem.dtype = dtype;
    return problem;
}

// Kernels of all widths and heights, few launches of few blocks: what checkers that slow them a hundredfold can bear.
void check_few_launches(Backend& backend, std::int64_t seq_len) {
    struct Few {
        Dtype dtype;
        std::int64_t head_dim;
        const char *pattern, *kernel;
    };
    for (const Few& few :
         {Few{Dtype::bf16, 64, "dense", "bf16 d64 r128"}, Few{Dtype::bf16, 128, "dense", "bf16 d128 r128"},
          Few{Dtype::bf16, 128, "longnet segments=32,64 rates=1,2", "bf16 d128 r64"},
          Few{Dtype::f32, 64, "longnet segments=32,64 rates=1,2", "f32 d64 r64"}})
        for (const double rate : {0.0, 0.2}) {
            AttentionCase c(parse_pattern(few.pattern).value(),
                            typed(self_attention(seq_len, 1, few.head_dim, true), few.dtype), 65);
            c.dropout = {rate, 66};
            check_forward(backend, c, fmt::format("forward {}", few.kernel));
            check_backward(backend, c, rate == 0, fmt::format("backward {}", few.kernel));
        }
}

} // namespace

TEST_CASE("gpu: every forward kernel equals the reference", "[gpu][slow]") {
    if (CudaDevice* gpu = gpu_or_skip()) check_every_kernel(cuda_backend(), gpu->properties(), Direction::forward, {});
}

TEST_CASE("gpu: every backward kernel equals the reference", "[gpu][slow]") {
    if (CudaDevice* gpu = gpu_or_skip()) check_every_kernel(cuda_backend(), gpu->properties(), Direction::backward, {});
}

TEST_CASE("gpu: five calls have the same bits", "[gpu][slow]") {
    if (!gpu_or_skip()) return;
    for (const Dtype dtype : {Dtype::f16, Dtype::bf16, Dtype::f32})
        for (const std::int64_t head_dim : {64, 128})
            check_same_bits(cuda_backend(), typed(self_attention(4099, 4, head_dim, true), dtype));
}

TEST_CASE("gpu: dropout drops the pairs that it drops on the cpu", "[gpu][slow]") {
    if (!gpu_or_skip()) return;
    for (const Dtype dtype : {Dtype::f16, Dtype::bf16, Dtype::f32})
        for (const std::int64_t head_dim : {64, 128, 256})
            check_kept_pairs(cuda_backend(), dropout_problem(dtype, 300, head_dim));
}

TEST_CASE("gpu: a key changes the rows that see it, and no others", "[gpu][slow]") {
    if (!gpu_or_skip()) return;
    for (const Dtype dtype : {Dtype::f16, Dtype::bf16, Dtype::f32})
        for (const char* pattern : {"dense", "longnet segments=64,256 rates=1,4", "window left=70 right=70"}) {
            AttentionCase c(parse_pattern(pattern).value(), typed(self_attention(509, 4, 64, true), dtype), 67);
            for (const std::int64_t key : {0, 1, 63, 64, 255, 300, 508}) check_changed_key(c, cuda_backend(), key);
        }
}

TEST_CASE("gpu: few launches of attention, for sanitizers", "[gpu][slow][sanitize]") {
    if (gpu_or_skip()) check_few_launches(cuda_backend(), 200);
}

// The same checks where there is no GPU.

TEST_CASE("every kernel runs: each element type, width and block height", "[cuda][slow]") {
    for (const Direction direction : {Direction::forward, Direction::backward}) {
        EmulatedCuda cuda;
        check_every_kernel(cuda.backend, emulated_h100(), direction, {131, 65, 2, 6});
        for (const KernelConfig& config : kernel_configs()) {
            INFO(config.name);
            const bool is_launched = std::ranges::any_of(cuda.api.launches(), [&](const KernelLaunch& launch) {
                return launch.name == std::string(config.name);
            });
            CHECK((is_launched || config.direction != direction));
        }
    }
}

TEST_CASE("kernels of two heights equal the reference on ragged sizes", "[cuda]") {
    EmulatedCuda cuda;
    check_every_kernel(cuda.backend, emulated_h100(), Direction::forward, {67, 65, 2, 5, "bf16 d64"});
    check_every_kernel(cuda.backend, emulated_h100(), Direction::backward, {67, 65, 2, 5, "f16 d64 r128"});
}

TEST_CASE("five calls of emulated cuda have the same bits", "[cuda]") {
    EmulatedCuda cuda;
    check_same_bits(cuda.backend, self_attention(70, 2, 16, true));
}

TEST_CASE("dropout drops the same pairs on every backend", "[cuda][dropout]") {
    EmulatedCuda cuda;
    check_kept_pairs(cuda.backend, dropout_problem(Dtype::bf16, 40, 32));
    for (Backend* backend : backends())
        if (backend->name() != "cuda") check_kept_pairs(*backend, dropout_problem(Dtype::f32, 140, 64));
}

TEST_CASE("emulated cuda: a key changes the rows that see it, and no others", "[cuda]") {
    EmulatedCuda cuda;
    for (const Dtype dtype : {Dtype::bf16, Dtype::f32}) {
        AttentionCase c(parse_pattern("longnet segments=16,64 rates=1,4").value(),
                        typed(self_attention(70, 2, 16, true), dtype), 67);
        for (const std::int64_t key : {0, 17, 63}) check_changed_key(c, cuda.backend, key);
    }
}

TEST_CASE("emulated cuda: few launches of attention", "[cuda][slow]") {
    EmulatedCuda cuda;
    check_few_launches(cuda.backend, 200);
}
