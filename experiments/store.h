#pragma once
// RunStore: runs and their raw samples in one SQLite file (WAL, STRICT, migrations by user_version, columns from
// Run::visit). Safe with several processes: short transactions, busy timeout, a case is claimed before it runs. One
// Store per thread.
#include "engine/result.h"
#include "experiments/run.h"
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>

namespace dilascope {

enum class OpenMode { read_write, read_only };

class RunStore {
public:
    // Creates the file when missing (read_write). Errors: read-only place, not a database, written by a newer version.
    static Result<RunStore> open(const std::filesystem::path& path, OpenMode mode = OpenMode::read_write);
    RunStore(RunStore&&) noexcept;
    RunStore& operator=(RunStore&&) noexcept;
    ~RunStore();

    // Takes the case for this process: inserts `run` as running, unless a live process is running the same case of the
    // same experiment, or (with `resume`) it is done. Returns false when somebody else has it or it is done. Runs whose
    // process is gone become `interrupted` on the way.
    Result<bool> claim(const Run& run, bool resume);
    // Stores the final state and the raw samples (milliseconds) of a claimed run, in one transaction. From then on only
    // its notes and tags change. A claimed run that is never finished becomes `interrupted` when the store closes.
    Result<void> finish(const Run& run, std::span<const double> samples_ms);

    Result<std::vector<Run>> runs() const;                       // newest first
    Result<std::optional<Run>> run(const std::string& id) const; // by id or a unique prefix of it
    Result<std::vector<double>> samples(const std::string& id) const;
    Result<void> annotate(const std::string& id, const std::string& notes, const std::string& tags);

    // What was written after `revision` (0: everything), and every run under way, newest first.
    struct Changes {
        std::vector<Run> runs;
        std::int64_t revision = 0; // pass it next time
        std::int64_t total = 0;    // runs in the store
    };
    Result<Changes> changes_since(std::int64_t revision) const;

    // Small texts that belong to this store, such as the window's layout; "" when never set.
    Result<std::string> setting(const std::string& key) const;
    Result<void> set_setting(const std::string& key, const std::string& value);

    // Changes when another connection wrote; cheap enough for every frame.
    std::int64_t data_version() const;
    // What the user should know about the file's place: "" or why it has no write-ahead log.
    const std::string& note() const;
    // How long a call waits for other writers before it fails as locked; 5 s unless told.
    void set_patience(std::chrono::milliseconds patience);

private:
    struct Impl;
    explicit RunStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

} // namespace dilascope
