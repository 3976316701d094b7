#include "experiments/npy.h"
#include "experiments/tensor_file.h"
#include "tests/catch.h"
#include "tests/experiments/tensor_bytes.h"
#include "tests/scratch_folder.h"

using namespace dilascope;

namespace {

std::string dict_of(std::string_view descr, std::string_view shape, std::string_view order = "False") {
    return std::string("{'descr': '")
        .append(descr)
        .append("', 'fortran_order': ")
        .append(order)
        .append(", 'shape': ")
        .append(shape)
        .append(", }          \n");
}

Result<HostTensor> read_npy(const std::string& bytes) {
    const ScratchFolder folder;
    std::vector<HostTensor> tensors = TRY(read_tensor_file(write_bytes(folder / "array.npy", bytes)));
    return std::move(tensors.at(0));
}

template <class T>
void check_reads(std::string_view descr, const std::vector<T>& stored, const std::vector<float>& expected,
                 Dtype dtype) {
    const auto tensor =
        read_npy(npy_bytes(dict_of(descr, "(" + std::to_string(stored.size()) + ",)"), bytes_of(stored)));
    INFO(descr << " " << error_of(tensor));
    REQUIRE(tensor);
    CHECK(tensor->name == "array");
    CHECK(tensor->stored == dtype);
    CHECK(values_of(*tensor) == expected);
}

} // namespace

TEST_CASE("npy: element types widen to f32", "[experiments]") {
    check_reads<float>("<f4", {1.5f, -2.0f, 0x1p-149f}, {1.5f, -2.0f, 0x1p-149f}, Dtype::f32);
    check_reads<double>("<f8", {1.5, 0.1, 1e300}, {1.5f, 0.1f, INFINITY}, Dtype::f64);
    check_reads<std::uint16_t>("<f2", {0x3c00, 0xc100, 0x0001}, {1.0f, -2.5f, 0x1p-24f}, Dtype::f16);
    check_reads<std::int8_t>("|i1", {-128, 127}, {-128, 127}, Dtype::f32);
    check_reads<std::uint8_t>("|b1", {0, 1}, {0, 1}, Dtype::f32);
    check_reads<std::uint16_t>("<u2", {65535}, {65535}, Dtype::f32);
    check_reads<std::int32_t>("<i4", {-16777216, 16777216}, {-16777216.0f, 16777216.0f}, Dtype::f32);
    check_reads<std::int64_t>("<i8", {-5, 7}, {-5, 7}, Dtype::f32);
    check_reads<std::uint64_t>("<u8", {7}, {7}, Dtype::f32);
}

TEST_CASE("npy: versions 1 to 3, scalars, empty arrays, Python 2 and double quotes", "[experiments]") {
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    for (const int version : {1, 2, 3}) {
        const auto tensor = read_npy(npy_bytes(dict_of("<f4", "(2, 3)"), bytes_of(values), version));
        REQUIRE(tensor);
        CHECK(tensor->shape == std::vector<std::int64_t>{2, 3});
        CHECK(values_of(*tensor) == values);
    }
    const auto scalar = read_npy(npy_bytes(dict_of("<f4", "()"), bytes_of(std::vector<float>{9})));
    REQUIRE(scalar);
    CHECK((scalar->shape.empty() && values_of(*scalar) == std::vector<float>{9}));
    const auto empty = read_npy(npy_bytes(dict_of("<f4", "(0, 4)"), ""));
    REQUIRE(empty);
    CHECK((empty->elements() == 0 && empty->values.size() == 0));
    CHECK(read_npy(npy_bytes(dict_of("<f4", "(2L, 3L)"), bytes_of(values))));
    CHECK(read_npy(npy_bytes("{\"shape\":(6,),\"descr\":\"<f4\",\"fortran_order\":False}", bytes_of(values))));
}

TEST_CASE("npy: Fortran order becomes C order", "[experiments]") {
    std::vector<float> fortran, c;
    for (int d = 0; d < 4; ++d) // first index fastest
        for (int b = 0; b < 3; ++b)
            for (int a = 0; a < 2; ++a) fortran.push_back(float(100 * a + 10 * b + d));
    for (int a = 0; a < 2; ++a)
        for (int b = 0; b < 3; ++b)
            for (int d = 0; d < 4; ++d) c.push_back(float(100 * a + 10 * b + d));
    const auto tensor = read_npy(npy_bytes(dict_of("<f4", "(2, 3, 4)", "True"), bytes_of(fortran)));
    REQUIRE(tensor);
    CHECK(values_of(*tensor) == c);
}

