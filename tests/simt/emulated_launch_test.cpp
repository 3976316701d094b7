// Launches of an EmulatedApi run on the emulator.
#include "engine/backends/cuda/simt.cuh"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/simt/emulated_launch.h"
#include <vector>

namespace dilascope {
namespace {

struct FillParams {
    std::int32_t* to = nullptr;
    std::int32_t value = 0;
    std::int32_t is_wrong = 0;
};
KERNEL void fill_kernel(const FillParams params) {
    if (params.is_wrong && simt::lane() == 3) return;
    simt::barrier();
    params.to[simt::block_index().x * simt::block_size().x + simt::thread_index().x] = params.value;
}

} // namespace

TEST_CASE("emulator: an emulated runtime launches kernels by name", "[simt]") {
    const KernelEntry entries[] = {make_entry<fill_kernel, FillParams>("fill")};
    const KernelTable table = {entries};
    const simt::EmulatedKernels kernels(table);
    EmulatedApi api(kernels);
    void* memory = nullptr;
    REQUIRE(api.allocate(4 * 192, memory) == DeviceStatus::ok);
    FillParams params{static_cast<std::int32_t*>(memory), 5};
    KernelLaunch launch{"fill", {3}, 64, 0, &params, sizeof params, {}};
    CHECK(api.launch(launch) == DeviceStatus::ok);
    std::vector<std::int32_t> back(192);
    CHECK(api.copy_to_host(back.data(), memory, 4 * 192, {}) == DeviceStatus::ok);
    CHECK(back == std::vector<std::int32_t>(192, 5));
    CHECK(kernels.counts().barriers == 3);
    CHECK(kernels.error() == "");

    launch.name = "empty";
    CHECK(api.launch(launch) == DeviceStatus::invalid);
    CHECK(kernels.error() == "there is no kernel \"empty\"");
    launch.name = "fill", params.is_wrong = 1;
    CHECK(api.launch(launch) == DeviceStatus::failed);
    CHECK(api.free(memory) == DeviceStatus::ok);
}

} // namespace dilascope
