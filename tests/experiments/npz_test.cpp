#include "experiments/npz.h"
#include "tests/catch.h"
#include "tests/experiments/tensor_bytes.h"
#include "tests/scratch_folder.h"
#include <zip.h>

using namespace dilascope;

namespace {

struct Member {
    std::string name, content;
};

std::filesystem::path write_zip(const std::filesystem::path& path, const std::vector<Member>& members, int method) {
    zip_t* archive = zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, nullptr);
    for (const Member& member : members) {
        zip_source_t* source = zip_source_buffer(archive, member.content.data(), member.content.size(), 0);
        const auto index = zip_file_add(archive, member.name.c_str(), source, 0);
        zip_set_file_compression(archive, zip_uint64_t(index), method, 0);
    }
    REQUIRE(zip_close(archive) == 0);
    return path;
}

std::string floats(std::size_t count) {
    return npy_bytes("{'descr': '<f4', 'fortran_order': False, 'shape': (" + std::to_string(count) + ",), }\n",
                     bytes_of(std::vector<float>(count, 1.0f)));
}

} // namespace

TEST_CASE("npz: stored and deflated members are read", "[experiments]") {
    const ScratchFolder folder;
    for (const int method : {ZIP_CM_STORE, ZIP_CM_DEFLATE}) {
        const auto path = write_zip(folder / "x.npz", {{"q.npy", floats(1000)}, {"k.npy", floats(3)}}, method);
        const auto tensors = read_tensor_file(path);
        REQUIRE(tensors);
        REQUIRE(tensors->size() == 2);
        CHECK(tensors->at(0).name == "q");
        CHECK((tensors->at(0).elements() == 1000 && tensors->at(0).values[999] == 1.0f));
        const auto only_k = read_tensor_file(path, [](std::string_view name) { return name == "k"; });
        REQUIRE(only_k);
        CHECK((only_k->size() == 1 && only_k->at(0).name == "k"));
    }
}

TEST_CASE("npz: what it writes is what it reads, the same bytes each time", "[experiments]") {
    const ScratchFolder folder;
    const std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {7};
    const TensorToWrite tensors[] = {{"out", {2, 3}, a.data()}, {"lse", {1}, b.data()}};
    REQUIRE(write_tensor_file(folder / "x.npz", tensors));
    REQUIRE(write_tensor_file(folder / "x.npz", tensors)); // over the old one
    REQUIRE(write_tensor_file(folder / "y.npz", tensors));
    CHECK((read_bytes(folder / "x.npz") == read_bytes(folder / "y.npz"))); // bytes do not print
    CHECK((read_bytes(folder / "x.npz").substr(10, 4) ==
           little_endian(0x21'0000, 4))); // time and date: 1980-01-01, no clock
    const auto read = read_tensor_file(folder / "x.npz");
    REQUIRE(read);
    REQUIRE(read->size() == 2);
    CHECK((read->at(0).name == "out" && read->at(0).shape == std::vector<std::int64_t>{2, 3}));
    CHECK(std::vector<float>(read->at(0).values.begin(), read->at(0).values.end()) == a);
    CHECK((read->at(1).name == "lse" && read->at(1).values[0] == 7));
}

TEST_CASE("npz: bad archives are errors", "[experiments]") {
    const ScratchFolder folder;
    const auto error = [&](const std::vector<Member>& members, int method = ZIP_CM_STORE) {
        return error_of(read_tensor_file(write_zip(folder / "x.npz", members, method)));
    };
    CHECK(says(error_of(read_tensor_file(write_bytes(folder / "x.npz", "no zip"))), {"x.npz", "not a readable .npz"}));
    CHECK(says(error_of(read_tensor_file(folder / "missing.npz")), {"missing.npz", "no such file"}));
    CHECK(says(error({{"readme.txt", "hello"}}), {"\"readme.txt\"", "not a .npy"}));
    CHECK(says(error({{"q.npy", "hello"}}), {"q.npy", "too short"}));
    CHECK(says(error({{"o.npy", npy_bytes("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", "\x80\x04")}}),
               {"o.npy", "object array"}));
    CHECK(says(error({{"q.npy", floats(9).substr(0, 80)}}), {"q.npy", "cut off"}));
    // the type of a tensor that nobody asks for does not matter
    const auto mixed = write_zip(folder / "x.npz", {{"meta.npy", "hello"}, {"q.npy", floats(2)}}, ZIP_CM_STORE);
    CHECK(read_tensor_file(mixed, [](std::string_view name) { return name == "q"; }));
    // one flipped bit in the values: the checksum knows
    std::string bytes = read_bytes(write_zip(folder / "x.npz", {{"q.npy", floats(100)}}, ZIP_CM_STORE));
    bytes[bytes.find("NUMPY") + 300] ^= 1;
    CHECK(says(error_of(read_tensor_file(write_bytes(folder / "x.npz", bytes))), {"q.npy", "cannot be unpacked"}));
    // cut in half: the directory at the end is missing
    CHECK(says(error_of(read_tensor_file(write_bytes(folder / "x.npz", bytes.substr(0, bytes.size() / 2)))),
               {"not a readable .npz"}));
}

TEST_CASE("npz: a zip bomb is refused before it unpacks", "[experiments]") {
    const ScratchFolder folder;
    const auto path =
        write_zip(folder / "bomb.npz", {{"q.npy", floats(1000)}, {"k.npy", floats(1000)}}, ZIP_CM_DEFLATE);
    REQUIRE(read_tensor_file(path));
    // Both directory entries claim 3 GiB unpacked.
    std::string bytes = read_bytes(path);
    for (std::size_t entry = bytes.find("PK\x01\x02"); entry != std::string::npos;
         entry = bytes.find("PK\x01\x02", entry + 1))
        bytes.replace(entry + 24, 4, little_endian(3u << 30, 4));
    for (std::size_t entry = bytes.find("PK\x03\x04"); entry != std::string::npos;
         entry = bytes.find("PK\x03\x04", entry + 1))
        bytes.replace(entry + 22, 4, little_endian(3u << 30, 4));
    const std::string error = error_of(read_tensor_file(write_bytes(path, bytes)));
    INFO(error);
    CHECK(says(error, {"bomb.npz", "6144", "zip bomb", "numpy.savez()"}));
}

TEST_CASE("npz: a real bomb of zeros is refused, a mask of zeros is not", "[experiments][slow]") {
    const ScratchFolder folder;
    const auto zeros = [](std::size_t bytes) {
        return npy_bytes("{'descr': '|u1', 'fortran_order': False, 'shape': (" + std::to_string(bytes) + ",), }",
                         std::string(bytes, '\0'));
    };
    const auto mask = read_tensor_file(write_zip(folder / "mask.npz", {{"m.npy", zeros(64 << 20)}}, ZIP_CM_DEFLATE));
    REQUIRE(mask);
    CHECK(mask->at(0).elements() == 64 << 20);
    const auto bomb = read_tensor_file(write_zip(folder / "bomb.npz", {{"m.npy", zeros(400 << 20)}}, ZIP_CM_DEFLATE));
    CHECK(says(error_of(bomb), {"zip bomb"}));
}
