// The oracle sweep of gradients, and what a key may and may not change in them.
#include "tests/catch.h"
#include "tests/engine/sweep.h"
#include <cstring>
#include <map>

using namespace dilascope;

namespace {

Result<void> forward_and_backward(Backend& backend, AttentionCase& c) {
    TRY(backend.forward(c.call()));
    return backend.backward(c.gradient_call());
}

void check_gradient(AttentionCase& c) {
    INFO(describe(c));
    c.call(); // poisons out and lse, which the reference's gradient does not read
    REQUIRE(reference_backend().backward(c.gradient_call()));
    const std::vector<float> dq = c.dq, dk = c.dk, dv = c.dv;
    for (const std::vector<float>* values : {&dq, &dk, &dv})
        REQUIRE(std::ranges::all_of(*values, [](float value) { return std::isfinite(value); })); // all written
    const double tolerance = tolerance_of(c.problem.dtype, c.dropout).gradient;
    for (Backend* backend : rivals(c, Direction::backward)) {
        INFO(backend->name());
        REQUIRE(forward_and_backward(*backend, c));
        REQUIRE(worst_gradient_excess(c.dq, dq, tolerance) <= 0);
        REQUIRE(worst_gradient_excess(c.dk, dk, tolerance) <= 0);
        REQUIRE(worst_gradient_excess(c.dv, dv, tolerance) <= 0);
    }
}

std::vector<Backend*> able_to_differentiate(const AttentionCase& c) {
    std::vector<Backend*> able = rivals(c, Direction::backward);
    able.push_back(&reference_backend());
    return able;
}

bool is_same(const std::vector<float>& one, const std::vector<float>& other, std::int64_t first, std::int64_t count) {
    return std::memcmp(one.data() + first, other.data() + first, std::size_t(count) * sizeof(float)) == 0;
}

// Whether dq of a row depends on one of the keys it sees: not where that key's softmax has no other, for then its
// weight is 1 whatever the key is.
bool depends_on(const AttentionCase& c, const std::vector<SeenKey>& keys, std::int64_t key) {
    const MixMode mix = mix_mode(c.pattern);
    for (const SeenKey& seen : keys) {
        if (seen.key != key) continue;
        if (mix == MixMode::softmax) return keys.size() > 1;
        for (int branch = 0; branch < branch_count(c.pattern); ++branch) {
            const auto in_branch =
                std::ranges::count_if(keys, [&](const SeenKey& k) { return k.branches >> branch & 1; });
            // The branch weights of softmax_stopgrad, constant or not, change with any key.
            if (in_branch > 1 && (mix == MixMode::softmax_stopgrad || (seen.branches >> branch & 1))) return true;
        }
    }
    return false;
}

// Changes one key and its value: dq of the rows that see it changes, and not a bit of the others.
void check_one_key(AttentionCase& c, Backend& backend, std::int64_t key) {
    const Problem& p = c.problem;
    REQUIRE(forward_and_backward(backend, c));
    const std::vector<float> before = c.dq, k = c.k, v = c.v;
    for (std::int64_t at = key_offset(p, 0, key, 0); at < key_offset(p, 0, key + 1, 0); ++at)
        c.k[std::size_t(at)] += 0.5f, c.v[std::size_t(at)] += 3;
    REQUIRE(forward_and_backward(backend, c));
    for (std::int64_t head = 0; head < p.heads; ++head)
        for (std::int64_t query = 0; query < p.seq_len; ++query) {
            const std::vector<SeenKey> keys = seen_keys(c.pattern, p, head, query);
            const bool same = is_same(before, c.dq, query_offset(p, 0, query, head), p.head_dim);
            INFO("key " << key << " head " << head << " query " << query);
            if (branches(c.pattern, p, head, query, key) == 0)
                REQUIRE(same);
            else if (depends_on(c, keys, key))
                REQUIRE_FALSE(same);
        }
    c.k = k, c.v = v;
}

// dk and dv of a key that no row sees are exactly 0, in whatever branch of a kernel it lies. Returns how many there
// are.
int check_unseen_keys(AttentionCase& c, Backend& backend) {
    const Problem& p = c.problem;
    REQUIRE(forward_and_backward(backend, c));
    std::vector<bool> is_seen(std::size_t(p.kv_len * p.kv_heads));
    for (std::int64_t head = 0; head < p.heads; ++head)
        for (std::int64_t query = 0; query < p.seq_len; ++query)
            for (const SeenKey& seen : seen_keys(c.pattern, p, head, query))
                is_seen[std::size_t(seen.key * p.kv_heads + kv_head(p, head))] = true;
    int unseen = 0;
    for (std::int64_t row = 0; row < p.batch * p.kv_len * p.kv_heads; ++row) {
        if (is_seen[std::size_t(row % (p.kv_len * p.kv_heads))]) continue;
        ++unseen;
        for (std::int64_t d = 0; d < p.head_dim; ++d) {
            REQUIRE_EACH(c.dk[std::size_t(row * p.head_dim + d)] == 0);
            REQUIRE_EACH(c.dv[std::size_t(row * p.head_dim + d)] == 0);
        }
    }
    return unseen;
}

void check_keys(std::uint64_t seed, int trials, const std::vector<std::int64_t>& lengths) {
    std::mt19937_64 random(seed);
    std::map<std::string_view, int> unseen; // by backend
    for (int trial = 0; trial < trials; ++trial) {
        Problem problem = random_problem(random, lengths);
        problem.head_dim = 16, problem.batch = 1;
        Pattern pattern = random_ordered_pattern(random, problem.kv_len, problem.heads);
        if (Dilated* dilated = std::get_if<Dilated>(&pattern.kind)) dilated->mix = MixMode(pick(random, 0, 3));
        if (!validate(pattern, problem)) continue;
        AttentionCase c(pattern, problem, seed + std::uint64_t(trial));
        INFO(describe(c));
        const std::int64_t key = pick(random, 0, problem.kv_len - 1);
        for (Backend* backend : able_to_differentiate(c)) {
            INFO(backend->name());
            check_one_key(c, *backend, key);
            unseen[backend->name()] += check_unseen_keys(c, *backend);
        }
    }
    for (const auto& [name, count] : unseen) {
        INFO(name);
        CHECK(count > 0);
    }
}

} // namespace

