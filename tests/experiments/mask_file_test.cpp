#include "engine/pattern/count.h"
#include "engine/pattern/pattern_text.h"
#include "experiments/case.h"
#include "experiments/mask_file.h"
#include "tests/catch.h"
#include "tests/experiments/tensor_bytes.h"
#include "tests/scratch_folder.h"
#include <cmath>

using namespace dilascope;

namespace {

std::string npy(std::string_view descr, std::string_view shape, std::string_view data, bool fortran = false) {
    return npy_bytes(
        std::string("{'descr': '")
            .append(descr)
            .append(fortran ? "', 'fortran_order': True, 'shape': " : "', 'fortran_order': False, 'shape': ")
            .append(shape)
            .append(", }\n"),
        data);
}

// "10 01" for the rows of a matrix.
std::string drawn(const BitMatrix& bits) {
    std::string text;
    for (std::int64_t row = 0; row < bits.rows; ++row) {
        if (row > 0) text += ' ';
        for (std::int64_t column = 0; column < bits.columns; ++column) text += bits.at(row, column) ? '1' : '0';
    }
    return text;
}

template <class T> void check_drawn(std::string_view descr, const std::vector<T>& values, bool fortran = false) {
    const ScratchFolder folder;
    const std::string path = write_bytes(folder / "m.npy", npy(descr, "(2, 3)", bytes_of(values), fortran));
    const auto bits = read_mask(path);
    INFO(descr << " " << error_of(bits));
    REQUIRE(bits);
    CHECK(drawn(**bits) == "101 010");
}

} // namespace

TEST_CASE("mask file: whatever is not 0 attends, of every element type and order", "[experiments]") {
    check_drawn<std::uint8_t>("|b1", {1, 0, 1, 0, 1, 0});
    check_drawn<std::uint8_t>("|u1", {255, 0, 128, 0, 1, 0});
    check_drawn<std::int16_t>("<i2", {-32768, 0, 256, 0, 1, 0});
    check_drawn<std::int64_t>("<i8", {std::int64_t{1} << 62, 0, -1, 0, std::int64_t{1} << 33, 0});
    check_drawn<float>("<f4", {0.5f, -0.0f, 1e-45f, 0, -3, 0});
    check_drawn<double>("<f8", {1e-300, 0, std::nan(""), -0.0, -1, 0}); // smaller than any f32
    check_drawn<std::uint16_t>("<f2", {1, 0x8000, 0x3c00, 0, 0xbc00, 0});
    check_drawn<std::uint8_t>("|u1", {1, 0, 0, 1, 1, 0}, true); // column by column
}

TEST_CASE("mask file: an unchanged file is the same matrix, a changed one is read anew", "[experiments]") {
    const ScratchFolder folder;
    const std::string path = folder / "m.npy";
    write_bytes(path, npy("|u1", "(2, 2)", std::string("\1\0\0\1", 4)));
    const auto first = read_mask(path).value();
    CHECK(read_mask(path).value() == first); // the pointer
    write_bytes(folder / "other.npy", npy("|u1", "(2, 2)", std::string("\0\1\1\0", 4)));
    std::filesystem::rename(folder / "other.npy", path); // same size, and maybe the same time
    const auto second = read_mask(path).value();
    CHECK(second != first);
    CHECK(drawn(*second) == "01 10");
    CHECK(drawn(*first) == "10 01"); // patterns that hold it keep it
    std::filesystem::remove(path);
    CHECK_FALSE(read_mask(path));
}

TEST_CASE("mask file: errors name the file, what it holds and the mend", "[experiments]") {
    const ScratchFolder folder;
    const auto check = [&](std::string_view bytes, std::initializer_list<std::string_view> words) {
        const std::string error = error_of(read_mask(write_bytes(folder / "wrong.npy", bytes)));
        INFO(error);
        CHECK(says(error, {"wrong.npy"}));
        CHECK(says(error, words));
    };
    CHECK(says(error_of(read_mask(folder / "none.npy")), {"none.npy"}));
    check("PK\3\4 a zip file", {"numpy.save()"});
    check(npy("|u1", "(4,)", "abcd"), {"(4)", "a row and a column for each block"});
    check(npy("|u1", "(2, 0)", ""), {"(2, 0)"});
    check(npy("|u1", "(2, 2)", "abc"), {"3 bytes", "are 4"});
    check(npy("|u1", "(2, 2)", "abcde"), {"5 bytes", "are 4"});
    check(npy("|u1", "(1048576, 1048576)", "a"), {"1048576 × 1048576", "at most 268435456"});
    check(npy("<c8", "(2, 2)", "abcd"), {"<c8"});
}

TEST_CASE("mask file: a pattern of it counts its blocks, and its content is part of a case's identity",
          "[experiments]") {
    use_mask_files();
    const ScratchFolder folder;
    const std::string path = folder / "m.npy";
    write_bytes(path, npy("|b1", "(3, 3)", std::string("\1\0\1\0\1\0\0\0\1", 9)));
    Case config;
    config.pattern = "mask block=16 file=" + path;
    config.seq_len = 40, config.heads = 2; // the last block is 8 tokens
    REQUIRE(validate(config));
    const Problem problem = problem_of(config).value();
    const Pattern pattern = pattern_of(config).value();
    CHECK(count_pairs(pattern, problem, 0, whole_matrix(problem)) == 16 * 16 + 16 * 8 + 16 * 16 + 8 * 8);
    CHECK(pattern == pattern_of(config).value());
    const std::string hash = case_hash(config), content = mask_content_hash(pattern);
    CHECK(content.size() == 16);
    CHECK(case_hash(config) == hash);
    write_bytes(folder / "same.npy", npy("<i4", "(3, 3)", bytes_of(std::vector<int>{1, 0, 1, 0, 1, 0, 0, 0, 1})));
    std::filesystem::rename(folder / "same.npy", path);
    CHECK(mask_content_hash(pattern_of(config).value()) == content); // what counts is the matrix, not its file
    CHECK(case_hash(config) == hash);
    write_bytes(folder / "other.npy", npy("|b1", "(3, 3)", std::string("\1\0\1\0\1\0\0\1\1", 9)));
    std::filesystem::rename(folder / "other.npy", path);
    CHECK(case_hash(config) != hash);
    CHECK(mask_content_hash(parse_pattern("local block=16").value()).empty());
    config.seq_len = 64;
    CHECK(says(error_of(validate(config)), {"3 × 3", "4 × 4"}));
}
