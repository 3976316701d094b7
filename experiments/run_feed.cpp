#include "experiments/run_feed.h"
#include "experiments/store.h"
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <optional>
#include <sys/stat.h>
#include <thread>

namespace dilascope {

namespace {

using Clock = std::chrono::steady_clock;
using Runs = std::shared_ptr<const std::vector<Run>>;

constexpr std::chrono::milliseconds poll_interval{100};
constexpr std::chrono::seconds life_check_interval{1}; // of runs under way: a killed process writes nothing
constexpr std::chrono::milliseconds lock_patience{500};
// After news the feed rests for ten times what taking them in took, so that it takes no more than a tenth of a core
// from a measurement; but not longer than this.
constexpr int rest_factor = 10;
constexpr std::chrono::seconds longest_rest{1};

// Which file a path names at this moment; a store that was replaced or deleted is another file.
struct FileIdentity {
    dev_t device = 0;
    ino_t inode = 0;
    bool exists = false;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

FileIdentity identify(const std::filesystem::path& path) {
    struct stat info {};
    if (path.empty() || ::stat(path.c_str(), &info) != 0) return {};
    return {info.st_dev, info.st_ino, true};
}

bool later(const Run& left, const Run& right) { return left.id > right.id; }

// `known` with `changed` put in or in place of runs of the same id; both newest first.
std::vector<Run> merged(const std::vector<Run>& known, std::vector<Run> changed) {
    std::vector<Run> all;
    all.reserve(known.size() + changed.size());
    auto old = known.begin();
    for (Run& run : changed) {
        while (old != known.end() && later(*old, run)) all.push_back(*old++);
        if (old != known.end() && old->id == run.id) ++old;
        all.push_back(std::move(run));
    }
    all.insert(all.end(), old, known.end());
    return all;
}

// True when every run of `changed` is under way and was so before: nothing a reader could see is new.
bool same_as_before(const std::vector<Run>& known, const std::vector<Run>& changed) {
    return std::all_of(changed.begin(), changed.end(), [&](const Run& run) {
        const auto old = std::lower_bound(known.begin(), known.end(), run, later);
        return old != known.end() && old->id == run.id && old->status == RunStatus::running &&
               run.status == RunStatus::running && old->notes == run.notes && old->tags == run.tags;
    });
}

// One store as the feed's thread sees it.
class FollowedStore {
public:
    explicit FollowedStore(std::filesystem::path path) : path_(std::move(path)) {}

    // Looks for news. Returns the runs when they changed.
    Result<Runs> poll() {
        const FileIdentity identity = identify(path_);
        if (!store_ || identity != identity_) {
            store_.reset();
            runs_.reset();
            revision_ = 0;
            data_version_ = -1;
            identity_ = identity;
            if (!identity.exists)
                return fail(fmt::format("{}: no runs yet; a batch, or Run and save, makes it", path_.string()));
            store_ = TRY(RunStore::open(path_, OpenMode::read_only));
            store_->set_patience(lock_patience);
        }
        return read();
    }
    const Runs& runs() const { return runs_; }

private:
    Result<Runs> read() {
        const auto start = Clock::now();
        if (start < rest_until_) return Runs();
        const std::int64_t data_version = store_->data_version();
        const bool news = data_version != data_version_;
        if (!news && (under_way_ == 0 || start < life_check_at_)) return Runs();
        auto changes = TRY(store_->changes_since(revision_));
        const bool first = data_version_ < 0;
        data_version_ = data_version;
        life_check_at_ = start + life_check_interval;
        if (!first && changes.total == std::int64_t(runs_->size()) && same_as_before(*runs_, changes.runs)) {
            revision_ = changes.revision;
            return Runs();
        }
        std::vector<Run> all = revision_ == 0 ? std::move(changes.runs) : merged(*runs_, std::move(changes.runs));
        // Fewer than expected: somebody deleted runs by hand.
        if (std::int64_t(all.size()) != changes.total) all = std::move(TRY(store_->changes_since(0)).runs);
        under_way_ =
            std::count_if(all.begin(), all.end(), [](const Run& run) { return run.status == RunStatus::running; });
        runs_ = std::make_shared<const std::vector<Run>>(std::move(all));
        revision_ = changes.revision;
        const auto end = Clock::now();
        rest_until_ = end + std::min<Clock::duration>((end - start) * rest_factor, longest_rest);
        return runs_;
    }

    std::filesystem::path path_;
    FileIdentity identity_;
    std::optional<RunStore> store_;
    Runs runs_;
    std::int64_t revision_ = 0, data_version_ = -1, under_way_ = 0;
    Clock::time_point rest_until_{}, life_check_at_{};
};

std::string status_of(const std::filesystem::path& path, const std::vector<Run>& runs) {
    const auto under_way =
        std::count_if(runs.begin(), runs.end(), [](const Run& run) { return run.status == RunStatus::running; });
    std::string status = fmt::format("{}: {} run{}", path.string(), runs.size(), runs.size() == 1 ? "" : "s");
    return under_way ? fmt::format("{}, {} under way", status, under_way) : status;
}

} // namespace

struct RunFeed::Impl {
    std::mutex mutex;
    std::condition_variable wake;
    std::filesystem::path path; // wanted
    std::uint64_t watch_count = 0;
    bool stopping = false;
    RunSnapshot snapshot;
    std::thread thread;

    // Old snapshots that somebody may still hold. They are freed here, once nobody does: freeing 100 000 runs takes
    // longer than a frame.
    std::vector<Runs> handed_out;

    void publish(std::uint64_t watch, const Runs& runs, std::string status) {
        {
            std::lock_guard lock(mutex);
            if (watch != watch_count || (runs == snapshot.runs && status == snapshot.status)) return;
            snapshot = {runs, std::move(status), snapshot.generation + 1};
        }
        if (runs && (handed_out.empty() || handed_out.back() != runs)) handed_out.push_back(runs);
    }

    void free_unused() {
        std::erase_if(handed_out, [](const Runs& runs) { return runs.use_count() == 1; });
    }

    void follow() {
        std::unique_ptr<FollowedStore> store;
        std::filesystem::path path_now;
        std::uint64_t watch = 0;
        std::unique_lock lock(mutex);
        while (!stopping) {
            if (watch != watch_count) {
                watch = watch_count;
                path_now = path;
                store.reset();
                if (!path_now.empty()) store = std::make_unique<FollowedStore>(path_now);
            }
            lock.unlock();
            if (store) {
                const auto news = store->poll();
                if (!news)
                    publish(watch, store->runs(), news.error().what);
                else if (*news)
                    publish(watch, *news, status_of(path_now, **news));
            } else
                publish(watch, nullptr, "");
            free_unused();
            lock.lock();
            wake.wait_for(lock, poll_interval, [&] { return stopping || watch != watch_count; });
        }
    }
};

RunFeed::RunFeed() : impl_(std::make_unique<Impl>()) {
    impl_->thread = std::thread([this] { impl_->follow(); });
}

RunFeed::~RunFeed() {
    {
        std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
    }
    impl_->wake.notify_all();
    impl_->thread.join();
}

void RunFeed::watch(std::filesystem::path path) {
    {
        std::lock_guard lock(impl_->mutex);
        if (path == impl_->path && impl_->watch_count > 0) return;
        impl_->path = std::move(path);
        ++impl_->watch_count;
        impl_->snapshot = {nullptr, "", impl_->snapshot.generation + 1};
    }
    impl_->wake.notify_all();
}

RunSnapshot RunFeed::latest() const {
    std::lock_guard lock(impl_->mutex);
    return impl_->snapshot;
}

} // namespace dilascope
