#include "experiments/live.h"
#include "engine/backends/ready_weights.h"
#include "experiments/background_thread.h"
#include "experiments/measurement.h"
#include "experiments/measuring_turn.h"
#include "experiments/run.h"
#include "experiments/statistics.h"
#include "experiments/verify.h"
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

namespace dilascope {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// What a live answer may cost. Longer calls are left to "Run and save", which says how long it takes and can wait.
constexpr double max_call_s = 10;
constexpr double max_repeat_s = 1;
constexpr Measure first_repeats = {.warmup = 0, .min_samples = 5, .max_samples = 5, .min_time_s = 0, .timeout_s = 1};
// Where frames are drawn by the cores that compute, some of the first repeats wait for a frame.
constexpr double max_noise_pct = 10;
constexpr Measure more_repeats = {
    .warmup = 0, .min_samples = 5, .min_time_s = 0.05, .max_noise_pct = max_noise_pct, .timeout_s = 0.5};
constexpr std::int64_t verified_rows = 8;
constexpr double max_fkodom_pairs = 0x1p26; // its reference needs whole heads

std::string hours_text(double seconds) {
    if (seconds < 120) return fmt::format("{:.0f} s", seconds);
    return seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.0f} h", seconds / 3600);
}

// The work of the background thread: keeps what the next request can use again.
class LiveWorker {
public:
    explicit LiveWorker(const CancelFlag& cancel) : cancel_(cancel) {}

    // Fills `result`; `publish` shows what is known so far when the rest takes long. False when cancelled.
    bool answer(const LiveRequest& request, LiveResult& result, const std::function<void(const LiveResult&)>& publish) {
        Result<void> outcome;
        try {
            outcome = try_answer(request, result, publish);
        } catch (const std::bad_alloc&) {
            outcome = fail("not enough memory; use fewer tokens or heads");
        }
        if (cancel_.load()) return false;
        if (!outcome) result.error = outcome.error().what;
        return true;
    }

private:
    Result<void> try_answer(const LiveRequest& request, LiveResult& result,
                            const std::function<void(const LiveResult&)>& publish) {
        if (!call_ || !(config_ == request.config) || tensors_ != request.tensors) TRY(prepare(request));
        result.backend = std::string(call_->backend->name());
        result.passed_over = call_->passed_over;
        result.kernel = call_->kernel();
        TRY(draw(request.heatmap, result));
        if (timed_) {
            result.verdict = timed_->verdict, result.times_ms = timed_->times_ms;
            result.time_ms_median = timed_->time_ms_median, result.gflop_per_s = timed_->gflop_per_s;
            return {};
        }
        constexpr double noticeable_s = 0.2;
        if (expected_call_s() > noticeable_s || MeasuringTurn::is_taken()) {
            result.verdict = "timing …";
            publish(result);
        }
        TRY(time(result, publish));
        result.kernel = call_->kernel();
        timed_ = result;
        return {};
    }

    Result<void> prepare(const LiveRequest& request) {
        call_.reset(), weights_.reset(), timed_.reset(), heatmap_.reset(); // frees the buffers before new ones are made
        std::unique_ptr<CaseCall> call = TRY(plan_call(request.config, &cancel_));
        TRY(fill_call(*call, request.config, inputs_, request.tensors.get()));
        weights_ = TRY(call->backend->ready_weights());
        call_ = std::move(call);
        config_ = request.config;
        tensors_ = request.tensors;
        return {};
    }

    Result<void> draw(const HeatmapRequest& wanted, LiveResult& result) {
        if (wanted.rows <= 0 || wanted.columns <= 0) return {};
        if (!heatmap_ || !(heatmap_->request == wanted)) {
            const Problem& problem = call_->problem;
            const Range queries{0, problem.seq_len}, keys{0, problem.kv_len};
            if (wanted.head < 0 || wanted.head >= problem.heads ||
                intersect(wanted.region.q, queries) != wanted.region.q ||
                intersect(wanted.region.k, keys) != wanted.region.k)
                return {}; // asked for the previous shapes; the view asks again once it knows the new ones
            WeightsCall weights;
            weights.problem = &problem, weights.plan = &call_->plan;
            weights.q = call_->inputs->q.data(), weights.k = call_->inputs->k.data();
            weights.head = wanted.head, weights.region = wanted.region;
            weights.rows = wanted.rows, weights.columns = wanted.columns;
            weights.queries_per_pixel = affordable_queries(call_->plan, wanted.rows);
            weights.cancel = &cancel_;
            heatmap_ = std::make_shared<const Heatmap>(
                Heatmap{wanted, TRY(weights_->draw(weights)), weights.queries_per_pixel});
        }
        result.heatmap = heatmap_;
        return {};
    }

