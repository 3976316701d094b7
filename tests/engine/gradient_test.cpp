// The reference's gradient against central differences of a loss that is written here from the definitions, in float64.
#include "engine/backends/reference.h"
#include "engine/pattern/pattern_text.h"
#include "tests/catch.h"
#include "tests/engine/attention_case.h"
#include <map>

using namespace dilascope;

namespace {

// Σ out·dout of a case: plain sums of exponentials, no shifts, no shared code with the reference.
class PlainLoss {
public:
    std::vector<double> q, k, v;

    explicit PlainLoss(const AttentionCase& c)
        : q(c.q.begin(), c.q.end()), k(c.k.begin(), c.k.end()), v(c.v.begin(), c.v.end()), case_(c),
          mix_(mix_mode(c.pattern)),
          branch_total_(std::holds_alternative<Blocks>(c.pattern.kind) ? 1 : branch_count(c.pattern)) {
        const Problem& p = c.problem;
        for (std::int64_t h = 0; h < p.heads; ++h)
            for (std::int64_t n = 0; n < p.seq_len; ++n)
                for (std::int64_t m = 0; m < p.kv_len; ++m)
                    sets_.push_back(branches(c.pattern, p, h, n, m)); // a union of blocks is one set of keys
    }

    double operator()() {
        const Problem& p = case_.problem;
        double loss = 0;
        for (std::int64_t b = 0; b < p.batch; ++b)
            for (std::int64_t h = 0; h < p.heads; ++h) loss += head(b, h);
        return loss;
    }

private:
    const AttentionCase& case_;
    MixMode mix_;
    int branch_total_;
    std::vector<BranchSet> sets_;           // (H,N,M)
    std::map<std::int64_t, double> frozen_; // by row and branch: softmax_stopgrad's weights at the first evaluation

    struct BranchSum {
        double weights = 0; // Σ exp(score), dropped keys too
        std::vector<double> values;
    };

    BranchSum branch_sum(std::int64_t b, std::int64_t h, std::int64_t n, int branch) const {
        const Problem& p = case_.problem;
        const Dropout& dropout = case_.dropout;
        BranchSum sum{0, std::vector<double>(std::size_t(p.head_dim), 0.0)};
        for (std::int64_t m = 0; m < p.kv_len; ++m) {
            const BranchSet set = sets_[std::size_t((h * p.seq_len + n) * p.kv_len + m)];
            if (branch_total_ == 1 ? set == 0 : (set >> branch & 1) == 0) continue;
            const auto query = std::size_t(((b * p.seq_len + n) * p.heads + h) * p.head_dim);
            const auto key = std::size_t(((b * p.kv_len + m) * p.kv_heads + h * p.kv_heads / p.heads) * p.head_dim);
            double score = 0;
            for (std::size_t d = 0; d < std::size_t(p.head_dim); ++d) score += q[query + d] * k[key + d];
            const double weight = std::exp(score * softmax_scale(p));
            sum.weights += weight;
            const std::int64_t position = n + p.kv_len - p.seq_len;
            if (dropout.rate > 0 && !is_kept(dropout, std::uint32_t(b * p.heads + h), position, m)) continue;
            for (std::size_t d = 0; d < std::size_t(p.head_dim); ++d)
                sum.values[d] += weight * v[key + d] / (1 - double(dropout.threshold()) / 65536);
        }
        return sum;
    }

