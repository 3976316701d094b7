#pragma once
// LatestJob: computes the newest request on a thread of its own; older ones are dropped. The frame waits a few
// milliseconds at most, so that a quick answer shows at once and a slow one never stalls the window.
#include "experiments/background_thread.h"
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace dilascope {

inline constexpr double frame_wait_ms = 1;    // for an answer, before the frame goes on with the last one
inline constexpr double stale_after_s = 0.15; // a picture that is still not the wanted one is dimmed

// Whether frames wait for the answer, or it may come a moment later and must not take the frames' time.
enum class JobPace { prompt, later };

// Request needs operator==. `Work` looks at the flag now and then and may return anything once it is set.
template <class Request, class Answer> class LatestJob {
public:
    using Work = std::function<Answer(const Request&, const std::atomic<bool>& cancel)>;

    explicit LatestJob(Work work, JobPace pace = JobPace::prompt) : work_(std::move(work)), pace_(pace) {
        if (pace == JobPace::later) rest_ = later_rest;
    }
    ~LatestJob() {
        {
            std::lock_guard lock(mutex_);
            stop_ = true;
            cancel_ = true;
        }
        wake_.notify_all();
        if (thread_.joinable()) thread_.join();
    }
    LatestJob(const LatestJob&) = delete;
    LatestJob& operator=(const LatestJob&) = delete;

    // The newest answer there is: to this request when it was ready within wait_ms, else an older one; null before the
    // first.
    std::shared_ptr<const Answer> ask(const Request& request, double wait_ms = frame_wait_ms) {
        std::unique_lock lock(mutex_);
        if (!wanted_ || !(*wanted_ == request)) {
            wanted_ = request;
            ++generation_;
            asked_at_ = Clock::now();
            cancel_ = true; // of whatever is computed now
            if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
            // A thread that waits for requests to rest looks at the clock by itself: woken for each, it would hold the
            // mutex when this frame or the next wants it, and with its low priority perhaps for long.
            if (!std::exchange(pending_, true)) wake_.notify_all();
        }
        const auto wait = std::chrono::duration<double, std::milli>(wait_ms);
        if (pending_ && rest_ < wait) answered_.wait_for(lock, wait, [this] { return !pending_; });
        return answer_;
    }

    // Whether work is begun at once, or when no other request has come for a while: in a drag each frame brings one,
    // and what is begun for it takes the next frames' time and is thrown away.
    void begin_at_once(bool at_once) {
        std::lock_guard lock(mutex_);
        rest_ = at_once ? Clock::duration{} : later_rest;
    }

    // Seconds since the newest request was made while it has no answer; 0 when there is one.
    double pending_s() const {
        std::lock_guard lock(mutex_);
        if (!pending_) return 0;
        return std::chrono::duration<double>(Clock::now() - asked_at_).count();
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr Clock::duration later_rest = std::chrono::milliseconds(40); // two frames and a half

    void loop() {
        if (pace_ == JobPace::later) step_back();
        std::unique_lock lock(mutex_);
        while (!stop_) {
            wake_.wait(lock, [&] { return stop_ || pending_; });
            while (!stop_ && Clock::now() < asked_at_ + rest_) wake_.wait_until(lock, asked_at_ + rest_);
            if (stop_) return;
            const Request request = *wanted_;
            const std::uint64_t generation = generation_;
            cancel_ = false;
            lock.unlock();
            auto answer = std::make_shared<const Answer>(work_(request, cancel_));
            lock.lock();
            if (generation != generation_) continue; // overtaken: what came back may be unfinished
            answer_ = std::move(answer);
            pending_ = false;
            answered_.notify_all();
        }
    }

    Work work_;
    JobPace pace_;
    mutable std::mutex mutex_;
    std::condition_variable wake_, answered_;
    std::optional<Request> wanted_;
    std::shared_ptr<const Answer> answer_;
    Clock::time_point asked_at_;
    Clock::duration rest_{};       // without a new request before work begins
    std::uint64_t generation_ = 0; // of wanted_
    std::atomic<bool> cancel_ = false;
    bool pending_ = false, stop_ = false;
    std::thread thread_;
};

} // namespace dilascope
