// CudaDevice over an emulated runtime: what it says of every fault, and that a lost device stays lost and harms nobody.
#include "engine/backends/cuda/cuda_error.h"
#include "engine/backends/cuda/cuda_status.h"
#include "engine/backends/cuda/device.h"
#include "engine/memory/buffer.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/emulated_gpu/emulated_api.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <ctime>
#include <numeric>
#include <thread>

using namespace dilascope;

namespace {

struct AddParams {
    float* values;
    int count;
    float addend;
};

// A launch of "add" adds to every value; other names are not known.
DeviceStatus run_add(const KernelLaunch& launch) {
    if (std::strcmp(launch.name, "add") != 0) return DeviceStatus::invalid;
    AddParams params;
    std::memcpy(&params, launch.params, sizeof params);
    for (int index = 0; index < params.count; ++index) params.values[index] += params.addend;
    return DeviceStatus::ok;
}

std::unique_ptr<CudaDevice> open_device(EmulatedApi& api) {
    auto device = CudaDevice::open(api);
    REQUIRE(device);
    return std::move(*device);
}

std::string error_of(const Result<void>& result) { return result ? "" : result.error().what; }

// What opening a device says on such a machine.
std::string open_error(EmulatedApi& api, int index = 0) {
    const auto device = CudaDevice::open(api, index);
    return device ? "" : device.error().what;
}

std::int64_t live_bytes(const std::string& owner) {
    for (const MemoryUse& use : memory_use())
        if (use.owner == owner) return use.live_bytes;
    return 0;
}

} // namespace

TEST_CASE("a machine without a driver, with an old one or without a GPU says so in one sentence", "[cuda]") {
    EmulatedApi api;
    SECTION("no driver") {
        api.driver = 0;
        CHECK(open_error(api) ==
              "cuda: no NVIDIA driver found; expected one for CUDA 13.0 or newer; install it to use a "
              "GPU, the cpu backend works without");
    }
    SECTION("old driver") {
        api.driver = 12040;
        CHECK(open_error(api) ==
              "cuda: the driver serves CUDA 12.4; expected 13.0 or newer, the runtime of this binary; "
              "update the driver, or build with an older CUDA Toolkit");
    }
    SECTION("no device") {
        api.devices.clear();
        CHECK(open_error(api) ==
              "cuda: the driver for CUDA 13.0 shows no GPU; expected one of compute capability 8.0 or "
              "newer; see what nvidia-smi says, and whether CUDA_VISIBLE_DEVICES hides it");
    }
    SECTION("another index") {
        CHECK(open_error(api, 1) == "cuda device 1: this machine shows 1; expected an index of 0 … 0; see dilascope "
                                    "doctor for the list");
        CHECK(open_error(api, -1) == "cuda device -1: this machine shows 1; expected an index of 0 … 0; see dilascope "
                                     "doctor for the list");
    }
    SECTION("too old a GPU") {
        api.devices[0].name = "Tesla T4", api.devices[0].compute_major = 7, api.devices[0].compute_minor = 5;
        CHECK(open_error(api) ==
              "cuda device 0 (Tesla T4): compute capability 7.5; expected 8.0 or newer (Ampere); use "
              "a newer GPU, or the cpu backend");
    }
    SECTION("a GPU that does not answer") {
        api.fail_at(ApiCall::properties, 1, DeviceStatus::failed);
        CHECK(open_error(api) == "cuda device 0: its properties are not known (cudaErrorUnknown: unknown error); "
                                 "expected a working GPU; see what nvidia-smi says");
    }
    SECTION("another error of the driver") {
        api.fail_at(ApiCall::device_count, 1, DeviceStatus::failed,
                    "cudaErrorSystemNotReady: system not yet initialized");
        CHECK(open_error(api) == "cuda: the driver for CUDA 13.0 answered cudaErrorSystemNotReady: system not yet "
                                 "initialized; expected a list of GPUs; see what nvidia-smi says");
    }
    CHECK(api.leaks() == "");
}

