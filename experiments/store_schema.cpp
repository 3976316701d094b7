#include "experiments/store_schema.h"
#include "experiments/run.h"
#include "experiments/ulid.h"
#include <array>
#include <fmt/format.h>
#include <sqlite3.h>

namespace dilascope {

namespace {

// Step i takes a file from version i to i + 1. A released step never changes; a new one goes at the end.
// `revision` grows with every write, so that a reader can ask for what changed. A `claim` is a run under way; its
// unique key is why no two processes run the same case of the same experiment.
constexpr std::array<const char*, store_version> steps = {R"sql(
CREATE TABLE run (
    id TEXT PRIMARY KEY NOT NULL, experiment TEXT NOT NULL, case_hash TEXT NOT NULL, status TEXT NOT NULL,
    revision INTEGER NOT NULL) STRICT;
CREATE INDEX run_by_case ON run (case_hash, experiment, status);
CREATE INDEX run_by_revision ON run (revision);
CREATE TABLE sample (
    run TEXT NOT NULL REFERENCES run (id), position INTEGER NOT NULL, time_ms REAL,
    PRIMARY KEY (run, position)) STRICT, WITHOUT ROWID;
CREATE TABLE claim (
    run TEXT PRIMARY KEY NOT NULL REFERENCES run (id), experiment TEXT NOT NULL, case_hash TEXT NOT NULL,
    pid INTEGER NOT NULL, host TEXT NOT NULL, since TEXT NOT NULL,
    UNIQUE (experiment, case_hash)) STRICT, WITHOUT ROWID;
CREATE TABLE setting (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER sample_kept BEFORE DELETE ON sample
    WHEN (SELECT status FROM run WHERE id = OLD.run) NOT IN ('queued', 'running')
    BEGIN SELECT RAISE(ABORT, 'the samples of a finished run cannot change'); END;
CREATE TRIGGER sample_unchanged BEFORE UPDATE ON sample
    WHEN (SELECT status FROM run WHERE id = OLD.run) NOT IN ('queued', 'running')
    BEGIN SELECT RAISE(ABORT, 'the samples of a finished run cannot change'); END;
CREATE TRIGGER sample_in_time BEFORE INSERT ON sample
    WHEN (SELECT status FROM run WHERE id = NEW.run) NOT IN ('queued', 'running')
    BEGIN SELECT RAISE(ABORT, 'the samples of a finished run cannot change'); END;
)sql"};

std::string literal(const std::string& value) {
    std::string quoted = "'";
    for (char letter : value) quoted += letter == '\'' ? std::string("''") : std::string(1, letter);
    return quoted + "'";
}

template <class T> StoreColumn column_of(const char* name, const T& value) {
    if constexpr (NamedEnum<T>)
        return {name, "TEXT", literal(std::string(enum_name(value)))};
    else if constexpr (std::is_floating_point_v<T>)
        return {name, "REAL", fmt::format("{:e}", double(value))};
    else if constexpr (std::is_integral_v<T>)
        return {name, "INTEGER", fmt::format("{}", std::int64_t(value))};
    else
        return {name, "TEXT", literal(value)};
}

std::vector<StoreColumn> missing_columns(const std::set<std::string>& present) {
    std::vector<StoreColumn> missing;
    for (const StoreColumn& column : store_columns())
        if (!present.count(column.name)) missing.push_back(column);
    return missing;
}

// A finished run changes only in notes and tags; the list of the other columns comes from Run::visit.
std::string immutability_trigger() {
    std::string names;
    for (const StoreColumn& column : store_columns())
        if (column.name != "notes" && column.name != "tags")
            names += fmt::format("{}\"{}\"", names.empty() ? "" : ", ", column.name);
    return fmt::format("DROP TRIGGER IF EXISTS run_unchanged; CREATE TRIGGER run_unchanged BEFORE UPDATE OF {} ON run "
                       "WHEN OLD.status NOT IN ('queued', 'running') "
                       "BEGIN SELECT RAISE(ABORT, 'a finished run cannot change, except its notes and tags'); END",
                       names);
}

// Copies the file page by page through SQLite, so that what is still in the write-ahead log comes along. Called while
// the writer's place is held: nothing can be stored between the copy and the change.
Result<void> back_up(const std::filesystem::path& path, std::int64_t version) {
    const std::string copy = fmt::format("{}.before-{}-version-{}", path.string(), new_ulid(), version);
    Database source = TRY(Database::open(path.string(), SQLITE_OPEN_READONLY, std::chrono::seconds(5)));
    Database target = TRY(Database::open(copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, std::chrono::seconds(5)));
    sqlite3_backup* backup = sqlite3_backup_init(target.connection(), "main", source.connection(), "main");
    if (backup) sqlite3_backup_step(backup, -1);
    if (!backup || sqlite3_backup_finish(backup) != SQLITE_OK) {
        Error error = sqlite_error(target.connection());
        std::error_code ignored;
        std::filesystem::remove(copy, ignored);
        return fail("the copy that is made before a store is upgraded failed: " + error.what);
    }
    return {};
}

} // namespace

const std::vector<StoreColumn>& store_columns() {
    static const std::vector<StoreColumn> columns = [] {
        std::vector<StoreColumn> list;
        const Run fresh;
        Run::visit(fresh, [&](const Field& field, const auto& value) { list.push_back(column_of(field.name, value)); });
        return list;
    }();
    return columns;
}

Result<bool> check_store(const Database& database, const std::filesystem::path& path) {
    // One statement, so that a file that becomes a store at this moment is seen before or after, never half way.
    Statement statement =
        TRY(database.prepare("SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema) "
                             "FROM pragma_application_id, pragma_user_version"));
    TRY(statement.step());
    const std::int64_t application = statement.integer(0), version = statement.integer(1);
    const bool empty = statement.integer(2) == 0;
    if (application != store_application_id && !(empty && application == 0 && version == 0))
        return fail(
            fmt::format("run store \"{}\": this is an SQLite database of another program, not a run store; choose a "
                        "run store, or a new file name, with --db",
                        path.string()));
    if (version > store_version)
        return fail(
            fmt::format("run store \"{}\": it was written by a newer Dilascope (store version {}, this one knows "
                        "up to {}); update Dilascope, or choose another file with --db",
                        path.string(), version, store_version));
    return empty;
}

Result<void> upgrade_store(const Database& database, const std::filesystem::path& path) {
    Transaction transaction = TRY(Transaction::begin(database));
    // Asked again inside the transaction: another process may have upgraded the file while this one waited.
    const bool is_new = TRY(check_store(database, path));
    const std::int64_t version = TRY(database.integer("PRAGMA user_version"));
    if (version == store_version && missing_columns(TRY(present_columns(database))).empty()) return {};
    if (!is_new) TRY(back_up(path, version));
    for (std::int64_t step = version; step < store_version; ++step) TRY(database.execute(steps[step]));
    for (const StoreColumn& column : missing_columns(TRY(present_columns(database))))
        TRY(database.execute(fmt::format("ALTER TABLE run ADD COLUMN \"{}\" {} DEFAULT {}", column.name, column.type,
                                         column.default_value)));
    TRY(database.execute(immutability_trigger()));
    TRY(database.execute(
        fmt::format("PRAGMA application_id={}; PRAGMA user_version={}", store_application_id, store_version)));
    return transaction.commit();
}

Result<std::set<std::string>> present_columns(const Database& database) {
    Statement statement = TRY(database.prepare("SELECT name FROM pragma_table_info('run')"));
    std::set<std::string> names;
    while (TRY(statement.step())) names.emplace(statement.text(0));
    return names;
}

} // namespace dilascope
