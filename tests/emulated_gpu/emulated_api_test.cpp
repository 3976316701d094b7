// The emulated runtime itself: it notices what it is there to notice.
#include "tests/catch.h"
#include "tests/emulated_gpu/emulated_api.h"
#include <cmath>

using namespace dilascope;

namespace {

using Words = std::vector<std::string>;

float* allocate_floats(EmulatedApi& api, int count) {
    void* data = nullptr;
    REQUIRE(api.allocate(std::size_t(count) * 4, data) == DeviceStatus::ok);
    return static_cast<float*>(data);
}

} // namespace

TEST_CASE("emulated memory: new memory is NaN, and misuse is written down", "[cuda]") {
    EmulatedApi api;
    float* data = allocate_floats(api, 10);
    float back[16] = {};
    CHECK(std::isnan(data[9]));
    CHECK(api.leaks() == "1 allocation");
    CHECK(api.copy_to_host(back, data + 2, 32, {}) == DeviceStatus::ok);
    CHECK(api.mistakes().empty());
    SECTION("out of range") {
        CHECK(api.copy_to_host(back, data + 2, 33, {}) == DeviceStatus::invalid);
        CHECK(api.copy_to_device(data - 1, back, 4, {}) == DeviceStatus::invalid);
        CHECK(api.fill(data, 0, 41, {}) == DeviceStatus::invalid);
        CHECK(api.mistakes() == Words{"copy_to_host: bytes 8 … 41 of an allocation of 40",
                                      "copy_to_device: not device memory",
                                      "fill: bytes 0 … 41 of an allocation of 40"});
    }
    SECTION("use after free") {
        CHECK(api.free(data) == DeviceStatus::ok);
        CHECK(api.leaks() == "");
        CHECK(api.copy_on_device(data, data, 4, {}) == DeviceStatus::invalid);
        CHECK(api.mistakes() == Words{"copy_on_device: memory that was freed"});
    }
    SECTION("double free") {
        api.free(data), api.free(data), api.free(back);
        CHECK(api.mistakes() == Words{"free: this memory was freed before", "free: this address was never allocated"});
    }
#ifndef __SANITIZE_ADDRESS__ // which stops the program there
    SECTION("a kernel that writes beside its memory") {
        data[10] = 1, data[-1] = 1;
        CHECK(api.mistakes() == Words{"something wrote before an allocation of 40 bytes",
                                      "something wrote after an allocation of 40 bytes"});
    }
    SECTION("a kernel that writes into freed memory") {
        api.free(data);
        data[3] = 1;
        CHECK(api.mistakes() == Words{"something wrote into 40 bytes after they were freed"});
    }
#endif
}

TEST_CASE("emulated memory ends where the device's does", "[cuda]") {
    EmulatedApi api({}, 100);
    allocate_floats(api, 20);
    void* data = nullptr;
    CHECK(api.allocate(21, data) == DeviceStatus::out_of_memory);
    std::int64_t free = 0, total = 0;
    CHECK(api.memory_info(free, total) == DeviceStatus::ok);
    CHECK(free == 20);
    CHECK(total == 100);
    CHECK(api.last_error() == "cudaErrorMemoryAllocation: out of memory");
}

TEST_CASE("emulated launches are checked as CUDA checks them", "[cuda]") {
    EmulatedApi api;
    const int params = 7;
    const KernelLaunch good{"k", {2, 3, 4}, 128, 48 << 10, &params, sizeof params, {}};
    CHECK(api.launch(good) == DeviceStatus::ok);
    KernelLaunch bad = good;
    bad.threads = 1025;
    CHECK(api.launch(bad) == DeviceStatus::invalid);
    bad = good, bad.grid.y = 65536;
    CHECK(api.launch(bad) == DeviceStatus::invalid);
    bad = good, bad.grid.x = 0;
    CHECK(api.launch(bad) == DeviceStatus::invalid);
    bad = good, bad.shared_bytes = (48 << 10) + 1;
    CHECK(api.launch(bad) == DeviceStatus::invalid);
    CHECK(api.allow_shared_memory("k", 100 << 10) == DeviceStatus::ok);
    CHECK(api.launch(bad) == DeviceStatus::ok);
    CHECK(api.allow_shared_memory("k", 228 << 10) == DeviceStatus::invalid);
    CHECK(api.mistakes().size() == 5);
    CHECK(api.launches().size() == 2);
}

TEST_CASE("an injected status comes at its call, and a lost one stays", "[cuda]") {
    EmulatedApi api;
    int version = 0;
    api.fail_at(ApiCall::driver_version, 2, DeviceStatus::failed, "words");
    api.fail_at(ApiCall::runtime_version, 2, DeviceStatus::lost);
    CHECK(api.driver_version(version) == DeviceStatus::ok);
    CHECK(api.driver_version(version) == DeviceStatus::failed);
    CHECK(api.last_error() == "words");
    CHECK(api.driver_version(version) == DeviceStatus::ok);
    CHECK(api.runtime_version(version) == DeviceStatus::ok);
    CHECK(api.runtime_version(version) == DeviceStatus::lost);
    CHECK(api.driver_version(version) == DeviceStatus::lost);
    CHECK(api.calls() == 6);
    CHECK(api.calls(ApiCall::driver_version) == 4);
}

TEST_CASE("emulated graphs replay, events read the clock, and misuse of both is written down", "[cuda]") {
    int runs = 0;
    EmulatedApi api([&](const KernelLaunch& launch) {
        runs += *static_cast<const int*>(launch.params);
        return DeviceStatus::ok;
    });
    api.launch_ms = 2;
    StreamHandle stream;
    EventHandle start, stop;
    GraphHandle graph;
    api.create_stream(stream), api.create_event(start), api.create_event(stop);
    float elapsed = 0;
    CHECK(api.elapsed_ms(start, stop, elapsed) == DeviceStatus::invalid);
    CHECK(api.begin_capture({}) == DeviceStatus::invalid);
    CHECK(api.begin_capture(stream) == DeviceStatus::ok);
    int params = 10;
    CHECK(api.launch({"k", {}, 32, 0, &params, sizeof params, stream}) == DeviceStatus::ok);
    params = 1000; // the graph has its own copy
    CHECK(api.synchronize(stream) == DeviceStatus::invalid);
    CHECK(api.end_capture(stream, graph) == DeviceStatus::ok);
    CHECK(runs == 0);
    api.record(start, stream);
    CHECK(api.launch_graph(graph, stream) == DeviceStatus::ok);
    CHECK(api.launch_graph(graph, stream) == DeviceStatus::ok);
    api.record(stop, stream);
    CHECK(runs == 20);
    CHECK(api.elapsed_ms(start, stop, elapsed) == DeviceStatus::ok);
    CHECK(elapsed == 4);
    CHECK(api.leaks() == "1 stream, 2 events, 1 graph");
    api.destroy_graph(graph), api.destroy_event(start), api.destroy_event(stop), api.destroy_stream(stream);
    CHECK(api.leaks() == "");
    CHECK(api.mistakes().size() == 3);
    CHECK(api.launch_graph(graph, stream) == DeviceStatus::invalid);
    CHECK(api.destroy_stream(stream) == DeviceStatus::invalid);
    CHECK(api.launch({"k", {}, 32, 0, &params, sizeof params, stream}) == DeviceStatus::invalid);
}