TEST_CASE("the status lists every device, and a problem only when none is usable", "[cuda]") {
    EmulatedApi api;
    api.devices.push_back(emulated_h100());
    api.devices[0].compute_major = 7;
    CudaStatus status = read_cuda_status(api);
    CHECK(status.built);
    CHECK(status.runtime_version == "13.0");
    CHECK(status.driver_version == "13.0");
    REQUIRE(status.devices.size() == 2);
    CHECK_THAT(status.device_problems[0], contains("compute capability 7.0"));
    CHECK(status.device_problems[1] == "");
    CHECK(status.problem == "");
    CHECK(CudaDevice::open(api, 1));
    api.devices[1].compute_major = 6;
    CHECK(read_cuda_status(api).problem == read_cuda_status(api).device_problems[0]);
    api.fail_at(ApiCall::runtime_version, 1, DeviceStatus::no_driver, "cuda: built without CUDA; …");
    status = read_cuda_status(api);
    CHECK_FALSE(status.built);
    CHECK(status.problem == "cuda: built without CUDA; …");
}

TEST_CASE("this machine's own status is consistent, with a GPU or without", "[cuda]") {
    const CudaStatus& status = cuda_status();
    CHECK(status.devices.size() == status.device_problems.size());
    if (status.problem.empty())
        CHECK(cuda_device(0).has_value());
    else
        CHECK(cuda_device(0).error().what == status.problem);
}

TEST_CASE("copies, fills and launches do what they say, in a graph too", "[cuda]") {
    EmulatedApi api(run_add);
    {
        auto device = open_device(api);
        Stream stream = device->create_stream().value();
        std::vector<float> values(100), back(100);
        std::iota(values.begin(), values.end(), 0.f);
        auto buffer = device->allocate<float>(100, "cuda/test_values").value();
        CHECK(live_bytes("cuda/test_values") == 400);
        REQUIRE(buffer.download(back.data(), 100, stream));
        CHECK(std::isnan(back[0])); // nobody has written it
        REQUIRE(buffer.upload(values.data(), 100, stream));
        REQUIRE(device->launch("add", {1, 1, 1}, 32, 0, AddParams{buffer.data(), 100, 3}, stream));
        REQUIRE(buffer.download(back.data(), 50, stream, 50));
        REQUIRE(device->synchronize(stream));
        CHECK(back[0] == 53);

        auto graph = device->capture(stream, [&] {
            return device->launch("add", {1, 1, 1}, 32, 0, AddParams{buffer.data(), 100, 1}, stream);
        });
        REQUIRE(graph);
        CHECK(api.launches().size() == 1); // captured, not run
        for (int repeat = 0; repeat < 3; ++repeat) REQUIRE(device->launch(*graph, stream));
        auto copy = device->allocate<float>(100, "cuda/test_values").value();
        REQUIRE(device->copy_on_device(copy.data(), buffer.data(), copy.bytes(), stream));
        REQUIRE(buffer.fill(0, stream));
        REQUIRE(copy.download(back.data(), 100, stream));
        CHECK(back[99] == 99 + 3 + 3);
        REQUIRE(buffer.download(back.data(), 100, stream));
        CHECK(back[99] == 0);
        auto none = device->allocate<float>(0, "cuda/test_none").value();
        CHECK(none.data() == nullptr);
        CHECK(none.upload(nullptr, 0));
        copy = std::move(buffer); // frees the old copy
        CHECK(live_bytes("cuda/test_values") == 400);
    }
    CHECK(live_bytes("cuda/test_values") == 0);
    CHECK(api.leaks() == "");
    CHECK(api.mistakes().empty());
}

