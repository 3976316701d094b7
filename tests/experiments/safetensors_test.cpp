#include "experiments/safetensors.h"
#include "tests/catch.h"
#include "tests/experiments/tensor_bytes.h"
#include "tests/scratch_folder.h"

using namespace dilascope;

namespace {

Result<std::vector<HostTensor>> read_safetensors(const std::string& bytes) {
    const ScratchFolder folder;
    return read_tensor_file(write_bytes(folder / "x.safetensors", bytes));
}

template <class T>
void check_safetensors(const std::string& dtype, const std::vector<T>& stored, const std::vector<float>& expected,
                       Dtype type) {
    const std::string data = bytes_of(stored);
    const auto tensors = read_safetensors(
        safetensors_bytes(R"({"t":{"dtype":")" + dtype + R"(","shape":[)" + std::to_string(stored.size()) +
                              R"(],"data_offsets":[0,)" + std::to_string(data.size()) + "]}}",
                          data));
    INFO(dtype << " " << error_of(tensors));
    REQUIRE(tensors);
    CHECK(tensors->at(0).stored == type);
    CHECK(values_of(tensors->at(0)) == expected);
}

// The error of a header over `data_bytes` zero bytes of values.
std::string error_with(const std::string& header, std::size_t data_bytes = 16) {
    const std::string error = error_of(read_safetensors(safetensors_bytes(header, std::string(data_bytes, '\0'))));
    return says(error, {"x.safetensors: "}) ? error : "no subject: " + error;
}

} // namespace

TEST_CASE("safetensors: element types widen to f32", "[experiments]") {
    check_safetensors<std::uint16_t>("F16", {0x3c00, 0xc100}, {1.0f, -2.5f}, Dtype::f16);
    check_safetensors<std::uint16_t>("BF16", {0x3f80, 0xc020}, {1.0f, -2.5f}, Dtype::bf16);
    check_safetensors<float>("F32", {0.1f, -3.0f}, {0.1f, -3.0f}, Dtype::f32);
    check_safetensors<double>("F64", {0.1, -3.0}, {0.1f, -3.0f}, Dtype::f64);
    check_safetensors<std::uint8_t>("BOOL", {0, 1}, {0, 1}, Dtype::f32);
    check_safetensors<std::int64_t>("I64", {-3}, {-3}, Dtype::f32);
}

TEST_CASE("safetensors: metadata, any order of tensors, empty tensors, padding", "[experiments]") {
    const std::string data = bytes_of(std::vector<float>{1, 2, 3});
    const auto tensors = read_safetensors(safetensors_bytes(
        R"({"late":{"dtype":"F32","shape":[2,1],"data_offsets":[4,12]},"__metadata__":{"format":"pt","n":"1"},)"
        R"("none":{"data_offsets":[4,4],"shape":[0,5],"dtype":"F32"},"early":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}   )",
        data));
    INFO(error_of(tensors));
    REQUIRE(tensors);
    REQUIRE(tensors->size() == 3);
    CHECK((tensors->at(0).name == "early" && tensors->at(0).shape.empty() && tensors->at(0).values[0] == 1));
    CHECK((tensors->at(1).name == "none" && tensors->at(1).elements() == 0));
    CHECK((tensors->at(2).name == "late" && values_of(tensors->at(2)) == std::vector<float>{2, 3}));
}

TEST_CASE("safetensors: what it writes is what it reads", "[experiments]") {
    const ScratchFolder folder;
    const std::vector<float> a = {1, 2, 3, 4, 5, 6}, b = {7};
    const TensorToWrite tensors[] = {{"out", {1, 2, 3}, a.data()}, {"l\"se", {1}, b.data()}};
    REQUIRE(write_tensor_file(folder / "x.safetensors", tensors));
    const auto read = read_tensor_file(folder / "x.safetensors");
    REQUIRE(read);
    REQUIRE(read->size() == 2);
    CHECK((read->at(0).name == "out" && read->at(0).shape == std::vector<std::int64_t>{1, 2, 3}));
    CHECK(values_of(read->at(0)) == a);
    CHECK((read->at(1).name == "l\"se" && values_of(read->at(1)) == b));
    CHECK(read_bytes(folder / "x.safetensors")[0] % 8 == 0); // values aligned to 8 bytes
}

