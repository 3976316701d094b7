#pragma once
// SQLite through three small owners: Database (a connection), Statement, Transaction. Failures become one sentence that
// names the file, the cause and the mend.
#include "engine/result.h"
#include "engine/visit.h"
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3;
struct sqlite3_stmt;

namespace dilascope {

// What the last failed call on this connection means, for the user.
Error sqlite_error(sqlite3* connection);

class Statement {
public:
    explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

    // Parameters count from 1, columns from 0. NaN is stored as NULL, and NULL is read as NaN, 0 or "".
    template <class T> Statement& bind(int parameter, const T& value) {
        if constexpr (NamedEnum<T>)
            bind_text(parameter, enum_name(value));
        else if constexpr (std::is_floating_point_v<T>)
            bind_double(parameter, value);
        else if constexpr (std::is_integral_v<T>)
            bind_integer(parameter, static_cast<std::int64_t>(value));
        else
            bind_text(parameter, value);
        return *this;
    }
    // Binds the parameters in order, from the first.
    template <class... T> Statement& bind_all(const T&... values) {
        int parameter = 0;
        (bind(++parameter, values), ...);
        return *this;
    }

    // False when a stored text is not a name of the enum.
    template <class T> bool read(int column, T& value) const {
        if constexpr (NamedEnum<T>) {
            const auto found = enum_from_name<T>(text(column));
            if (found) value = *found;
            return found.has_value();
        } else if constexpr (std::is_same_v<T, bool>)
            value = integer(column) != 0;
        else if constexpr (std::is_floating_point_v<T>)
            value = real(column);
        else if constexpr (std::is_integral_v<T>)
            value = static_cast<T>(integer(column));
        else
            value = text(column);
        return true;
    }
    std::int64_t integer(int column) const;
    double real(int column) const;
    std::string_view text(int column) const; // valid until the next step

    Result<bool> step(); // true: a row is there to read
    Result<void> run();  // steps to the end, then may be bound and run again

private:
    void bind_integer(int parameter, std::int64_t value);
    void bind_double(int parameter, double value);
    void bind_text(int parameter, std::string_view value);

    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class Database {
public:
    // `name` is a path or a "file:" URI. Waits `patience` for other connections before it reports "locked".
    static Result<Database> open(const std::string& name, int flags, std::chrono::milliseconds patience);

    Result<Statement> prepare(std::string_view sql) const;
    Result<void> execute(const std::string& sql) const;       // several statements, rows ignored
    Result<std::int64_t> integer(std::string_view sql) const; // the first value of the first row; 0 without rows
    Result<std::string> text(std::string_view sql) const;     // likewise; "" without rows
    void set_patience(std::chrono::milliseconds patience) const;
    sqlite3* connection() const { return connection_.get(); }

private:
    struct Close {
        void operator()(sqlite3* connection) const;
    };
    explicit Database(sqlite3* connection) : connection_(connection) {}
    std::unique_ptr<sqlite3, Close> connection_;
};

// A write transaction: takes the one writer's place at once (BEGIN IMMEDIATE), so it cannot fail half way for a lock.
// Undone unless committed.
class Transaction {
public:
    static Result<Transaction> begin(const Database& database);
    Result<void> commit();
    Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();

private:
    explicit Transaction(const Database& database) : database_(&database) {}
    const Database* database_;
};

} // namespace dilascope
