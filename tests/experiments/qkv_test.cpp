#include "experiments/gaussian.h"
#include "experiments/qkv.h"
#include "experiments/qkv_role.h"
#include "experiments/tensor_file.h"
#include "tests/catch.h"
#include "tests/experiments/tensor_bytes.h"
#include "tests/scratch_folder.h"
#include <cmath>
#include <numeric>

using namespace dilascope;

namespace {

using Shape = std::vector<std::int64_t>;

struct Named {
    std::string name;
    Shape shape;
    std::vector<float> values; // empty: 0, 1, 2, …
};

Result<Qkv> load(std::vector<Named> tensors, Layout layout = Layout::bnhd, const std::string& name = "x.safetensors") {
    const ScratchFolder folder;
    std::vector<TensorToWrite> to_write;
    for (Named& tensor : tensors) {
        if (tensor.values.empty()) {
            std::int64_t count = 1;
            for (const std::int64_t extent : tensor.shape) count *= extent;
            tensor.values.resize(std::size_t(count));
            std::iota(tensor.values.begin(), tensor.values.end(), 0.0f);
        }
        to_write.push_back({tensor.name, tensor.shape, tensor.values.data()});
    }
    REQUIRE(write_tensor_file(folder / name, to_write));
    return load_qkv(folder / name, layout);
}

Result<Qkv> load(const Shape& q, const Shape& k, Layout layout = Layout::bnhd) {
    return load({{"q", q, {}}, {"k", k, {}}, {"v", k, {}}}, layout);
}

} // namespace

TEST_CASE("qkv: shapes become a problem, in both layouts and without batch", "[experiments]") {
    for (const auto& [q, k, layout] : {std::tuple<Shape, Shape, Layout>{{2, 5, 6, 4}, {2, 7, 3, 4}, Layout::bnhd},
                                       std::tuple<Shape, Shape, Layout>{{2, 6, 5, 4}, {2, 3, 7, 4}, Layout::bhnd}}) {
        const auto qkv = load(q, k, layout);
        INFO(error_of(qkv));
        REQUIRE(qkv);
        const Problem& p = qkv->problem;
        CHECK((p.batch == 2 && p.seq_len == 5 && p.kv_len == 7 && p.heads == 6 && p.kv_heads == 3 && p.head_dim == 4));
        CHECK((qkv->q.size() == query_elements(p) && qkv->k.size() == key_elements(p) &&
               qkv->v.size() == key_elements(p)));
        CHECK_FALSE(qkv->dout);
        CHECK(qkv->source == "x.safetensors");
        for (std::int64_t b = 0; b < 2; ++b)
            for (std::int64_t n = 0; n < 7; ++n)
                for (std::int64_t g = 0; g < 3; ++g) {
                    const std::int64_t in_file = layout == Layout::bnhd ? (b * 7 + n) * 3 + g : (b * 3 + g) * 7 + n;
                    CHECK(qkv->k[key_offset(p, b, n, g) + 1] == float(in_file * 4 + 1));
                }
    }
    const auto no_batch = load({5, 6, 4}, {5, 6, 4});
    REQUIRE(no_batch);
    CHECK((no_batch->problem.batch == 1 && no_batch->problem.seq_len == 5 && no_batch->problem.heads == 6));
}

TEST_CASE("qkv: names", "[experiments]") {
    for (const char* name :
         {"q", "Q", "query", "layers.3.self_attn.q_proj", "blk/0/q", "attn_q", "query_states", "queries"})
        CHECK(qkv_role(name) == QkvRole::q);
    for (const char* name : {"k", "key", "past_key", "cache.key_states"}) CHECK(qkv_role(name) == QkvRole::k);
    for (const char* name : {"v", "value_layer"}) CHECK(qkv_role(name) == QkvRole::v);
    for (const char* name : {"dout", "do", "grad_output", "loss.dout"}) CHECK(qkv_role(name) == QkvRole::dout);
    for (const char* name : {"", "monkey", "faq", "kv", "q_proj.weight", "out", "q.bias"}) CHECK_FALSE(qkv_role(name));

    const Shape shape = {1, 2, 1, 4};
    const auto qkv = load({{"h.0.query", shape, {}},
                           {"h.0.key", shape, {}},
                           {"h.0.value", shape, {}},
                           {"ids", {3}, {}},
                           {"dout", shape, {}}});
    INFO(error_of(qkv));
    REQUIRE(qkv);
    REQUIRE(qkv->dout);
    CHECK((*qkv->dout)[7] == 7);
    CHECK(says(error_of(load({{"q", shape, {}}, {"v", shape, {}}, {"ids", {3}, {}}})),
               {"x.safetensors", "no tensor \"k\"", "q, v, ids"}));
    CHECK(says(error_of(load({{"a.q", shape, {}}, {"b.q", shape, {}}, {"k", shape, {}}, {"v", shape, {}}})),
               {"2 tensors could be q", "a.q, b.q"}));
    const auto exact =
        load({{"a.q", shape, {}}, {"q", shape, std::vector<float>(8, 0.5f)}, {"k", shape, {}}, {"v", shape, {}}});
    REQUIRE(exact);
    CHECK(exact->q[0] == 0.5f); // the exact name wins
    CHECK(says(error_of(load({{"q", shape, {}}}, Layout::bnhd, "x.npy")), {"no tensor \"q\", only x"}));
}