    // Verifies, then times a few calls, and some more when those disagree.
    Result<void> time(LiveResult& result, const std::function<void(const LiveResult&)>& publish) {
        const double expected_s = expected_call_s();
        if (expected_s > max_call_s) {
            result.verdict = fmt::format("not timed live: one call takes about {}", hours_text(expected_s));
            return {};
        }
        const double first_s = TRY(call_->run());
        const double pairs = double(call_->problem.seq_len) * double(call_->problem.kv_len);
        if (mix_mode(call_->pattern) == MixMode::fkodom && pairs > max_fkodom_pairs) {
            result.verdict = "not verified live: fkodom's reference needs whole heads";
        } else {
            const Verdict verdict = TRY(verify(*call_, verified_rows));
            result.verdict = verdict.text;
            if (!verdict.is_ok()) return {};
        }
        if (first_s > max_repeat_s) {
            keep_times({first_s * 1e3}, result);
            return {};
        }
        TRY(repeat(first_repeats, result));
        if (summarize(result.times_ms).noise_pct <= max_noise_pct) return {};
        publish(result);
        return repeat(more_repeats, result);
    }

    Result<void> repeat(const Measure& measure, LiveResult& result) {
        Measurement measured = TRY(measure_calls(call_->timed(), measure, CacheState::hot, &cancel_));
        if (measured.stop_rule == "cancelled") return fail("cancelled");
        keep_times(std::move(measured.samples_ms), result);
        return {};
    }

    void keep_times(std::vector<double> times_ms, LiveResult& result) {
        result.times_ms = std::move(times_ms);
        result.time_ms_median = summarize(result.times_ms).median;
        if (result.time_ms_median > 0) result.gflop_per_s = call_->flops() / result.time_ms_median * 1e-6;
        best_gflop_per_s_ = std::max(best_gflop_per_s_, result.gflop_per_s);
    }

    // Seconds of one call, by the best speed seen so far or a modest one, to tell seconds from hours.
    double expected_call_s() const {
        const bool is_reference = call_->backend->name() == "reference";
        const double modest_gflop_per_s = is_reference ? 0.1 : 20; // of one thread
        const double speed =
            std::max(modest_gflop_per_s * double(this_environment().threads), is_reference ? 0 : best_gflop_per_s_);
        return call_->flops() / (speed * 1e9);
    }

    const CancelFlag& cancel_;
    double best_gflop_per_s_ = 0;
    Inputs inputs_;
    Case config_;
    std::shared_ptr<const Qkv> tensors_;
    std::unique_ptr<CaseCall> call_;         // of config_ and tensors_
    std::unique_ptr<ReadyWeights> weights_;  // of the same
    std::optional<LiveResult> timed_;        // its times
    std::shared_ptr<const Heatmap> heatmap_; // its newest picture
};

} // namespace

struct LiveEngine::Impl {
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::optional<LiveRequest> pending;
    std::shared_ptr<const LiveResult> latest;
    std::uint64_t generation = 0;
    Clock::time_point submitted;
    CancelFlag cancel = false;
    bool running = false, stopping = false;
    std::thread thread; // last: it uses all of the above

    void work(LivePriority priority) {
        if (priority == LivePriority::below_window) yield_to_the_window();
        LiveWorker worker(cancel);
        std::unique_lock lock(mutex);
        while (true) {
            wake.wait(lock, [&] { return stopping || pending; });
            if (stopping) return;
            const LiveRequest request = std::move(*pending);
            pending.reset();
            running = true;
            cancel = false;
            auto result = std::make_shared<LiveResult>();
            result->generation = generation;
            result->config = request.config;
            lock.unlock();
            const auto publish = [&](const LiveResult& so_far) {
                auto copy = std::make_shared<LiveResult>(so_far);
                copy->is_settled = false;
                const std::lock_guard guard(mutex);
                if (!cancel) latest = std::move(copy);
            };
            const bool finished = worker.answer(request, *result, publish);
            lock.lock();
            if (finished && !cancel) latest = std::move(result);
            running = false;
        }
    }
};

LiveEngine::LiveEngine(LivePriority priority) : impl_(std::make_unique<Impl>()) {
    impl_->thread = std::thread([impl = impl_.get(), priority] { impl->work(priority); });
}

LiveEngine::~LiveEngine() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
        impl_->cancel = true;
    }
    impl_->wake.notify_all();
    impl_->thread.join();
}

std::uint64_t LiveEngine::submit(LiveRequest request) {
    const std::lock_guard lock(impl_->mutex);
    impl_->pending = std::move(request);
    impl_->cancel = true;
    impl_->submitted = Clock::now();
    impl_->wake.notify_all();
    return ++impl_->generation;
}

std::shared_ptr<const LiveResult> LiveEngine::latest() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->latest;
}

bool LiveEngine::busy() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->running || impl_->pending;
}

double LiveEngine::pending_s() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->running || impl_->pending ? seconds_since(impl_->submitted) : 0;
}

} // namespace dilascope
