#pragma once
// The statements on the tables of a run store. All columns of `run` come from Run::visit. The caller holds the
// transaction.
#include "experiments/run.h"
#include "experiments/sqlite.h"
#include <span>
#include <string>
#include <vector>

namespace dilascope {

Result<void> insert_run(const Database& database, const Run& run);
// Every column of a run under way. Notes and tags written meanwhile stay unless the run brings some of its own.
Result<void> update_run(const Database& database, const Run& run);
Result<void> update_annotation(const Database& database, const std::string& id, const std::string& notes,
                               const std::string& tags);
// Gives a claimed run up: interrupted, no longer claimed.
Result<void> interrupt_run(const Database& database, const std::string& id);

// Runs whose row meets `condition`, an SQL expression with one parameter; newest first. A column that an older file
// does not have is read as that of a fresh Run; a file without tables has no runs.
template <class T>
Result<std::vector<Run>> select_runs(const Database& database, const std::string& condition, const T& parameter);

Result<void> insert_samples(const Database& database, const std::string& id, std::span<const double> samples_ms);
Result<std::vector<double>> select_samples(const Database& database, const std::string& id);

Result<void> insert_claim(const Database& database, const Run& run);
Result<void> delete_claim(const Database& database, const std::string& id);
Result<std::vector<std::string>> claimed_ids(const Database& database);

// Whether some run of the same experiment and case is claimed, or has this status.
Result<bool> is_claimed(const Database& database, const Run& run);
Result<bool> has_status(const Database& database, const Run& run, RunStatus status);

} // namespace dilascope