    double head(std::int64_t b, std::int64_t h) {
        const Problem& p = case_.problem;
        const auto head_dim = std::size_t(p.head_dim);
        std::vector<std::vector<BranchSum>> rows; // (N, branches)
        std::vector<double> over_sequence(head_dim * std::size_t(branch_total_), 0.0);
        for (std::int64_t n = 0; n < p.seq_len; ++n) {
            rows.emplace_back();
            for (int branch = 0; branch < branch_total_; ++branch) {
                const BranchSum& sum = rows.back().emplace_back(branch_sum(b, h, n, branch));
                for (std::size_t d = 0; d < head_dim && sum.weights > 0; ++d)
                    over_sequence[std::size_t(branch) * head_dim + d] += sum.values[d] / sum.weights;
            }
        }
        double loss = 0;
        for (std::int64_t n = 0; n < p.seq_len; ++n) {
            double all = 0;
            for (const BranchSum& sum : rows[std::size_t(n)]) all += sum.weights;
            for (int branch = 0; branch < branch_total_; ++branch) {
                const BranchSum& sum = rows[std::size_t(n)][std::size_t(branch)];
                if (sum.weights == 0) continue;
                const std::int64_t row = (b * p.heads + h) * p.seq_len + n;
                double share = 1;
                if (mix_ == MixMode::softmax) share = sum.weights / all;
                if (mix_ == MixMode::softmax_stopgrad)
                    share = frozen_.try_emplace(row * branch_total_ + branch, sum.weights / all).first->second;
                if (mix_ == MixMode::mean || mix_ == MixMode::fkodom) share = 1.0 / branch_total_;
                for (std::size_t d = 0; d < head_dim; ++d) {
                    const double divisor =
                        mix_ == MixMode::fkodom ? over_sequence[std::size_t(branch) * head_dim + d] : 1.0;
                    const auto at = std::size_t(((b * p.seq_len + n) * p.heads + h) * p.head_dim) + d;
                    loss += share * sum.values[d] / sum.weights / divisor * double(case_.dout[at]);
                }
            }
        }
        return loss;
    }
};

// Worst error of `gradient` relative to 1 + its size, over every `step`-th element of `input`.
double worst_error(PlainLoss& loss, std::vector<double>& input, const std::vector<float>& gradient, std::size_t step) {
    constexpr double h = 1e-4; // truncation h²·f‴/6 and rounding 1e-16/h are both far below f32's 6e-8
    double worst = 0;
    for (std::size_t index = 0; index < input.size(); index += step) {
        const double here = input[index];
        input[index] = here + h;
        const double above = loss();
        input[index] = here - h;
        const double below = loss();
        input[index] = here;
        const double error = std::abs((above - below) / (2 * h) - double(gradient[index]));
        worst = std::max(worst, std::isnan(error) ? INFINITY : error / (1 + std::abs(double(gradient[index]))));
    }
    return worst;
}

const char* const patterns[] = {
    "dense",
    "window left=4 right=1",
    "longnet segments=4,8,16 rates=1,2,3",
    "torchscale segments=4,8,16 rates=1,2,3",
    "seed segments=4,16 rates=1,3",
    "dilated segments=5,8 rates=1,2 mix=mean",
    "dilated segments=4,8 rates=1,2 heads=partition_legacy phase=zero mix=none",
    "fkodom segments=4,8 rates=1,2",
    "dilated segments=16,8 rates=3,2 mix=fkodom",
    "local block=2 window=4 + global block=2 tokens=3",
    "longnet segments=4,8 rates=1,2 order=hilbert grid=4x4 use=sequence",
};

AttentionCase small_case(const char* text, bool causal, double dropout_rate) {
    Problem problem = self_attention(9, 4, 3, causal);
    problem.kv_len = 13, problem.kv_heads = 2, problem.batch = 2, problem.dtype = Dtype::f64;
    AttentionCase c(parse_pattern(text).value(), problem, 40);
    c.dropout = {dropout_rate, 41};
    if (mix_mode(c.pattern) == MixMode::fkodom)
        for (float& value : c.v) value = std::abs(value) + 0.5f; // its divisors Σ_n o_b stay away from 0
    return c;
}

void check_by_differences(AttentionCase& c, std::size_t step) {
    INFO(to_text(c.pattern) << (c.problem.causal ? " causal" : "") << " dropout " << c.dropout.rate);
    c.call(); // poisons out and lse: the reference's gradient reads neither
    REQUIRE(reference_backend().backward(c.gradient_call()));
    PlainLoss loss(c);
    loss(); // freezes the branch weights of softmax_stopgrad
    CHECK(worst_error(loss, loss.q, c.dq, step) < 1e-6);
    CHECK(worst_error(loss, loss.k, c.dk, step) < 1e-6);
    CHECK(worst_error(loss, loss.v, c.dv, step) < 1e-6);
}

} // namespace

