#include "experiments/run_queue.h"
#include "experiments/store.h"
#include <condition_variable>
#include <deque>
#include <fmt/format.h>
#include <mutex>
#include <thread>

namespace dilascope {

namespace {

struct Outcome {
    std::string message;
    bool failed = false;
};

Outcome run_queued(const Experiment& experiment, const std::filesystem::path& db, const RunnerOptions& options) {
    auto store = RunStore::open(db);
    if (!store) return {store.error().what, true};
    const auto progress = run_experiment(experiment, *store, options);
    if (!progress) return {progress.error().what, true};
    std::string message = fmt::format("{}: {} of {} cases in {}", experiment.name, progress->finished,
                                      progress->total - progress->skipped, db.string());
    if (progress->failed) message += fmt::format(", {} failed", progress->failed);
    if (options.cancel->load()) message += ", cancelled";
    if (!store->note().empty()) message += fmt::format(" ({})", store->note());
    return {std::move(message), progress->failed > 0};
}

} // namespace

struct RunQueue::Impl {
    struct QueuedExperiment {
        Experiment experiment;
        std::filesystem::path db;
    };
    mutable std::mutex mutex;
    std::condition_variable wake;
    std::deque<QueuedExperiment> waiting;
    QueueState state;
    CancelFlag cancel{false};
    bool stopping = false;
    std::function<std::shared_ptr<const MachineRates>()> rates;
    std::thread thread;

    void work() {
        std::unique_lock lock(mutex);
        for (;;) {
            wake.wait(lock, [&] { return stopping || !waiting.empty(); });
            if (stopping) return;
            const QueuedExperiment job = std::move(waiting.front());
            waiting.pop_front();
            cancel = false;
            state.busy = true;
            state.experiment = job.experiment.name;
            state.progress = {};
            lock.unlock();
            RunnerOptions options;
            options.cancel = &cancel;
            if (rates) options.rates = rates();
            options.on_progress = [this](const Progress& progress) {
                std::lock_guard inner(mutex);
                state.progress = progress;
            };
            Outcome outcome = run_queued(job.experiment, job.db, options);
            lock.lock();
            state.busy = false;
            state.message = std::move(outcome.message);
            state.failed = outcome.failed;
            ++state.completed;
        }
    }
};

RunQueue::RunQueue(std::function<std::shared_ptr<const MachineRates>()> rates) : impl_(std::make_unique<Impl>()) {
    impl_->rates = std::move(rates);
    impl_->thread = std::thread([this] { impl_->work(); });
}

RunQueue::~RunQueue() {
    {
        std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
        impl_->waiting.clear();
        impl_->cancel = true;
    }
    impl_->wake.notify_all();
    impl_->thread.join();
}

void RunQueue::enqueue(Experiment experiment, std::filesystem::path db) {
    {
        std::lock_guard lock(impl_->mutex);
        impl_->waiting.push_back({std::move(experiment), std::move(db)});
    }
    impl_->wake.notify_all();
}

void RunQueue::cancel_current() {
    std::lock_guard lock(impl_->mutex);
    impl_->cancel = true;
}

void RunQueue::cancel_all() {
    std::lock_guard lock(impl_->mutex);
    impl_->waiting.clear();
    impl_->cancel = true;
}

QueueState RunQueue::state() const {
    std::lock_guard lock(impl_->mutex);
    QueueState state = impl_->state;
    state.waiting = static_cast<std::int64_t>(impl_->waiting.size());
    return state;
}

} // namespace dilascope
