#include "engine/memory/buffer.h"
#include "experiments/tensor_file.h"
#include "tests/catch.h"
#include "tests/experiments/tensor_bytes.h"
#include "tests/scratch_folder.h"
#include <csignal>
#include <random>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace dilascope;

namespace {

const std::vector<float> values(30'000, 0.5f);

std::vector<TensorToWrite> two_tensors() {
    return {{"a", {100, 100}, values.data()}, {"b", {10'000}, values.data() + 1}};
}

std::size_t file_count(const ScratchFolder& folder) {
    return std::size_t(std::distance(std::filesystem::directory_iterator(folder.path), {}));
}

// No file may grow past this while it lives, as on a full disk.
class FullDisk {
public:
    explicit FullDisk(rlim_t bytes) {
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{bytes, before_.rlim_max};
        old_handler_ = std::signal(SIGXFSZ, SIG_IGN);
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FullDisk() {
        ::setrlimit(RLIMIT_FSIZE, &before_);
        std::signal(SIGXFSZ, old_handler_);
    }

private:
    rlimit before_{};
    void (*old_handler_)(int);
};

} // namespace

TEST_CASE("tensor files: missing, foreign and unreadable files", "[experiments]") {
    const ScratchFolder folder;
    for (const char* name : {"x.npy", "x.npz", "x.safetensors", "x.txt"})
        CHECK(says(error_of(read_tensor_file(folder / name)), {name, "no such file"}));
    CHECK(says(error_of(read_tensor_file(write_bytes(folder / "x.txt", "1 2 3"))),
               {"\".txt\"", ".safetensors, .npz or .npy"}));
    CHECK(says(error_of(read_tensor_file(write_bytes(folder / "x.pt", "PK"))),
               {"pickled", "safetensors.torch.save_file"}));
    for (const char* name : {"folder.npy", "folder.npz", "folder.safetensors"}) {
        std::filesystem::create_directory(folder / name);
        CHECK(says(error_of(read_tensor_file(folder / name)), {name, "not a regular file"}));
    }
    REQUIRE(::mkfifo((folder / "pipe.npy").c_str(), 0600) == 0); // must not block
    CHECK(says(error_of(read_tensor_file(folder / "pipe.npy")), {"not a regular file"}));
}

TEST_CASE("tensor files: a full disk is an error and leaves nothing behind", "[experiments]") {
    for (const std::string extension : {".npy", ".npz", ".safetensors"}) {
        const ScratchFolder folder;
        std::vector<TensorToWrite> tensors = two_tensors();
        if (extension == ".npy") tensors.pop_back();
        const auto path = folder / ("x" + extension);
        std::string error;
        {
            const FullDisk full(8192);
            error = error_of(write_tensor_file(path, tensors));
        }
        INFO(error);
        CHECK(says(error, {path.string(), "cannot be written", "free some space"}));
        CHECK(file_count(folder) == 0);
        // an older file of that name survives a failed write
        write_bytes(path, "old");
        {
            const FullDisk full(8192);
            CHECK_FALSE(write_tensor_file(path, tensors));
        }
        CHECK((file_count(folder) == 1 && read_bytes(path) == "old"));
        REQUIRE(write_tensor_file(path, tensors));
        CHECK((file_count(folder) == 1 && read_tensor_file(path)));
    }
}

TEST_CASE("tensor files: places that cannot be written", "[experiments]") {
    const ScratchFolder folder;
    const std::vector<TensorToWrite> tensors = two_tensors();
    for (const std::string extension : {".npz", ".safetensors"}) {
        CHECK(says(error_of(write_tensor_file(folder / ("missing/x" + extension), tensors)),
                   {"missing/x", "create the folder"}));
        CHECK(says(error_of(write_tensor_file("/proc/dilascope_x" + extension, tensors)),
                   {"/proc/", "cannot be written"}));
        if (::geteuid() == 0) continue; // root writes everywhere
        std::filesystem::permissions(folder.path,
                                     std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
        CHECK(says(error_of(write_tensor_file(folder / ("x" + extension), tensors)), {"Permission denied"}));
        std::filesystem::permissions(folder.path, std::filesystem::perms::owner_all);
    }
    CHECK(says(error_of(write_tensor_file(folder / "x.csv", tensors)), {"\".csv\"", ".safetensors or .npz"}));
    CHECK(says(error_of(write_tensor_file(folder / "x.npy", tensors)), {"2 tensors", ".npy"}));
    std::filesystem::create_directory(folder / "x.npz");
    CHECK(says(error_of(write_tensor_file(folder / "x.npz", tensors)), {"Is a directory"}));
    CHECK(file_count(folder) == 1);
}

TEST_CASE("tensor files: thousands of damaged files never crash a reader", "[experiments]") {
    const ScratchFolder folder;
    std::mt19937 random(20231117);
    const std::vector<float> few(24, 1.0f);
    const std::vector<TensorToWrite> tensors = {{"q", {1, 2, 3, 4}, few.data()}, {"k", {1, 2, 3, 4}, few.data()}};
    for (const std::string extension : {".npy", ".npz", ".safetensors"}) {
        const auto path = folder / ("x" + extension);
        REQUIRE(write_tensor_file(path, std::span(tensors).first(extension == ".npy" ? 1 : 2)));
        const std::string good = read_bytes(path);
        int refused = 0;
        for (int trial = 0; trial < 1500; ++trial) {
            std::string bytes = good;
            const std::uint32_t flips = random() % 6;
            for (std::uint32_t flip = 0; flip < flips; ++flip) {
                // mostly the header, where damage does something
                const std::size_t reach = random() % 4 ? std::min<std::size_t>(bytes.size(), 160) : bytes.size();
                bytes[random() % reach] =
                    random() % 2 ? char(random()) : char("0123456789{}[]()\"',:-<"[random() % 22]);
            }
            if (flips == 0) bytes.resize(random() % bytes.size());
            if (flips == 1 && trial % 3 == 0)
                bytes.insert(random() % bytes.size(), std::string(random() % 9, char(random())));
            std::filesystem::remove(path); // overwriting in place would wait for the disk each time
            const auto read = read_tensor_file(write_bytes(path, bytes));
            if (read) {
                for (const HostTensor& tensor : *read) CHECK(tensor.elements() == tensor.values.size());
            } else {
                ++refused;
                if (error_of(read).find(path.string()) != 0) FAIL("no subject: " << error_of(read));
            }
        }
        CHECK(refused > 300);
    }
}