TEST_CASE("every gradient equals the reference's on short sequences", "[gradient]") {
    for_random_cases({20, 25, {1, 2, 3, 5, 17, 63, 64, 65}, {1, 3, 8, 32, 64, 80}, 2e6}, check_gradient);
}

TEST_CASE("every gradient equals the reference's on many short sequences", "[gradient][slow]") {
    for_random_cases({22, 150, {1, 2, 3, 5, 17, 63, 64, 65, 127}}, check_gradient);
}

TEST_CASE("every gradient equals the reference's on long sequences", "[gradient][slow]") {
    for_random_cases({21, 40, {127, 509, 1024}, all_widths, 1e8}, check_gradient);
}

TEST_CASE("every preset's gradient equals the reference's", "[gradient]") {
    for (const char* name :
         {"longnet", "torchscale", "seed", "dilated heads=partition_legacy mix=none phase=group_mod"})
        for (const bool causal : {false, true}) {
            AttentionCase c(parse_pattern(std::string(name) + " segments=16,48,96 rates=1,3,5").value(),
                            self_attention(101, 6, 32, causal), 23);
            check_gradient(c);
        }
}

TEST_CASE("fkodom's gradient equals the reference's", "[gradient]") {
    AttentionCase c(parse_pattern("fkodom segments=16,48 rates=1,3").value(), self_attention(97, 5, 16), 24);
    for (float& value : c.v) value = std::abs(value) + 0.5f; // its divisors Σ_n o_b stay away from 0
    check_gradient(c);
}

TEST_CASE("a key moves the gradients of the rows that see it, and no others", "[gradient]") {
    check_keys(25, 20, {5, 17, 33});
}

TEST_CASE("a key moves the gradients of the rows that see it, and no others, often", "[gradient][slow]") {
    check_keys(26, 120, {5, 17, 64, 130});
}

TEST_CASE("gradients have the same bits on every call, and a cancelled call says so", "[gradient]") {
    AttentionCase c(parse_pattern("longnet segments=16,64 rates=1,3").value(), self_attention(130, 6, 16, true), 27);
    for (Backend* backend : able_to_differentiate(c)) {
        INFO(backend->name());
        REQUIRE(forward_and_backward(*backend, c));
        const std::vector<float> dq = c.dq, dk = c.dk, dv = c.dv;
        REQUIRE(forward_and_backward(*backend, c));
        CHECK((dq == c.dq && dk == c.dk && dv == c.dv));
        const CancelFlag cancel = true;
        GradientCall call = c.gradient_call();
        call.cancel = &cancel;
        const Result<void> result = backend->backward(call);
        REQUIRE_FALSE(result);
        CHECK(result.error().what.find("cancelled") != std::string::npos);
    }
}