TEST_CASE("qkv: shapes that do not fit say which and why", "[experiments]") {
    CHECK(says(error_of(load({5, 4}, {5, 4})), {"\"q\"", "rank 2", "(5, 4)", "rank 4"}));
    CHECK(says(error_of(load({1, 1, 5, 2, 4}, {1, 5, 2, 4})), {"\"q\"", "rank 5"}));
    CHECK(says(error_of(load({1, 5, 12, 4}, {1, 5, 5, 4})), {"kv_heads is 5", "does not divide heads 12"}));
    CHECK(says(error_of(load({1, 0, 2, 4}, {1, 5, 2, 4})), {"\"q\"", "(1, 0, 2, 4)", "empty"}));
    CHECK(says(error_of(load({1, 5, 2, 4}, {1, 4, 2, 4})), {"kv_len is 4", "shorter than seq_len 5"}));
    CHECK(
        says(error_of(load({1, 5, 2, 4}, {1, 5, 2, 8})), {"(1, 5, 2, 4)", "(1, 5, 2, 8)", "same batch and head_dim"}));
    CHECK(says(error_of(load({2, 5, 2, 4}, {1, 5, 2, 4})), {"same batch"}));
    CHECK(says(error_of(load({1, 5, 2, 257}, {1, 5, 2, 257})), {"head_dim is 257", "256"}));
    const Shape shape = {1, 5, 2, 4};
    CHECK(says(error_of(load({{"q", shape, {}}, {"k", shape, {}}, {"v", {1, 6, 2, 4}, {}}})),
               {"k has shape", "v (1, 6, 2, 4)"}));
    CHECK(says(error_of(load({{"q", shape, {}}, {"k", shape, {}}, {"v", shape, {}}, {"dout", {1, 5, 4, 2}, {}}})),
               {"dout has shape"}));
}

TEST_CASE("qkv: values that are not finite are reported, not hidden", "[experiments]") {
    const Shape shape = {1, 5, 2, 4};
    std::vector<float> values(40, 1.0f);
    values[17] = NAN, values[30] = INFINITY, values[39] = -INFINITY;
    const std::string error = error_of(load({{"q", shape, values}, {"k", shape, {}}, {"v", shape, {}}}));
    INFO(error);
    CHECK(says(error, {"\"q\"", "3 values", "not finite", "(0, 2, 0, 1)", "nan"}));
    values.assign(40, 1.0f);
    values[39] = -INFINITY;
    CHECK(says(error_of(load({{"q", shape, {}}, {"k", shape, {}}, {"v", shape, values}})),
               {"\"v\"", "1 value that is", "(0, 4, 1, 3)", "-inf"}));
    // a tensor that plays no part may hold anything
    CHECK(load({{"q", shape, {}}, {"k", shape, {}}, {"v", shape, {}}, {"mask", shape, values}}));
}

TEST_CASE("qkv: generated inputs depend on seed and shapes alone", "[experiments]") {
    Problem problem = self_attention(7, 6, 4);
    problem.kv_len = 9, problem.kv_heads = 2;
    const auto qkv = generate_qkv(problem, 42);
    REQUIRE(qkv);
    CHECK((qkv->q.size() == 7 * 6 * 4 && qkv->k.size() == 9 * 2 * 4 && qkv->v.size() == 9 * 2 * 4));
    CHECK(qkv->source == "gaussian seed=42");
    CHECK((qkv->q[5] == gaussian(42, 0, 5) && qkv->k[5] == gaussian(42, 1, 5) && qkv->v[71] == gaussian(42, 2, 71)));
    problem.kv_heads = 4;
    CHECK(says(error_of(generate_qkv(problem, 42)), {"does not divide"}));
}