TEST_CASE("safetensors: truncated, oversized and overlapping headers are errors", "[experiments]") {
    CHECK(says(error_of(read_safetensors("1234567")), {"too short"}));
    CHECK(says(error_of(read_safetensors(little_endian(1'000'000, 8) + "{}")), {"cut off", "1000000", "2 are left"}));
    CHECK(says(error_of(read_safetensors(little_endian(100'000'001, 8) + "{}")),
               {"header of 100000001 bytes", "at most 100000000"}));
    CHECK(says(error_of(read_safetensors(little_endian(~0ull, 8) + "{}")), {"header of 18446744073709551615 bytes"}));
    const std::string good = R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})";
    CHECK(says(error_with(good), {"no subject: "})); // no error
    CHECK(says(error_with(good, 15), {"[0, 16]", "15 bytes"}));
    CHECK(says(error_with(good, 17), {"end at byte 16 of 17"}));
    CHECK(says(
        error_with(
            R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[3],"data_offsets":[4,16]}})"),
        {"\"b\"", "overlap"}));
    CHECK(says(
        error_with(
            R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})"),
        {"bytes 8 to 12", "\"b\"", "belong to none"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})"), {"[16, 0]"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}})"), {"16 bytes", "expected 5"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4611686018427387905,4],"data_offsets":[0,16]}})"),
               {"too large"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,18446744073709551615]}})"),
               {"out of range"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,99999999999999999999]}})"),
               {"none belongs"}));
}

TEST_CASE("safetensors: malformed JSON is an error", "[experiments]") {
    const std::string a = R"("a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]})";
    CHECK(says(error_with("{" + a + "," + a + "}"), {"\"a\"", "twice"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","dtype":"F16","shape":[4],"data_offsets":[0,16]}})"),
               {"two of \"dtype\""}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4]}})"), {"lacks"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4],"offsets":[0,16]}})"), {"\"offsets\"", "data_offsets"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}})"), {"number -4"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4.5],"data_offsets":[0,16]}})"), {"number 4.5"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":4,"data_offsets":[0,16]}})"), {"\"a\"", "none belongs"}));
    CHECK(says(error_with(R"({"a":{"dtype":7,"shape":[4],"data_offsets":[0,16]}})"), {"none belongs"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,8,16]}})"), {"3 data_offsets"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[[4]],"data_offsets":[0,16]}})"), {"a list"}));
    CHECK(says(error_with(R"({"a":{"dtype":"F32","shape":[4],"data_offsets":{"x":1}}})"), {"an object"}));
    CHECK(says(error_with(R"({"a":null})"), {"null"}));
    CHECK(says(error_with(R"({"__metadata__":{"x":1},)" + a + "}"), {"__metadata__"}));
    CHECK(says(error_with("[1]"), {"does not start"}));
    CHECK(says(error_with(""), {"does not start"}));
    CHECK(says(error_with("{" + a), {"not JSON"}));
    CHECK(says(error_with("{" + a + "} x"), {"not JSON"}));
    CHECK(says(error_with("{\"\xff\":1}"), {"not JSON"}));
    CHECK(says(error_with("{}", 16), {"end at byte 0 of 16"}));
    // deep nesting is refused at once, however long it is
    CHECK(says(error_with("{\"a\":" + std::string(2'000'000, '[')), {"a list"}));
}

TEST_CASE("safetensors: dtypes that cannot be computed with say why, and only when asked for", "[experiments]") {
    const std::string f8 = safetensors_bytes(
        R"({"w":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]},"q":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
        std::string(8, '\0'));
    CHECK(says(error_of(read_safetensors(f8)), {"\"w\"", "F8_E4M3", "scale", "BF16"}));
    CHECK(
        says(error_with(R"({"w":{"dtype":"F4_X","shape":[32],"data_offsets":[0,16]}})"), {"\"F4_X\"", "expected F16"}));
    const ScratchFolder folder;
    const auto only_q =
        read_tensor_file(write_bytes(folder / "x.safetensors", f8), [](std::string_view name) { return name == "q"; });
    REQUIRE(only_q);
    CHECK((only_q->size() == 1 && only_q->at(0).name == "q"));
}
