#pragma once
// RunStore: runs and their raw samples in one SQLite file (WAL, STRICT, migrations by user_version, columns from Run::visit).
// Safe with several processes: short transactions, busy timeout, a case is claimed before it runs. One Store per thread.
#include "engine/result.h"
#include "experiments/run.h"
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

    // Takes the case for this process: inserts `run` as running unless a live process is running it or it is already done
    // (with `resume`). Returns false when somebody else has it or it is done. Dead processes' runs become `interrupted`.
    Result<bool> claim(const Run& run, bool resume);
    // Stores the final state and the raw samples (milliseconds) of a claimed run, in one transaction.
    Result<void> finish(const Run& run, std::span<const double> samples_ms);

    Result<std::vector<Run>> runs() const;                       // newest first
    Result<std::optional<Run>> run(const std::string& id) const; // by id or a unique prefix of it
    Result<std::vector<double>> samples(const std::string& id) const;
    Result<void> annotate(const std::string& id, const std::string& notes, const std::string& tags);

    // Changes when another connection wrote; cheap enough for every frame.
    std::int64_t data_version() const;

private:
    struct Impl;
    explicit RunStore(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace dilascope