TEST_CASE("qkv: a slice keeps the first tokens and heads", "[experiments]") {
    Problem problem = self_attention(7, 6, 4);
    problem.batch = 2, problem.kv_len = 9, problem.kv_heads = 3; // two query heads share a key head
    const auto whole = generate_qkv(problem, 1);
    REQUIRE(whole);
    for (const auto& [seq_len, heads, kv_heads] :
         {std::tuple(3, 4, 2), std::tuple(7, 6, 3), std::tuple(1, 1, 1), std::tuple(2, 2, 1)}) {
        const auto part = slice_qkv(*whole, seq_len, heads);
        INFO(error_of(part));
        REQUIRE(part);
        const Problem& p = part->problem;
        CHECK((p.batch == 2 && p.seq_len == seq_len && p.kv_len == seq_len + 2 && p.heads == heads &&
               p.kv_heads == kv_heads));
        for (std::int64_t b = 0; b < 2; ++b) {
            for (std::int64_t n = 0; n < seq_len; ++n)
                for (std::int64_t h = 0; h < heads; ++h)
                    CHECK(part->q[query_offset(p, b, n, h) + 3] == whole->q[query_offset(problem, b, n, h) + 3]);
            for (std::int64_t m = 0; m < seq_len + 2; ++m)
                for (std::int64_t g = 0; g < kv_heads; ++g) {
                    CHECK(part->k[key_offset(p, b, m, g)] == whole->k[key_offset(problem, b, m, g)]);
                    CHECK(part->v[key_offset(p, b, m, g) + 2] == whole->v[key_offset(problem, b, m, g) + 2]);
                }
        }
    }
    CHECK(says(error_of(slice_qkv(*whole, 8, 6)), {"seq_len 8", "1 … 7"}));
    CHECK(says(error_of(slice_qkv(*whole, 0, 6)), {"seq_len 0"}));
    CHECK(says(error_of(slice_qkv(*whole, 7, 12)), {"12 heads", "1 … 6"}));
    CHECK(says(error_of(slice_qkv(*whole, 7, 3)), {"3 heads", "multiple of 2"}));
}

TEST_CASE("qkv: the shipped real tensors are a trained layer's", "[experiments]") {
    const auto qkv = load_qkv(std::filesystem::path(DILASCOPE_SOURCE_DIR) / "assets/minilm_layer3.safetensors");
    INFO(error_of(qkv));
    REQUIRE(qkv);
    const Problem& p = qkv->problem;
    CHECK(
        (p.batch == 1 && p.seq_len == 512 && p.kv_len == 512 && p.heads == 12 && p.kv_heads == 12 && p.head_dim == 32));
    // Mean entropy of the attention rows 0, 8, 16, … of each head in bits, as numpy computes it from the file; Gaussian
    // noise of unit variance would have 8.3 in every head.
    const std::vector<double> expected = {5.116, 4.781, 5.026, 6.964, 7.191, 6.977,
                                          7.845, 6.504, 4.128, 5.081, 5.676, 8.037};
    for (std::int64_t head = 0; head < p.heads; ++head) {
        double entropy = 0;
        for (std::int64_t n = 0; n < p.seq_len; n += 8) {
            double sum = 0, score_sum = 0; // Σ e^s and Σ s·e^s: entropy = ln Σe^s − Σ s·e^s / Σe^s
            for (std::int64_t m = 0; m < p.kv_len; ++m) {
                double score = 0;
                for (std::int64_t d = 0; d < p.head_dim; ++d)
                    score += double(qkv->q[query_offset(p, 0, n, head) + d]) * qkv->k[key_offset(p, 0, m, head) + d];
                score /= std::sqrt(32.0);
                sum += std::exp(score), score_sum += score * std::exp(score);
            }
            entropy += (std::log(sum) - score_sum / sum) / std::log(2.0) / 64;
        }
        CHECK(entropy == Approx(expected[std::size_t(head)]).margin(0.001));
    }
}

TEST_CASE("qkv: long tensors are generated in stretches without seams, and left when cancelled", "[experiments]") {
    const Problem problem = self_attention(1200, 8, 128); // 1.2 M values
    const Qkv qkv = generate_qkv(problem, 7).value();
    for (const std::int64_t index : {0, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 1200 * 8 * 128 - 1})
        CHECK(qkv.k[index] == gaussian(7, 1, std::uint64_t(index)));
    const CancelFlag cancel = true;
    CHECK_FALSE(generate_qkv(problem, 7, &cancel).has_value());
}
