#include "experiments/store_file.h"
#include "experiments/store_schema.h"
#include <array>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/vfs.h>
#include <thread>
#include <unistd.h>

namespace dilascope {

namespace {

constexpr std::chrono::milliseconds default_patience{5000};

Error store_error(const std::filesystem::path& path, const std::string& cause) {
    return Error{fmt::format("run store \"{}\": {}", path.string(), cause)};
}

Result<void> check_path(const std::filesystem::path& path, OpenMode mode) {
    std::error_code ignored;
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (path.empty()) return fail("no run store is named; name one with --db FILE");
    if (std::filesystem::is_directory(path, ignored))
        return tl::unexpected(store_error(path, "this is a folder; name a file in it"));
    if (!std::filesystem::is_directory(folder, ignored))
        return tl::unexpected(store_error(
            path, fmt::format("the folder \"{}\" does not exist; create it first (mkdir -p)", folder.string())));
    const bool exists = std::filesystem::exists(path, ignored);
    if (mode == OpenMode::read_write && !exists && ::access(folder.c_str(), W_OK | X_OK) != 0)
        return tl::unexpected(
            store_error(path, fmt::format("it cannot be made ({}); choose a folder that can be written, with "
                                          "--db",
                                          std::strerror(errno))));
    if (mode == OpenMode::read_only && !exists)
        return tl::unexpected(store_error(path, "it does not exist; name a store that a batch has written, with --db"));
    return {};
}

// Characters that mean something in a URI, escaped.
std::string uri_of(const std::filesystem::path& path) {
    std::string uri = "file:";
    for (char letter : std::filesystem::absolute(path).string())
        uri += letter == '?' || letter == '#' || letter == '%' ? fmt::format("%{:02X}", int(letter))
                                                               : std::string(1, letter);
    return uri + "?immutable=1";
}

// Reads a store that lies on a medium nobody can write to: SQLite must not look for a log or locks there.
Result<Database> open_unwritable(const std::filesystem::path& path) {
    std::error_code ignored;
    const std::filesystem::path log = path.string() + "-wal";
    if (std::filesystem::exists(log, ignored) && std::filesystem::file_size(log, ignored) > 0)
        return tl::unexpected(
            store_error(path, "it has a write-ahead log but lies in a place that cannot be written; copy it "
                              "with its -wal file to a writable place"));
    return Database::open(uri_of(path), SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, default_patience);
}

Result<Database> open_to_read(const std::filesystem::path& path) {
    // Opened for writing where that is allowed, though nothing is written: only such a connection tidies up the log and
    // the shared memory when it is the last to close.
    Database database = TRY(Database::open(path.string(), SQLITE_OPEN_READWRITE, default_patience));
    TRY(database.execute("PRAGMA query_only=ON"));
    const auto version = database.integer("PRAGMA user_version"); // the first read takes the locks
    const int code = sqlite3_errcode(database.connection()) & 0xff;
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const bool lock_refused = !version && (code == SQLITE_CANTOPEN || code == SQLITE_READONLY);
    if (lock_refused && ::access(path.c_str(), R_OK) == 0 && ::access(folder.c_str(), W_OK) != 0)
        return open_unwritable(path);
    if (!version) return tl::unexpected(version.error());
    return database;
}

// Asks for the journal mode; two processes that create the store at once collide where SQLite does not wait by itself.
Result<std::string> journal_mode(const Database& database, const std::string& wanted) {
    constexpr int attempts = 50;
    constexpr std::chrono::milliseconds pause{20};
    std::string mode = TRY(database.text("PRAGMA journal_mode"));
    for (int attempt = 1; mode != wanted; ++attempt) {
        auto answer = database.text("PRAGMA journal_mode=" + wanted);
        if (answer) return answer;
        const bool busy = (sqlite3_errcode(database.connection()) & 0xff) == SQLITE_BUSY;
        if (!busy || attempt == attempts) return answer;
        std::this_thread::sleep_for(pause);
        mode = TRY(database.text("PRAGMA journal_mode"));
    }
    return mode;
}

// With a write-ahead log readers never wait for the writer, nor the writer for readers. Returns why it cannot be had.
Result<std::string> choose_journal(const Database& database, const std::filesystem::path& path) {
    const std::string network = network_file_system(path);
    if (TRY(journal_mode(database, network.empty() ? "wal" : "delete")) == "wal") return std::string();
    return fmt::format("no write-ahead log {}: readers and the writer wait for each other",
                       network.empty() ? "in this place" : "on a network file system (" + network + ")");
}

} // namespace

std::string network_file_system(const std::filesystem::path& path) {
    struct Kind {
        std::uint32_t magic;
        const char* name;
    };
    static constexpr std::array<Kind, 10> kinds = {{{0x6969, "NFS"},
                                                    {0x517b, "SMB"},
                                                    {0xff534d42, "CIFS"},
                                                    {0xfe534d42, "SMB2"},
                                                    {0x5346414f, "AFS"},
                                                    {0x00c36400, "Ceph"},
                                                    {0x0bd00bd0, "Lustre"},
                                                    {0x47504653, "GPFS"},
                                                    {0x01021997, "9p"},
                                                    {0x19830326, "BeeGFS"}}};
    struct statfs system {};
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (::statfs(folder.c_str(), &system) != 0) return "";
    for (const Kind& kind : kinds)
        if (static_cast<std::uint32_t>(system.f_type) == kind.magic) return kind.name;
    return "";
}

Result<StoreFile> open_store_file(const std::filesystem::path& path, OpenMode mode) {
    const bool in_memory = path == ":memory:";
    if (!in_memory) TRY(check_path(path, mode));
    if (mode == OpenMode::read_only && !in_memory) {
        StoreFile file{TRY(open_to_read(path)), ""};
        TRY(check_store(file.database, path));
        return file;
    }
    StoreFile file{TRY(Database::open(path.string(), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, default_patience)),
                   ""};
    TRY(check_store(file.database, path)); // before anything in a foreign file is touched
    if (!in_memory) file.note = TRY(choose_journal(file.database, path));
    TRY(upgrade_store(file.database, path));
    return file;
}

} // namespace dilascope
