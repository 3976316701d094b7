#pragma once
// DeviceApi: the raw seam to the CUDA runtime, one virtual function a call. cuda_api.cpp is the real one; tests put
// another behind it, whose memory is the host's and which fails on demand. Callers use CudaDevice (device.h), which
// makes sentences of statuses.
#include "engine/backends/cuda/index3.h"
#include <cstddef>
#include <cstdint>
#include <string>

namespace dilascope {

enum class DeviceStatus : std::uint8_t {
    ok,
    no_driver,                // no driver on this machine, or no CUDA in this binary
    driver_too_old,           // it serves an older CUDA than this binary's runtime
    no_device,                // a driver, but no such GPU
    out_of_memory,            // of the device
    lost,                     // the context is gone: every later CUDA call of the process fails on this device
    unsupported_architecture, // no code in this binary for the device's compute capability
    invalid,                  // our own mistake: a bad argument, an unknown kernel
    failed                    // anything else; later calls may succeed
};

// Handles as the runtime hands them out; null means none, and for streams the default one.
struct StreamHandle {
    void* value = nullptr;
};
struct EventHandle {
    void* value = nullptr;
};
struct GraphHandle {
    void* value = nullptr; // instantiated, ready to launch
};

struct DeviceProperties {
    std::string name;   // "NVIDIA H100 80GB HBM3"
    std::string pci_id; // "0000:19:00.0"
    int compute_major = 0, compute_minor = 0;
    int multiprocessors = 0;
    std::int64_t memory_bytes = 0;
    std::int64_t l2_bytes = 0;
    std::int64_t shared_bytes_per_block = 0; // the most a block may have after the opt-in
    std::int64_t shared_bytes_per_multiprocessor = 0;
    int threads_per_multiprocessor = 0;
    int registers_per_multiprocessor = 0; // of 32 bits
    int clock_khz = 0;                    // highest clock of the multiprocessors
    int memory_clock_khz = 0;
    int memory_bus_bits = 0;
};

// One launch. `name` is a key of the table of kernels (compiled_kernels.h).
struct KernelLaunch {
    const char* name = "";        // "forward bf16 128"; a string that outlives the launch, and the graph that holds it
    Index3 grid;                  // blocks
    int threads = 0;              // of one block
    int shared_bytes = 0;         // dynamic shared memory of one block
    const void* params = nullptr; // the kernel's single parameter struct; copied before the call returns
    std::size_t params_bytes = 0; // ≤ 4096
    StreamHandle stream;
};

// Copies, fills, launches and records are asynchronous on their stream, where CUDA is. Pointers are the device's unless
// they say host.
class DeviceApi {
public:
    virtual ~DeviceApi() = default;
    // Of the last call on this thread that was not ok, in the runtime's words: "cudaErrorIllegalAddress: an illegal
    // memory access was encountered".
    virtual std::string last_error() const = 0;

    virtual DeviceStatus runtime_version(int& version) = 0; // 13000 is 13.0
    virtual DeviceStatus driver_version(int& version) = 0;  // highest CUDA version the driver serves; 0: no driver
    virtual DeviceStatus device_count(int& count) = 0;
    virtual DeviceStatus properties(int device, DeviceProperties& properties) = 0;
    virtual DeviceStatus select(int device) = 0; // for the calls of this thread that follow

    virtual DeviceStatus memory_info(std::int64_t& free_bytes, std::int64_t& total_bytes) = 0;
    virtual DeviceStatus allocate(std::size_t bytes, void*& data) = 0; // 256-byte aligned, uninitialised
    virtual DeviceStatus free(void* data) = 0;                         // waits for work that may use it
    virtual DeviceStatus copy_to_device(void* to, const void* host_from, std::size_t bytes, StreamHandle stream) = 0;
    virtual DeviceStatus copy_to_host(void* host_to, const void* from, std::size_t bytes, StreamHandle stream) = 0;
    virtual DeviceStatus copy_on_device(void* to, const void* from, std::size_t bytes, StreamHandle stream) = 0;
    virtual DeviceStatus fill(void* data, std::uint8_t byte, std::size_t bytes, StreamHandle stream) = 0;

    virtual DeviceStatus launch(const KernelLaunch& launch) = 0;
    virtual DeviceStatus allow_shared_memory(const char* kernel,
                                             int bytes) = 0; // above 48 KiB: before its first launch
    // Blocks of the kernel that fit one multiprocessor at once.
    virtual DeviceStatus resident_blocks(const char* kernel, int threads, int shared_bytes, int& blocks) = 0;

    virtual DeviceStatus create_stream(StreamHandle& stream) = 0; // does not wait for the default stream
    virtual DeviceStatus destroy_stream(StreamHandle stream) = 0;
    virtual DeviceStatus synchronize(StreamHandle stream) = 0;
    virtual DeviceStatus create_event(EventHandle& event) = 0;
    virtual DeviceStatus destroy_event(EventHandle event) = 0;
    virtual DeviceStatus record(EventHandle event, StreamHandle stream) = 0;
    virtual DeviceStatus elapsed_ms(EventHandle start, EventHandle stop, float& milliseconds) = 0; // both completed

    virtual DeviceStatus begin_capture(StreamHandle stream) = 0;
    virtual DeviceStatus end_capture(StreamHandle stream, GraphHandle& graph) = 0; // ends it, graph or not
    virtual DeviceStatus launch_graph(GraphHandle graph, StreamHandle stream) = 0;
    virtual DeviceStatus destroy_graph(GraphHandle graph) = 0;
};

// The CUDA runtime; without CUDA in the binary every call answers no_driver and says so.
DeviceApi& cuda_api();
// Puts another runtime in its place for the rest of the process, before anything has asked for it: tests of the whole
// program put an emulated GPU there.
void use_cuda_api(DeviceApi& api);

} // namespace dilascope
