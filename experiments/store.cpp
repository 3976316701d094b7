#include "experiments/store.h"
#include "experiments/claim_lock.h"
#include "experiments/run_table.h"
#include "experiments/store_file.h"
#include "experiments/store_schema.h"
#include <algorithm>
#include <cctype>
#include <fmt/format.h>
#include <map>
#include <set>

namespace dilascope {

struct RunStore::Impl {
    StoreFile file;
    std::filesystem::path path; // empty for a store in memory: its claims have no lock files
    OpenMode mode;
    std::map<std::string, ClaimLock> claims; // by run id: the runs under way in this object

    const Database& database() const { return file.database; }
    Error error(const std::string& cause) const {
        return Error{fmt::format("run store \"{}\": {}", path.empty() ? ":memory:" : path.string(), cause)};
    }
    // Begins a write; error when the store was opened to read.
    Result<Transaction> begin() const;
    // Claimed runs whose process no longer lives.
    Result<std::set<std::string>> abandoned() const;
    // Inside a transaction: gives the abandoned runs up.
    Result<void> interrupt_abandoned();
    void close();
};

namespace {

// Reads see one state of the store, however many statements they take.
class Snapshot {
public:
    static Result<Snapshot> begin(const Database& database) {
        TRY(database.execute("BEGIN"));
        return Snapshot(database);
    }
    Snapshot(Snapshot&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Snapshot& operator=(Snapshot&&) = delete;
    ~Snapshot() {
        if (database_) (void)database_->execute("ROLLBACK");
    }

private:
    explicit Snapshot(const Database& database) : database_(&database) {}
    const Database* database_;
};

// What a reader shows for a run whose process is gone, before some writer stores it so.
void show_interrupted(std::vector<Run>& runs, const std::set<std::string>& abandoned) {
    for (Run& run : runs)
        if (run.status == RunStatus::running && abandoned.count(run.id)) {
            run.status = RunStatus::interrupted;
            run.verdict = interrupted_verdict;
        }
}

} // namespace

Result<Transaction> RunStore::Impl::begin() const {
    if (mode == OpenMode::read_only) return tl::unexpected(error("it was opened to read; open it to write"));
    return Transaction::begin(database());
}

Result<std::set<std::string>> RunStore::Impl::abandoned() const {
    std::set<std::string> ids;
    for (const std::string& id : TRY(claimed_ids(database())))
        if (!claims.count(id) && !ClaimLock::is_held(path, id)) ids.insert(id);
    return ids;
}

Result<void> RunStore::Impl::interrupt_abandoned() {
    for (const std::string& id : TRY(abandoned())) {
        TRY(interrupt_run(database(), id));
        ClaimLock::clear(path, id);
    }
    return {};
}

// Gives up what was claimed and not finished. If that fails, the next one to open the store does it.
void RunStore::Impl::close() {
    if (claims.empty()) return;
    auto transaction = begin();
    if (!transaction) return;
    for (const auto& [id, lock] : claims)
        if (!interrupt_run(database(), id)) return;
    (void)transaction->commit();
}

RunStore::RunStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RunStore::RunStore(RunStore&&) noexcept = default;
RunStore& RunStore::operator=(RunStore&& other) noexcept {
    std::swap(impl_, other.impl_);
    return *this;
}
RunStore::~RunStore() {
    if (impl_) impl_->close();
}

Result<RunStore> RunStore::open(const std::filesystem::path& path, OpenMode mode) {
    StoreFile file = TRY(open_store_file(path, mode));
    const auto lock_path = path == ":memory:" ? std::filesystem::path() : path;
    auto impl = std::unique_ptr<Impl>(new Impl{std::move(file), lock_path, mode, {}});
    // What killed processes left: claims, and lock files of claims they never came to store.
    if (mode == OpenMode::read_write && (!TRY(impl->abandoned()).empty() || !ClaimLock::unheld(impl->path).empty())) {
        Transaction transaction = TRY(impl->begin());
        TRY(impl->interrupt_abandoned());
        for (const std::string& id : ClaimLock::unheld(impl->path)) ClaimLock::clear(impl->path, id);
        TRY(transaction.commit());
    }
    return RunStore(std::move(impl));
}

Result<bool> RunStore::claim(const Run& run, bool resume) {
    const Database& database = impl_->database();
    Transaction transaction = TRY(impl_->begin());
    TRY(impl_->interrupt_abandoned());
    if (TRY(is_claimed(database, run)) || (resume && TRY(has_status(database, run, RunStatus::done)))) {
        TRY(transaction.commit());
        return false;
    }
    // Locked before anyone can see the claim.
    ClaimLock lock = TRY(ClaimLock::take(impl_->path, run.id));
    Run started = run;
    started.status = RunStatus::running;
    TRY(insert_run(database, started));
    TRY(insert_claim(database, started));
    TRY(transaction.commit());
    impl_->claims.emplace(run.id, std::move(lock));
    return true;
}

Result<void> RunStore::finish(const Run& run, std::span<const double> samples_ms) {
    if (!impl_->claims.count(run.id))
        return tl::unexpected(impl_->error(fmt::format("run {} is not under way here; claim it first", run.id)));
    if (run.status == RunStatus::queued || run.status == RunStatus::running)
        return tl::unexpected(impl_->error(
            fmt::format("run {} cannot finish as {}; expected a final state", run.id, enum_name(run.status))));
    Transaction transaction = TRY(impl_->begin());
    TRY(insert_samples(impl_->database(), run.id, samples_ms));
    TRY(update_run(impl_->database(), run));
    TRY(delete_claim(impl_->database(), run.id));
    TRY(transaction.commit());
    impl_->claims.erase(run.id); // lets go of its lock, after the commit
    return {};
}

Result<std::vector<Run>> RunStore::runs() const { return TRY(changes_since(0)).runs; }

Result<RunStore::Changes> RunStore::changes_since(std::int64_t revision) const {
    const Database& database = impl_->database();
    // Before the snapshot: a run that finishes in between is finished in the snapshot, never taken for an abandoned
    // one.
    const std::set<std::string> abandoned = TRY(impl_->abandoned());
    Snapshot snapshot = TRY(Snapshot::begin(database));
    Changes changes;
    changes.runs = TRY(select_runs(database, "revision > ? OR id IN (SELECT run FROM claim)", revision));
    if (!TRY(present_columns(database)).empty()) {
        changes.revision = TRY(database.integer("SELECT max(revision) FROM run"));
        changes.total = TRY(database.integer("SELECT count(*) FROM run"));
    }
    show_interrupted(changes.runs, abandoned);
    return changes;
}

Result<std::optional<Run>> RunStore::run(const std::string& id) const {
    std::string prefix = id;
    std::transform(prefix.begin(), prefix.end(), prefix.begin(),
                   [](unsigned char letter) { return std::toupper(letter); });
    const std::set<std::string> abandoned = TRY(impl_->abandoned());
    Snapshot snapshot = TRY(Snapshot::begin(impl_->database()));
    std::vector<Run> found = TRY(select_runs(impl_->database(), "substr(id, 1, length(?1)) = ?1", prefix));
    const auto exact = std::find_if(found.begin(), found.end(), [&](const Run& run) { return run.id == prefix; });
    if (exact != found.end()) found = {*exact};
    if (found.empty() || prefix.empty()) return std::optional<Run>();
    if (found.size() > 1)
        return tl::unexpected(
            impl_->error(fmt::format("{} runs begin with \"{}\"; give more characters of the id", found.size(), id)));
    show_interrupted(found, abandoned);
    return std::optional<Run>(found.front());
}

Result<std::vector<double>> RunStore::samples(const std::string& id) const {
    return select_samples(impl_->database(), id);
}

Result<void> RunStore::annotate(const std::string& id, const std::string& notes, const std::string& tags) {
    Transaction transaction = TRY(impl_->begin());
    if (TRY(select_runs(impl_->database(), "id = ?", id)).empty())
        return tl::unexpected(impl_->error(fmt::format("there is no run {}; `dilascope runs list` names them", id)));
    TRY(update_annotation(impl_->database(), id, notes, tags));
    return transaction.commit();
}

Result<std::string> RunStore::setting(const std::string& key) const {
    if (TRY(present_columns(impl_->database())).empty()) return std::string();
    Statement statement = TRY(impl_->database().prepare("SELECT value FROM setting WHERE key = ?"));
    statement.bind(1, key);
    return TRY(statement.step()) ? std::string(statement.text(0)) : std::string();
}

Result<void> RunStore::set_setting(const std::string& key, const std::string& value) {
    Transaction transaction = TRY(impl_->begin());
    {
        Statement statement =
            TRY(impl_->database().prepare("INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)"));
        TRY(statement.bind_all(key, value).run());
    }
    return transaction.commit();
}

std::int64_t RunStore::data_version() const { return impl_->database().integer("PRAGMA data_version").value_or(-1); }
const std::string& RunStore::note() const { return impl_->file.note; }
void RunStore::set_patience(std::chrono::milliseconds patience) { impl_->database().set_patience(patience); }

} // namespace dilascope
