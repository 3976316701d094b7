// Addresses and launches that are wrong, and what is said of them.
#include "engine/backends/cuda/simt.cuh"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/simt/every_order.h"

namespace dilascope {
namespace {

using namespace simt;

struct AddressParams {
    const void* global = nullptr;
    int shared_offset = 0; // bytes
    int is_valid = 1;
};
template <int bytes> KERNEL void copy_kernel(const AddressParams params) {
    if (thread_index().x == 7)
        copy_async<bytes>(dynamic_shared() + params.shared_offset, params.global, params.is_valid);
}
KERNEL void load_address_kernel(const AddressParams params) {
    std::uint32_t registers[4];
    load_matrix_x4(registers, dynamic_shared() + (lane() == 7 ? params.shared_offset : 0));
}
[[maybe_unused]] KERNEL void write_kernel(const AddressParams params) {
    if (thread_index().x == 7) dynamic_shared()[params.shared_offset] = std::byte(1);
}

struct PairSumParams {
    float* sums = nullptr;
};
KERNEL void pair_sum_kernel(const PairSumParams params) { add_global2(params.sums, 1, 2); }

} // namespace

TEST_CASE("emulator: addresses outside of shared memory or misaligned end the run", "[simt]") {
    alignas(16) float from[8] = {};
    const KernelEntry copy = make_entry<copy_kernel<16>, AddressParams>("copy");
    const KernelEntry load = make_entry<load_address_kernel, AddressParams>("load");
    const LaunchShape shape{{}, 32, 512};
    CHECK(failure(copy, shape, AddressParams{from, 496}) == "");
    CHECK(failure(load, shape, AddressParams{from, 496}) == "");
    CHECK_THAT(failure(copy, shape, AddressParams{from, 512}),
               contains("kernel \"copy\", block (0, 0, 0), thread 7: copy_async at address_test.cpp:"));
    CHECK_THAT(failure(copy, shape, AddressParams{from, 512}),
               contains("16 bytes at byte 512 of shared memory, but the block has 512"));
    CHECK_THAT(failure(copy, shape, AddressParams{from, -16}), contains("byte -16 of shared memory"));
    CHECK_THAT(failure(copy, shape, AddressParams{from, 8}), contains("byte 8 of shared memory is not aligned to 16"));
    CHECK_THAT(failure(copy, shape, AddressParams{from + 2, 0}), contains("is not aligned to 16 bytes"));
    CHECK_THAT(failure(copy, shape, AddressParams{from + 2, 0, 0}), contains("is not aligned to 16 bytes"));
    CHECK_THAT(failure(copy, shape, AddressParams{nullptr, 0}), contains("in no buffer"));
    CHECK(failure(copy, shape, AddressParams{nullptr, 0, 0}) == "");
    CHECK_THAT(failure(load, shape, AddressParams{from, 504}), contains("16 bytes at byte 504 of shared memory"));
    CHECK_THAT(failure(load, shape, AddressParams{from, 24}), contains("byte 24 of shared memory is not aligned"));
}

TEST_CASE("emulator: global addresses are checked against the buffers there are", "[simt]") {
    alignas(16) float from[8] = {};
    const MemoryRange ranges[] = {{from, 28}};
    RunOptions options;
    options.memory = ranges;
    const KernelEntry copy = make_entry<copy_kernel<16>, AddressParams>("copy");
    CHECK(failure(copy, {{}, 32, 512}, AddressParams{from, 0}, options) == "");
    CHECK_THAT(failure(copy, {{}, 32, 512}, AddressParams{from + 4, 0}, options), contains("are in no buffer"));
    const KernelEntry sum = make_entry<pair_sum_kernel, PairSumParams>("sum");
    CHECK_THAT(failure(sum, {{}, 32, 0}, PairSumParams{from + 6}, options),
               contains("add_global at address_test.cpp:"));
    CHECK_THAT(failure(sum, {{}, 32, 0}, PairSumParams{from + 1}), contains("is not aligned to 8 bytes"));
}

#ifndef __SANITIZE_ADDRESS__ // which stops the program at such a write
TEST_CASE("emulator: writes past the ends of shared memory are found when the block is done", "[simt]") {
    const KernelEntry kernel = make_entry<write_kernel, AddressParams>("write");
    CHECK(failure(kernel, {{}, 32, 50}, AddressParams{nullptr, 49}) == "");
    CHECK_THAT(failure(kernel, {{}, 32, 50}, AddressParams{nullptr, 50}),
               contains("byte 50 of shared memory was written, but the block has 50 bytes"));
    CHECK_THAT(failure(kernel, {{}, 32, 50}, AddressParams{nullptr, -1}), contains("byte -1 of shared memory"));
    CHECK(failure(kernel, {{}, 32, 50}, AddressParams{nullptr, 49}) == ""); // and do not last
}
#endif

TEST_CASE("emulator: launches that a GPU would refuse are refused", "[simt]") {
    const KernelEntry kernel = make_entry<pair_sum_kernel, PairSumParams>("sum");
    CHECK_THAT(failure(kernel, {{}, 33, 0}, PairSumParams{}), contains("blocks of 33 threads"));
    CHECK_THAT(failure(kernel, {{}, 1056, 0}, PairSumParams{}), contains("blocks of 1056 threads"));
    CHECK_THAT(failure(kernel, {{0}, 32, 0}, PairSumParams{}), contains("a grid of 0 × 1 × 1 blocks"));
    CHECK_THAT(failure(kernel, {{1, 65536}, 32, 0}, PairSumParams{}), contains("a grid of 1 × 65536 × 1 blocks"));
    CHECK_THAT(failure(kernel, {{}, 32, 300000}, PairSumParams{}), contains("300000 bytes of shared memory"));
    CHECK_THAT(failure(kernel, {}, AddressParams{}), contains("takes 8 bytes of parameters, not 16"));
}

} // namespace dilascope
