// The live engine: newest request wins, nothing waits, the heatmap is the engine's weights.
#include "engine/weights.h"
#include "experiments/live.h"
#include "experiments/measuring_turn.h"
#include "experiments/statistics.h"
#include "experiments/verify.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/eventually.h"
#include <chrono>
#include <thread>

using namespace dilascope;

namespace {

using Clock = std::chrono::steady_clock;
LiveRequest request_of(const std::string& pattern, std::int64_t seq_len) {
    LiveRequest request;
    request.config.pattern = pattern;
    request.config.seq_len = seq_len;
    request.config.heads = 2;
    request.config.head_dim = 16;
    return request;
}

// The result of a generation, once the engine rests.
std::shared_ptr<const LiveResult> wait_for(const LiveEngine& engine, std::uint64_t generation) {
    const auto start = Clock::now();
    while (engine.busy() && seconds_since(start) < 60) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    const auto result = engine.latest();
    REQUIRE(result);
    REQUIRE(result->generation == generation);
    return result;
}

} // namespace

TEST_CASE("a request is verified, timed and drawn", "[experiments]") {
    LiveEngine engine;
    CHECK_FALSE(engine.latest());
    CHECK(engine.pending_s() == 0);
    LiveRequest request = request_of("longnet segments=16,64 rates=1,2", 100);
    request.heatmap = {1, {{10, 90}, {0, 50}}, 8, 5};
    const auto result = wait_for(engine, engine.submit(request));
    CHECK(result->error == "");
    CHECK(result->verdict == "ok");
    CHECK(result->config == request.config);
    CHECK_FALSE(result->kernel.empty());
    CHECK(result->is_settled);
    CHECK(result->times_ms.size() >= 5);
    CHECK(result->time_ms_median == summarize(result->times_ms).median);
    CHECK(result->time_ms_median > 0);
    CHECK(result->gflop_per_s > 0);

    Inputs inputs;
    const std::unique_ptr<CaseCall> owner = plan_call(request.config, nullptr).value();
    CaseCall& call = *owner;
    REQUIRE(fill_call(call, request.config, inputs, nullptr));
    WeightsCall weights;
    weights.problem = &call.problem, weights.plan = &call.plan;
    weights.q = call.inputs->q.data(), weights.k = call.inputs->k.data();
    weights.head = 1, weights.region = request.heatmap.region, weights.rows = 8, weights.columns = 5;
    REQUIRE(result->heatmap);
    CHECK(result->heatmap->request == request.heatmap);
    CHECK(result->heatmap->queries_per_pixel >= 10); // all of this small picture's
    weights.queries_per_pixel = result->heatmap->queries_per_pixel;
    CHECK(result->heatmap->weights == attention_weights(weights).value());
}

TEST_CASE("while something else is measured the picture comes first", "[experiments]") {
    LiveEngine engine;
    LiveRequest request = request_of("dense", 64);
    request.heatmap = {0, {{0, 64}, {0, 64}}, 4, 4};
    std::optional<MeasuringTurn> turn = MeasuringTurn::take(nullptr).value();
    const std::uint64_t generation = engine.submit(request);
    REQUIRE(eventually([&] { return engine.latest() != nullptr; }));
    const auto first = engine.latest();
    CHECK(first->heatmap);
    CHECK_FALSE(first->is_settled);
    CHECK(first->times_ms.empty());
    CHECK(engine.busy());
    turn.reset();
    const auto result = wait_for(engine, generation);
    CHECK(result->is_settled);
    CHECK(result->times_ms.size() >= 5);
}

TEST_CASE("a new view of the same case is drawn without timing again", "[experiments]") {
    LiveEngine engine;
    LiveRequest request = request_of("dense", 64);
    const auto first = wait_for(engine, engine.submit(request));
    CHECK_FALSE(first->heatmap);
    request.heatmap = {0, {{0, 64}, {0, 64}}, 4, 4};
    const auto second = wait_for(engine, engine.submit(request));
    CHECK(second->heatmap);
    CHECK(second->times_ms == first->times_ms);
    CHECK(second->verdict == "ok");
    request.config.causal = true;
    CHECK(wait_for(engine, engine.submit(request))->times_ms != first->times_ms);
}

TEST_CASE("the newest of many requests wins", "[experiments]") {
    LiveEngine engine;
    std::uint64_t generation = 0;
    for (std::int64_t index = 0; index < 50; ++index) generation = engine.submit(request_of("dense", 1500 + index));
    CHECK(engine.busy());
    const auto result = wait_for(engine, generation);
    CHECK(result->config.seq_len == 1549);
    CHECK(engine.pending_s() == 0);
}

TEST_CASE("submitting never waits", "[experiments][slow]") {
    LiveEngine engine;
    double longest_s = 0;
    for (std::int64_t index = 0; index < 50; ++index) {
        const auto start = Clock::now();
        engine.submit(request_of("dense", 1500 + index));
        longest_s = std::max(longest_s, seconds_since(start));
    }
    CHECK(longest_s < 0.1);
}

TEST_CASE("bad requests answer with the reason", "[experiments]") {
    LiveEngine engine;
    CHECK_THAT(wait_for(engine, engine.submit(request_of("longnt", 64)))->error, contains("longnet"));
    LiveRequest lost = request_of("dense", 64);
    lost.config.input = "lost.npz";
    CHECK_THAT(wait_for(engine, engine.submit(lost))->error, contains("no tensors"));
    LiveRequest stale = request_of("dense", 64);
    stale.heatmap = {7, {{0, 640}, {0, 640}}, 4, 4}; // of shapes that are gone
    const auto result = wait_for(engine, engine.submit(stale));
    CHECK(result->error == "");
    CHECK_FALSE(result->heatmap);
}

TEST_CASE("calls of minutes are drawn but not timed", "[experiments]") {
    LiveEngine engine;
    LiveRequest request = request_of("dense", 1 << 17);
    request.config.heads = 1;
    request.heatmap = {0, whole_matrix(problem_of(request.config).value()), 3, 3};
    const auto result = wait_for(engine, engine.submit(request));
    CHECK_THAT(result->verdict, contains("not timed live"));
    CHECK(result->times_ms.empty());
    REQUIRE(result->heatmap);
    CHECK(result->heatmap->weights[0] == Approx(1.0 / 3).margin(0.01));
}

TEST_CASE("a long call is left at once when the engine goes", "[experiments][slow]") {
    auto engine = std::make_unique<LiveEngine>();
    LiveRequest request = request_of("dense", 24000); // seconds
    request.config.head_dim = 64;
    engine->submit(request);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    CHECK(engine->busy());
    CHECK(engine->pending_s() > 0.2);
    const auto start = Clock::now();
    engine.reset();
    CHECK(seconds_since(start) < 2); // loaded machines included
}

TEST_CASE("tensors under way are left when a newer request comes", "[experiments][slow]") {
    LiveEngine engine;
    LiveRequest request = request_of("window left=8 right=8", 1 << 20); // 3·2^27 values: seconds
    request.config.heads = 2, request.config.head_dim = 64;
    engine.submit(request);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const auto start = Clock::now();
    const auto result = wait_for(engine, engine.submit(request_of("dense", 64)));
    CHECK(result->verdict == "ok");
    CHECK(seconds_since(start) < 2);
}