TEST_CASE("npy: what it writes is what it reads, 64-byte aligned", "[experiments]") {
    const ScratchFolder folder;
    const std::vector<float> values = {1, 2, 3, 4, 5, 6};
    for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{6}, {2, 3}, {1, 6, 1, 1}}) {
        const TensorToWrite tensor{"x", shape, values.data()};
        REQUIRE(write_tensor_file(folder / "x.npy", std::span(&tensor, 1)));
        const std::string bytes = read_bytes(folder / "x.npy");
        CHECK((bytes.size() - 24) % 64 == 0);
        const auto read = read_tensor_file(folder / "x.npy");
        REQUIRE(read);
        CHECK((read->at(0).name == "x" && read->at(0).shape == shape && values_of(read->at(0)) == values));
    }
    const std::uint8_t mask[] = {0, 1, 2, 3};
    REQUIRE(write_npy(folder / "m.npy", {2, 2}, mask));
    CHECK(says(read_bytes(folder / "m.npy"), {"'descr': '|u1'", "'shape': (2, 2)"}));
    CHECK(values_of(read_tensor_file(folder / "m.npy")->at(0)) == std::vector<float>{0, 1, 2, 3});
    const double density[] = {0.25};
    REQUIRE(write_npy(folder / "d.npy", {1}, density));
    CHECK(says(read_bytes(folder / "d.npy"), {"'descr': '<f8'", "'shape': (1,)"}));
    CHECK(read_tensor_file(folder / "d.npy")->at(0).stored == Dtype::f64);
}

TEST_CASE("npy: what is not numbers is refused with the mend", "[experiments]") {
    const std::string data(64, '\0');
    const auto error = [&](const std::string& dict) { return error_of(read_npy(npy_bytes(dict, data))); };
    CHECK(says(error(dict_of("|O", "(8,)")), {"array.npy", "object array", "pickle", "astype"}));
    CHECK(says(error(dict_of("|V2", "(32,)")), {"bfloat16", ".safetensors"}));
    CHECK(says(error(dict_of(">f4", "(16,)")), {"big-endian", "'<f4'"}));
    CHECK(says(error(dict_of("<c8", "(8,)")), {"\"<c8\"", "expected float16"}));
    CHECK(says(error(dict_of("<U4", "(4,)")), {"\"<U4\""}));
    CHECK(says(error("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (8,), }"), {"structured"}));
    CHECK(says(error_of(read_npy(npy_bytes(dict_of("<i4", "(1,)"), bytes_of(std::vector<std::int32_t>{16777217})))),
               {"integer 16777216", "not exact", "float32"}));
}

TEST_CASE("npy: damaged headers are errors", "[experiments]") {
    const std::string data(64, '\0'), good = dict_of("<f4", "(16,)");
    REQUIRE(read_npy(npy_bytes(good, data)));
    CHECK(says(error_of(read_npy("")), {"too short"}));
    CHECK(says(error_of(read_npy("not numpy at all")), {"not a .npy file"}));
    CHECK(says(error_of(read_npy(npy_bytes(good, data, 4))), {"version 4"}));
    CHECK(says(error_of(read_npy(npy_bytes(good, data.substr(1)))), {"cut off", "16 elements"}));
    CHECK(says(error_of(read_npy(npy_bytes(good, data + "x"))), {"1 bytes follow"}));
    CHECK(says(error_of(read_npy(npy_bytes(good, data).substr(0, 40))), {"cut off"}));
    std::string huge_header = npy_bytes(good, data, 2);
    huge_header[11] = 0x7f;
    CHECK(says(error_of(read_npy(huge_header)), {"header of"}));
    for (const char* shape :
         {"(4611686018427387904, 4)", "(-16,)", "(16", "16", "(16,,)", "(99999999999999999999,)", "(x,)"})
        CHECK(says(error_of(read_npy(npy_bytes(dict_of("<f4", shape), data))), {"\"shape\""}));
    std::string many_axes = "(16,";
    for (int axis = 1; axis < 33; ++axis) many_axes += "1,";
    CHECK(says(error_of(read_npy(npy_bytes(dict_of("<f4", many_axes + ")"), data))), {"\"shape\""}));
    // 2^61 elements pass the shape's check; nothing may be allocated for them
    CHECK(says(error_of(read_npy(npy_bytes(dict_of("<f4", "(2305843009213693952,)"), data))), {"cut off"}));
    for (const char* dict : {"", "{}", "{'descr'", "['descr']", "{'descr': '<f4', 'shape': (16,)}",
                             "{'descr': '<f4', 'fortran_order': Maybe, 'shape': (16,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (16,)} 1",
                             "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (16,)}",
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (16,), 'x': 1}"}) {
        INFO(dict);
        CHECK(says(error_of(read_npy(npy_bytes(dict, data))), {".npy header", "numpy.save()"}));
    }
}