TEST_CASE("large shared memory is allowed once, before a kernel's first launch", "[cuda]") {
    EmulatedApi api(run_add);
    auto device = open_device(api);
    auto buffer = device->allocate<float>(4, "cuda/test_values").value();
    const AddParams params{buffer.data(), 4, 1};
    REQUIRE(device->launch("add", {1, 1, 1}, 32, 48 << 10, params));
    CHECK(api.calls(ApiCall::allow_shared_memory) == 0);
    for (int bytes : {100 << 10, 227 << 10, 50 << 10}) REQUIRE(device->launch("add", {1, 1, 1}, 32, bytes, params));
    CHECK(api.calls(ApiCall::allow_shared_memory) == 1);
    CHECK(error_of(device->launch("add", {1, 1, 1}, 32, 228 << 10, params)) ==
          "cuda device 0 (Emulated H100), launch \"add\": 233472 bytes of shared memory a block; expected at most "
          "232448; use smaller tiles");
    CHECK(device->resident_blocks("add", 256, 100 << 10).value() == 2);
    CHECK(api.mistakes().empty());
}

TEST_CASE("too little device memory is told with what is asked, free and there, the device lives on", "[cuda]") {
    EmulatedApi api({}, 10 << 20);
    auto device = open_device(api);
    auto first = device->allocate<std::byte>(4 << 20, "cuda/plan_runs").value();
    CHECK(device->allocate<double>(1 << 20, "cuda/keys").error().what ==
          "cuda/keys on cuda device 0 (Emulated H100): 8.0 MiB asked, 6.0 MiB free of 10.0 MiB; expected no more than "
          "is free; use a shorter seq_len, fewer heads or a smaller batch, or end other programs on the GPU");
    CHECK_THAT(device->allocate<double>(-1, "cuda/keys").error().what, contains("MiB asked"));
    api.fail_at(ApiCall::allocate, 1, DeviceStatus::out_of_memory);
    api.fail_at(ApiCall::memory_info, 1, DeviceStatus::failed);
    CHECK_THAT(device->allocate<char>(5, "cuda/keys").error().what,
               contains("(Emulated H100): 5 bytes asked, what is free is not known; expected"));
    CHECK_FALSE(device->is_lost());
    CHECK(device->allocate<double>(1 << 17, "cuda/keys"));
    CHECK(live_bytes("cuda/keys") == 0);
}

TEST_CASE("a fault that leaves the device usable is told and forgotten", "[cuda]") {
    struct Fault {
        DeviceStatus status;
        const char* sentence;
    };
    const Fault faults[] = {
        {DeviceStatus::failed,
         "cuda device 0 (Emulated H100), launch \"add\": cudaErrorUnknown: unknown error; expected "
         "ok; try again, and see what dilascope doctor says"},
        {DeviceStatus::invalid,
         "cuda device 0 (Emulated H100), launch \"add\": cudaErrorInvalidValue: invalid argument; "
         "expected valid arguments; this is a mistake in Dilascope, please report it"},
        {DeviceStatus::out_of_memory,
         "cuda device 0 (Emulated H100), launch \"add\": cudaErrorMemoryAllocation: out of memory; expected free "
         "device "
         "memory; use a shorter seq_len, fewer heads or a smaller batch, or end other programs on the GPU"},
        {DeviceStatus::unsupported_architecture,
         "cuda device 0 (Emulated H100), launch \"add\": cudaErrorNoKernelImageForDevice: no kernel image is available "
         "for execution on the device; expected code for compute capability 9.0; build with it in "
         "CMAKE_CUDA_ARCHITECTURES"},
    };
    EmulatedApi api(run_add);
    auto device = open_device(api);
    for (const Fault& fault : faults) {
        api.fail_at(ApiCall::launch, 1, fault.status);
        CHECK(error_of(device->launch("add", {1, 1, 1}, 32, 0, AddParams{nullptr, 0, 0})) == fault.sentence);
        CHECK_FALSE(device->is_lost());
        CHECK(device->loss().sentence == "");
        CHECK(device->launch("add", {1, 1, 1}, 32, 0, AddParams{nullptr, 0, 0}));
    }
}

