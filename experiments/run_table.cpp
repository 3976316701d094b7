#include "experiments/run_table.h"
#include "experiments/store_schema.h"
#include "experiments/ulid.h"
#include <fmt/format.h>
#include <unistd.h>

namespace dilascope {

namespace {

constexpr const char* next_revision = "(SELECT coalesce(max(revision), 0) + 1 FROM run)";

std::string host_name() {
    std::string name(256, '\0');
    if (::gethostname(name.data(), name.size() - 1) != 0) return "";
    return name.c_str();
}

void bind_run(Statement& statement, const Run& run) {
    int parameter = 0;
    Run::visit(run, [&](const Field&, const auto& value) { statement.bind(++parameter, value); });
}

Result<Run> read_run(const Statement& statement) {
    Run run;
    int column = 0;
    const char* unreadable = nullptr;
    Run::visit(run, [&](const Field& field, auto& value) {
        if (!statement.read(column++, value)) unreadable = field.name;
    });
    if (unreadable)
        return fail(fmt::format("run store: run {} has an unknown {}; update Dilascope to the version that wrote it",
                                run.id, unreadable));
    return run;
}

// "a", "b", … of the file's columns, with a literal where an older file lacks one; "" when there is no table yet.
Result<std::string> selected_columns(const Database& database) {
    const std::set<std::string> present = TRY(present_columns(database));
    std::string list;
    if (present.empty()) return list;
    for (const StoreColumn& column : store_columns()) {
        if (!list.empty()) list += ", ";
        list += present.count(column.name) ? "\"" + column.name + "\"" : column.default_value;
    }
    return list;
}

} // namespace

Result<void> insert_run(const Database& database, const Run& run) {
    std::string names, values;
    for (const StoreColumn& column : store_columns()) {
        names += "\"" + column.name + "\", ";
        values += "?, ";
    }
    Statement statement =
        TRY(database.prepare(fmt::format("INSERT INTO run ({}revision) VALUES ({}{})", names, values, next_revision)));
    bind_run(statement, run);
    return statement.run();
}

Result<void> update_run(const Database& database, const Run& run) {
    std::string changes;
    for (const StoreColumn& column : store_columns()) {
        const bool annotation = column.name == "notes" || column.name == "tags";
        changes += annotation ? fmt::format("\"{0}\" = coalesce(nullif(?, ''), \"{0}\"), ", column.name)
                              : fmt::format("\"{}\" = ?, ", column.name);
    }
    Statement statement =
        TRY(database.prepare(fmt::format("UPDATE run SET {}revision = {} WHERE id = ?", changes, next_revision)));
    bind_run(statement, run);
    return statement.bind(static_cast<int>(store_columns().size()) + 1, run.id).run();
}

Result<void> update_annotation(const Database& database, const std::string& id, const std::string& notes,
                               const std::string& tags) {
    Statement statement = TRY(
        database.prepare(fmt::format("UPDATE run SET notes = ?, tags = ?, revision = {} WHERE id = ?", next_revision)));
    return statement.bind_all(notes, tags, id).run();
}

Result<void> interrupt_run(const Database& database, const std::string& id) {
    Statement statement = TRY(database.prepare(
        fmt::format("UPDATE run SET status = ?, verdict = ?, revision = {} WHERE id = ?", next_revision)));
    TRY(statement.bind_all(RunStatus::interrupted, interrupted_verdict, id).run());
    return delete_claim(database, id);
}

template <class T>
Result<std::vector<Run>> select_runs(const Database& database, const std::string& condition, const T& parameter) {
    std::vector<Run> runs;
    const std::string columns = TRY(selected_columns(database));
    if (columns.empty()) return runs;
    Statement statement =
        TRY(database.prepare(fmt::format("SELECT {} FROM run WHERE {} ORDER BY id DESC", columns, condition)));
    statement.bind(1, parameter);
    while (TRY(statement.step())) runs.push_back(TRY(read_run(statement)));
    return runs;
}
template Result<std::vector<Run>> select_runs(const Database&, const std::string&, const std::string&);
template Result<std::vector<Run>> select_runs(const Database&, const std::string&, const std::int64_t&);

Result<void> insert_samples(const Database& database, const std::string& id, std::span<const double> samples_ms) {
    Statement statement = TRY(database.prepare("INSERT INTO sample (run, position, time_ms) VALUES (?, ?, ?)"));
    for (std::size_t position = 0; position < samples_ms.size(); ++position)
        TRY(statement.bind_all(id, position, samples_ms[position]).run());
    return {};
}

Result<std::vector<double>> select_samples(const Database& database, const std::string& id) {
    std::vector<double> samples;
    Statement statement = TRY(database.prepare("SELECT time_ms FROM sample WHERE run = ? ORDER BY position"));
    statement.bind(1, id);
    while (TRY(statement.step())) samples.push_back(statement.real(0));
    return samples;
}

Result<void> insert_claim(const Database& database, const Run& run) {
    Statement statement = TRY(
        database.prepare("INSERT INTO claim (run, experiment, case_hash, pid, host, since) VALUES (?, ?, ?, ?, ?, ?)"));
    return statement.bind_all(run.id, run.experiment, run.case_hash, ::getpid(), host_name(), iso_time(unix_time_ms()))
        .run();
}

Result<void> delete_claim(const Database& database, const std::string& id) {
    Statement statement = TRY(database.prepare("DELETE FROM claim WHERE run = ?"));
    return statement.bind(1, id).run();
}

Result<std::vector<std::string>> claimed_ids(const Database& database) {
    std::vector<std::string> ids;
    if (TRY(present_columns(database)).empty()) return ids;
    Statement statement = TRY(database.prepare("SELECT run FROM claim"));
    while (TRY(statement.step())) ids.emplace_back(statement.text(0));
    return ids;
}

Result<bool> is_claimed(const Database& database, const Run& run) {
    Statement statement = TRY(database.prepare("SELECT 1 FROM claim WHERE experiment = ? AND case_hash = ?"));
    return statement.bind_all(run.experiment, run.case_hash).step();
}

Result<bool> has_status(const Database& database, const Run& run, RunStatus status) {
    Statement statement =
        TRY(database.prepare("SELECT 1 FROM run WHERE case_hash = ? AND experiment = ? AND status = ?"));
    return statement.bind_all(run.case_hash, run.experiment, status).step();
}

} // namespace dilascope
