#include "experiments/sqlite.h"
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <sqlite3.h>
#include <thread>

namespace dilascope {

namespace {

// The busy handler waits inside SQLite; where SQLite declines to call it (a lock order that could deadlock, a log being
// recovered) the call is repeated this often.
constexpr int lock_attempts = 3;
constexpr std::chrono::milliseconds lock_pause{20};

Result<void> execute_patiently(const Database& database, const char* sql) {
    for (int attempt = 1;; ++attempt) {
        auto done = database.execute(sql);
        if (done || (sqlite3_errcode(database.connection()) & 0xff) != SQLITE_BUSY || attempt == lock_attempts)
            return done;
        std::this_thread::sleep_for(lock_pause);
    }
}

std::string system_reason(sqlite3* connection) {
    const int code = sqlite3_system_errno(connection);
    return code ? std::strerror(code) : sqlite3_errmsg(connection);
}

} // namespace

Error sqlite_error(sqlite3* connection) {
    const char* file = sqlite3_db_filename(connection, "main");
    const std::string name = file && *file ? file : ":memory:";
    const auto sentence = [&](const std::string& cause) {
        return Error{fmt::format("run store \"{}\": {}", name, cause)};
    };
    const std::string folder = std::filesystem::path(name).parent_path().string();
    switch (sqlite3_errcode(connection) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return sentence("another program has kept it locked for too long; close what writes to it (a sqlite3 shell, a "
                        "copy or backup under way) and try again");
    case SQLITE_FULL:
        return sentence(fmt::format("the disk is full; free space in \"{}\", then go on with --resume (what was stored "
                                    "before is kept)",
                                    folder));
    case SQLITE_READONLY:
        return sentence("it is read-only; make the file and its folder writable, or choose another place with --db");
    case SQLITE_NOTADB:
        return sentence("this is not an SQLite database; choose a run store, or a new file name, with --db");
    case SQLITE_CORRUPT:
        return sentence(fmt::format("the file is damaged ({}); restore a copy, or save what can be read with `sqlite3 "
                                    "FILE .recover`",
                                    sqlite3_errmsg(connection)));
    case SQLITE_IOERR:
        return sentence(fmt::format("reading or writing failed ({}); check the disk and its free space in \"{}\"",
                                    system_reason(connection), folder));
    case SQLITE_CANTOPEN:
        return sentence(
            fmt::format("it cannot be opened ({}); check that the file and its folder may be read and written",
                        system_reason(connection)));
    default: return sentence(sqlite3_errmsg(connection));
    }
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

void Statement::bind_integer(int parameter, std::int64_t value) {
    sqlite3_bind_int64(statement_.get(), parameter, value);
}

void Statement::bind_double(int parameter, double value) {
    sqlite3_bind_double(statement_.get(), parameter, value); // SQLite itself turns NaN into NULL
}

void Statement::bind_text(int parameter, std::string_view value) {
    sqlite3_bind_text64(statement_.get(), parameter, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_.get(), column); }

double Statement::real(int column) const {
    if (sqlite3_column_type(statement_.get(), column) == SQLITE_NULL) return std::nan("");
    return sqlite3_column_double(statement_.get(), column);
}

std::string_view Statement::text(int column) const {
    const auto* first = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
    return first ? std::string_view(first, sqlite3_column_bytes(statement_.get(), column)) : std::string_view();
}

Result<bool> Statement::step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    Error error = sqlite_error(sqlite3_db_handle(statement_.get()));
    sqlite3_reset(statement_.get());
    return tl::unexpected(std::move(error));
}

Result<void> Statement::run() {
    while (TRY(step())) {
    }
    sqlite3_reset(statement_.get());
    return {};
}

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

Result<Database> Database::open(const std::string& name, int flags, std::chrono::milliseconds patience) {
    sqlite3* connection = nullptr;
    const int code =
        sqlite3_open_v2(name.c_str(), &connection, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
    Database database(connection);
    if (code != SQLITE_OK) {
        const std::string reason = connection ? system_reason(connection) : "out of memory";
        return fail(
            fmt::format("run store \"{}\": it cannot be opened ({}); check that the file and its folder may be read "
                        "and written, or choose another place with --db",
                        name, reason));
    }
    database.set_patience(patience);
    TRY(database.execute("PRAGMA foreign_keys=ON"));
    return database;
}

Result<Statement> Database::prepare(std::string_view sql) const {
    sqlite3_stmt* statement = nullptr;
    if (sqlite3_prepare_v2(connection(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr) != SQLITE_OK)
        return tl::unexpected(sqlite_error(connection()));
    return Statement(statement);
}

Result<void> Database::execute(const std::string& sql) const {
    if (sqlite3_exec(connection(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return tl::unexpected(sqlite_error(connection()));
    return {};
}

Result<std::int64_t> Database::integer(std::string_view sql) const {
    Statement statement = TRY(prepare(sql));
    return TRY(statement.step()) ? statement.integer(0) : 0;
}

Result<std::string> Database::text(std::string_view sql) const {
    Statement statement = TRY(prepare(sql));
    return TRY(statement.step()) ? std::string(statement.text(0)) : std::string();
}

void Database::set_patience(std::chrono::milliseconds patience) const {
    sqlite3_busy_timeout(connection(), static_cast<int>(patience.count()));
}

Result<Transaction> Transaction::begin(const Database& database) {
    TRY(execute_patiently(database, "BEGIN IMMEDIATE"));
    return Transaction(database);
}

Result<void> Transaction::commit() {
    TRY(execute_patiently(*database_, "COMMIT"));
    database_ = nullptr;
    return {};
}

Transaction::~Transaction() {
    // Some failures (a full disk) have rolled back already; a second ROLLBACK only reports that.
    if (database_) (void)database_->execute("ROLLBACK");
}

} // namespace dilascope