TEST_CASE("a lost device answers one sentence to every later call, and touches CUDA no more", "[cuda]") {
    EmulatedApi api(run_add);
    auto device = open_device(api);
    Stream stream = device->create_stream().value();
    Event event = device->create_event().value();
    auto buffer = device->allocate<float>(4, "cuda/test_lost").value();
    Graph graph = device->capture(stream, [] { return Result<void>(); }).value();
    api.fail_at(ApiCall::synchronize, 2, DeviceStatus::lost);
    REQUIRE(device->synchronize(stream));
    const std::time_t before = std::time(nullptr);
    const std::string sentence = error_of(device->synchronize(stream));
    CHECK(device->is_lost());
    const DeviceLoss loss = device->loss();
    CHECK(loss.unix_seconds >= before);
    CHECK(loss.unix_seconds <= std::time(nullptr) + 1); // its clock lags a few milliseconds
    char when[32];
    const std::time_t seconds = loss.unix_seconds;
    std::strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&seconds));
    CHECK(sentence ==
          "cuda device 0 (Emulated H100) was lost at " + std::string(when) +
              " in synchronize: cudaErrorIllegalAddress: an illegal memory access was encountered; expected "
              "no fault of a kernel or of the device; the GPU serves this process no more: save, and start "
              "the program again");
    CHECK(loss.sentence == sentence);

    const int calls = api.calls();
    float value = 0;
    CHECK(device->allocate<float>(1, "cuda/test_lost").error().what == sentence);
    CHECK(error_of(buffer.upload(&value, 1)) == sentence);
    CHECK(error_of(buffer.download(&value, 1)) == sentence);
    CHECK(error_of(buffer.fill(0)) == sentence);
    CHECK(error_of(device->copy_on_device(buffer.data(), buffer.data(), 4)) == sentence);
    CHECK(error_of(device->launch("add", {1, 1, 1}, 32, 100 << 10, AddParams{})) == sentence);
    CHECK(error_of(device->launch(graph, stream)) == sentence);
    CHECK(device->resident_blocks("add", 32, 0).error().what == sentence);
    CHECK(device->create_stream().error().what == sentence);
    CHECK(device->create_event().error().what == sentence);
    CHECK(error_of(device->record(event, stream)) == sentence);
    CHECK(device->elapsed_ms(event, event).error().what == sentence);
    CHECK(device->capture(stream, [] { return Result<void>(); }).error().what == sentence);
    { // destructors are silent, and the ledger is right
        Stream gone = std::move(stream);
        Event gone_event = std::move(event);
        Graph gone_graph = std::move(graph);
        auto gone_buffer = std::move(buffer);
    }
    CHECK(live_bytes("cuda/test_lost") == 0);
    CHECK(api.calls() == calls);
    CHECK(api.mistakes().empty());
}

TEST_CASE("a device can be lost in any call, also in a destructor and inside a capture", "[cuda]") {
    EmulatedApi api(run_add);
    auto device = open_device(api);
    SECTION("an allocation") {
        api.fail_at(ApiCall::allocate, 1, DeviceStatus::lost, "cudaErrorECCUncorrectable: …");
        CHECK_THAT(device->allocate<float>(1, "cuda/keys").error().what,
                   contains("in allocate \"cuda/keys\": cudaErrorECCUncorrectable: …; expected"));
    }
    SECTION("a free") {
        api.fail_at(ApiCall::free, 1, DeviceStatus::lost);
        { auto buffer = device->allocate<float>(1, "cuda/keys").value(); }
        CHECK_THAT(device->loss().sentence, contains(" in free: cudaErrorIllegalAddress"));
    }
    SECTION("a launch that a graph captures") {
        Stream stream = device->create_stream().value();
        api.fail_at(ApiCall::launch, 1, DeviceStatus::lost);
        const auto graph = device->capture(stream, [&] {
            return device->launch("add", {1, 1, 1}, 32, 0, AddParams{nullptr, 0, 0}, stream);
        });
        CHECK_THAT(graph.error().what, contains(" in launch \"add\": cudaErrorIllegalAddress"));
    }
    SECTION("select") {
        api.fail_at(ApiCall::select, 1, DeviceStatus::lost);
        CHECK_FALSE(device->create_event());
    }
    CHECK(device->is_lost());
}