TEST_CASE("the reference's gradient is that of central differences", "[gradient]") {
    for (const char* text : patterns)
        for (const bool causal : {false, true})
            for (const double dropout : {0.0, 0.3}) {
                AttentionCase c = small_case(text, causal, dropout);
                check_by_differences(c, 7);
            }
}

TEST_CASE("the reference's gradient is that of central differences in every element", "[gradient][slow]") {
    for (const char* text : patterns)
        for (const bool causal : {false, true})
            for (const double dropout : {0.0, 0.3}) {
                AttentionCase c = small_case(text, causal, dropout);
                check_by_differences(c, 1);
            }
}

TEST_CASE("the reference's forward is the plain loss", "[gradient]") {
    for (const char* text : patterns)
        for (const double dropout : {0.0, 0.3}) {
            AttentionCase c = small_case(text, true, dropout);
            REQUIRE(reference_backend().forward(c.call()));
            double sum = 0;
            for (std::size_t index = 0; index < c.out.size(); ++index)
                sum += double(c.out[index]) * double(c.dout[index]);
            INFO(text << " dropout " << dropout);
            CHECK(sum == Approx(PlainLoss(c)()).margin(1e-5));
        }
}

TEST_CASE("the branch weights of softmax_stopgrad are constants, and that matters", "[gradient]") {
    AttentionCase constant = small_case("torchscale segments=4,8,16 rates=1,2,3", false, 0);
    AttentionCase whole = constant;
    std::get<Dilated>(whole.pattern.kind).mix = MixMode::softmax;
    for (AttentionCase* c : {&constant, &whole}) REQUIRE(reference_backend().backward(c->gradient_call()));
    CHECK(worst_excess(constant.dv, whole.dv, 1e-6, 1e-6) <= 0); // the forward is the same, and so is dv
    CHECK(worst_excess(constant.dq, whole.dq, 1e-2, 1e-2) > 0);
    CHECK(worst_excess(constant.dk, whole.dk, 1e-2, 1e-2) > 0);
}

TEST_CASE("a gradient by hand: two keys, equal scores", "[gradient]") {
    // out = (v0 + v1)/2; d out/d score0 = (v0 − v1)/4 = −d out/d score1; scores are q·k.
    Problem problem = self_attention(1, 1, 1);
    problem.kv_len = 2;
    AttentionCase c({Dense{}}, problem, 42);
    c.q = {0}, c.k = {5, -3}, c.v = {4, 2}, c.dout = {10};
    REQUIRE(reference_backend().backward(c.gradient_call()));
    CHECK(c.dq == std::vector<float>{10 * 0.5f * (5 + 3)});
    CHECK(c.dk == std::vector<float>{0, 0}); // q is 0
    CHECK(c.dv == std::vector<float>{5, 5});
}

TEST_CASE("16-bit tensors are read exactly: the reference gives the bits of their f32 values", "[reference]") {
    for (const Dtype dtype : {Dtype::f16, Dtype::bf16}) {
        AttentionCase wide = small_case("longnet segments=4,16 rates=1,3", false, 0.2);
        wide.problem.dtype = Dtype::f32;
        for (std::vector<float>* values : {&wide.q, &wide.k, &wide.v})
            for (float& value : *values)
                value = dtype == Dtype::f16 ? f32_from_f16(f16_from_f32(value)) : f32_from_bf16(bf16_from_f32(value));
        AttentionCase narrow = wide;
        narrow.problem.dtype = dtype;
        for (AttentionCase* c : {&wide, &narrow}) {
            REQUIRE(reference_backend().forward(c->call()));
            REQUIRE(reference_backend().backward(c->gradient_call()));
        }
        CHECK((wide.out == narrow.out && wide.dq == narrow.dq && wide.dk == narrow.dk && wide.dv == narrow.dv));
    }
}