TEST_CASE("when one thread loses the device, all threads get its sentence", "[cuda]") {
    EmulatedApi api(run_add);
    auto device = open_device(api);
    api.fail_at(ApiCall::launch, 300, DeviceStatus::lost);
    std::vector<std::vector<std::string>> errors(4);
    std::vector<std::thread> threads;
    for (std::vector<std::string>& mine : errors)
        threads.emplace_back([&device, &mine] {
            for (int repetition = 0; repetition < 200; ++repetition) {
                const auto done = device->launch("add", {1, 1, 1}, 32, 60 << 10, AddParams{nullptr, 0, 0});
                if (!done) mine.push_back(done.error().what);
            }
        });
    for (std::thread& thread : threads) thread.join();
    std::size_t count = 0;
    for (const std::vector<std::string>& mine : errors) {
        count += mine.size();
        CHECK(std::count(mine.begin(), mine.end(), device->loss().sentence) == std::ptrdiff_t(mine.size()));
    }
    CHECK(count >= 800 - 300 + 1);
}

TEST_CASE("what was allocated is freed after an error, and a failed capture leaves no graph", "[cuda]") {
    EmulatedApi api(run_add);
    {
        auto device = open_device(api);
        const auto work = [&]() -> Result<void> {
            auto keys = TRY(device->allocate<float>(8, "cuda/test_keys"));
            Stream stream = TRY(device->create_stream());
            Event event = TRY(device->create_event());
            TRY(device->record(event, stream));
            TRY(device->launch("add", {1, 1, 1}, 32, 0, AddParams{keys.data(), 8, 1}, stream));
            return {};
        };
        api.fail_at(ApiCall::launch, 1, DeviceStatus::failed);
        CHECK_FALSE(work());
        CHECK(api.leaks() == "");
        CHECK(work());
        Stream stream = device->create_stream().value();
        CHECK(device->capture(stream, [] { return Result<void>(fail("no")); }).error().what == "no");
        CHECK(api.leaks() == "1 stream");
        api.fail_at(ApiCall::end_capture, 1, DeviceStatus::failed);
        CHECK_FALSE(device->capture(stream, [] { return Result<void>(); }));
    }
    CHECK(api.leaks() == "");
    CHECK(api.mistakes().empty());
}

TEST_CASE("CUDA's sticky errors lose the device, others do not", "[cuda]") {
    CHECK(status_from_cuda(0) == DeviceStatus::ok);
    CHECK(status_from_cuda(999) == DeviceStatus::failed); // cudaErrorUnknown
    if (!cuda_status().built) return;                     // the numbers mean something with CUDA only
    // Those of driver_types.h with "any further CUDA work will return the same error", and a context that is gone.
    for (int sticky : {201, 214, 220, 226, 700, 702, 709, 710, 714, 715, 716, 717, 718, 719, 721, 810, 911}) {
        INFO(sticky << " " << words_of_cuda(sticky));
        CHECK(status_from_cuda(sticky) == DeviceStatus::lost);
    }
    for (int error = 1; error < 1000; ++error) CHECK(status_from_cuda(error) != DeviceStatus::ok);
    CHECK(status_from_cuda(1) == DeviceStatus::invalid);
    CHECK(status_from_cuda(2) == DeviceStatus::out_of_memory);
    CHECK(status_from_cuda(35) == DeviceStatus::driver_too_old);
    CHECK(status_from_cuda(100) == DeviceStatus::no_device);
    CHECK(status_from_cuda(209) == DeviceStatus::unsupported_architecture);
    CHECK(status_from_cuda(701) == DeviceStatus::invalid); // too many resources: only that launch
    CHECK(status_from_cuda(901) == DeviceStatus::failed);  // a capture that was invalidated
    CHECK(words_of_cuda(700) == "cudaErrorIllegalAddress: an illegal memory access was encountered");
}
