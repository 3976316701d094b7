// The DeviceApi over the CUDA runtime, which is linked statically and looks for the driver at its first call.
#include "engine/backends/cuda/compiled_kernels.h"
#include "engine/backends/cuda/cuda_error.h"
#include "engine/backends/cuda/device_api.h"
#include <fmt/format.h>
#ifdef DILASCOPE_HAS_CUDA
#include <cuda_runtime_api.h>
#endif

namespace dilascope {

namespace {

thread_local std::string last_words; // of this thread's last call that was not ok

#ifdef DILASCOPE_HAS_CUDA

// Status of a runtime call. The runtime keeps an error until it is asked for: it must not show in a later call.
DeviceStatus status_of(cudaError_t error) {
    if (error == cudaSuccess) return DeviceStatus::ok;
    last_words = words_of_cuda(error);
    cudaGetLastError();
    return status_from_cuda(error);
}

DeviceStatus refuse(std::string words) {
    last_words = std::move(words);
    return DeviceStatus::invalid;
}

cudaStream_t stream_of(StreamHandle stream) { return static_cast<cudaStream_t>(stream.value); }
cudaEvent_t event_of(EventHandle event) { return static_cast<cudaEvent_t>(event.value); }
cudaGraphExec_t graph_of(GraphHandle graph) { return static_cast<cudaGraphExec_t>(graph.value); }

DeviceStatus unknown_kernel(const char* name) {
    return refuse(fmt::format("no kernel of this binary is called \"{}\"", name));
}

class CudaApi final : public DeviceApi {
public:
    std::string last_error() const override { return last_words; }

    DeviceStatus runtime_version(int& version) override { return status_of(cudaRuntimeGetVersion(&version)); }
    DeviceStatus driver_version(int& version) override { return status_of(cudaDriverGetVersion(&version)); }
    DeviceStatus device_count(int& count) override { return status_of(cudaGetDeviceCount(&count)); }
    DeviceStatus properties(int device, DeviceProperties& properties) override;
    DeviceStatus select(int device) override { return status_of(cudaSetDevice(device)); }

    DeviceStatus memory_info(std::int64_t& free_bytes, std::int64_t& total_bytes) override {
        std::size_t free = 0, total = 0;
        const DeviceStatus status = status_of(cudaMemGetInfo(&free, &total));
        free_bytes = std::int64_t(free), total_bytes = std::int64_t(total);
        return status;
    }
    DeviceStatus allocate(std::size_t bytes, void*& data) override { return status_of(cudaMalloc(&data, bytes)); }
    DeviceStatus free(void* data) override { return status_of(cudaFree(data)); }
    DeviceStatus copy_to_device(void* to, const void* from, std::size_t bytes, StreamHandle stream) override {
        return status_of(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_of(stream)));
    }
    DeviceStatus copy_to_host(void* to, const void* from, std::size_t bytes, StreamHandle stream) override {
        return status_of(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_of(stream)));
    }
    DeviceStatus copy_on_device(void* to, const void* from, std::size_t bytes, StreamHandle stream) override {
        return status_of(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream_of(stream)));
    }
    DeviceStatus fill(void* data, std::uint8_t byte, std::size_t bytes, StreamHandle stream) override {
        return status_of(cudaMemsetAsync(data, byte, bytes, stream_of(stream)));
    }

    DeviceStatus launch(const KernelLaunch& launch) override;
    DeviceStatus allow_shared_memory(const char* kernel, int bytes) override {
        const KernelEntry* entry = compiled_kernels().find(kernel);
        if (!entry) return unknown_kernel(kernel);
        return status_of(cudaFuncSetAttribute(entry->function, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes));
    }
    DeviceStatus resident_blocks(const char* kernel, int threads, int shared_bytes, int& blocks) override {
        const KernelEntry* entry = compiled_kernels().find(kernel);
        if (!entry) return unknown_kernel(kernel);
        return status_of(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&blocks, entry->function, threads,
                                                                       std::size_t(shared_bytes)));
    }

    DeviceStatus create_stream(StreamHandle& stream) override {
        cudaStream_t made = nullptr;
        const DeviceStatus status = status_of(cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking));
        stream.value = made;
        return status;
    }
    DeviceStatus destroy_stream(StreamHandle stream) override {
        return status_of(cudaStreamDestroy(stream_of(stream)));
    }
    DeviceStatus synchronize(StreamHandle stream) override {
        return status_of(cudaStreamSynchronize(stream_of(stream)));
    }
    DeviceStatus create_event(EventHandle& event) override {
        cudaEvent_t made = nullptr;
        const DeviceStatus status = status_of(cudaEventCreate(&made));
        event.value = made;
        return status;
    }
    DeviceStatus destroy_event(EventHandle event) override { return status_of(cudaEventDestroy(event_of(event))); }
    DeviceStatus record(EventHandle event, StreamHandle stream) override {
        return status_of(cudaEventRecord(event_of(event), stream_of(stream)));
    }
    DeviceStatus elapsed_ms(EventHandle start, EventHandle stop, float& milliseconds) override {
        return status_of(cudaEventElapsedTime(&milliseconds, event_of(start), event_of(stop)));
    }

    // Relaxed: a kernel's first launch may load its code, which the stricter modes forbid.
    DeviceStatus begin_capture(StreamHandle stream) override {
        return status_of(cudaStreamBeginCapture(stream_of(stream), cudaStreamCaptureModeRelaxed));
    }
    DeviceStatus end_capture(StreamHandle stream, GraphHandle& graph) override;
    DeviceStatus launch_graph(GraphHandle graph, StreamHandle stream) override {
        return status_of(cudaGraphLaunch(graph_of(graph), stream_of(stream)));
    }
    DeviceStatus destroy_graph(GraphHandle graph) override { return status_of(cudaGraphExecDestroy(graph_of(graph))); }
};

DeviceStatus CudaApi::properties(int device, DeviceProperties& properties) {
    cudaDeviceProp found{};
    if (const DeviceStatus status = status_of(cudaGetDeviceProperties(&found, device)); status != DeviceStatus::ok)
        return status;
    properties.name = found.name;
    properties.pci_id = fmt::format("{:04x}:{:02x}:{:02x}.0", found.pciDomainID, found.pciBusID, found.pciDeviceID);
    properties.compute_major = found.major, properties.compute_minor = found.minor;
    properties.multiprocessors = found.multiProcessorCount;
    properties.memory_bytes = std::int64_t(found.totalGlobalMem);
    properties.l2_bytes = found.l2CacheSize;
    properties.shared_bytes_per_block = std::int64_t(found.sharedMemPerBlockOptin);
    properties.shared_bytes_per_multiprocessor = std::int64_t(found.sharedMemPerMultiprocessor);
    properties.threads_per_multiprocessor = found.maxThreadsPerMultiProcessor;
    properties.registers_per_multiprocessor = found.regsPerMultiprocessor;
    properties.memory_bus_bits = found.memoryBusWidth;
    // CUDA 13 took the clocks out of the struct; the attributes stayed.
    if (const DeviceStatus status =
            status_of(cudaDeviceGetAttribute(&properties.clock_khz, cudaDevAttrClockRate, device));
        status != DeviceStatus::ok)
        return status;
    return status_of(cudaDeviceGetAttribute(&properties.memory_clock_khz, cudaDevAttrMemoryClockRate, device));
}

DeviceStatus CudaApi::launch(const KernelLaunch& launch) {
    const KernelEntry* entry = compiled_kernels().find(launch.name);
    if (!entry) return unknown_kernel(launch.name);
    if (entry->params_bytes != launch.params_bytes)
        return refuse(fmt::format("kernel \"{}\" takes {} bytes of parameters, got {}", launch.name,
                                  entry->params_bytes, launch.params_bytes));
    const dim3 grid(unsigned(launch.grid.x), unsigned(launch.grid.y), unsigned(launch.grid.z));
    void* arguments[] = {const_cast<void*>(launch.params)};
    return status_of(cudaLaunchKernel(entry->function, grid, dim3(unsigned(launch.threads)), arguments,
                                      std::size_t(launch.shared_bytes), stream_of(launch.stream)));
}

DeviceStatus CudaApi::end_capture(StreamHandle stream, GraphHandle& graph) {
    cudaGraph_t captured = nullptr;
    if (const DeviceStatus status = status_of(cudaStreamEndCapture(stream_of(stream), &captured));
        status != DeviceStatus::ok)
        return status;
    cudaGraphExec_t ready = nullptr;
    const DeviceStatus status = status_of(cudaGraphInstantiate(&ready, captured, 0));
    cudaGraphDestroy(captured);
    graph.value = ready;
    return status;
}

#else

// Without CUDA in the binary: every question gets the same answer.
class CudaApi final : public DeviceApi {
    DeviceStatus none() {
        last_words = "cuda: built without CUDA; expected the CUDA Toolkit 12.4 or newer when it was built; install it "
                     "and configure again with -DDILASCOPE_CUDA=ON";
        return DeviceStatus::no_driver;
    }

public:
    std::string last_error() const override { return last_words; }
    DeviceStatus runtime_version(int&) override { return none(); }
    DeviceStatus driver_version(int&) override { return none(); }
    DeviceStatus device_count(int&) override { return none(); }
    DeviceStatus properties(int, DeviceProperties&) override { return none(); }
    DeviceStatus select(int) override { return none(); }
    DeviceStatus memory_info(std::int64_t&, std::int64_t&) override { return none(); }
    DeviceStatus allocate(std::size_t, void*&) override { return none(); }
    DeviceStatus free(void*) override { return none(); }
    DeviceStatus copy_to_device(void*, const void*, std::size_t, StreamHandle) override { return none(); }
    DeviceStatus copy_to_host(void*, const void*, std::size_t, StreamHandle) override { return none(); }
    DeviceStatus copy_on_device(void*, const void*, std::size_t, StreamHandle) override { return none(); }
    DeviceStatus fill(void*, std::uint8_t, std::size_t, StreamHandle) override { return none(); }
    DeviceStatus launch(const KernelLaunch&) override { return none(); }
    DeviceStatus allow_shared_memory(const char*, int) override { return none(); }
    DeviceStatus resident_blocks(const char*, int, int, int&) override { return none(); }
    DeviceStatus create_stream(StreamHandle&) override { return none(); }
    DeviceStatus destroy_stream(StreamHandle) override { return none(); }
    DeviceStatus synchronize(StreamHandle) override { return none(); }
    DeviceStatus create_event(EventHandle&) override { return none(); }
    DeviceStatus destroy_event(EventHandle) override { return none(); }
    DeviceStatus record(EventHandle, StreamHandle) override { return none(); }
    DeviceStatus elapsed_ms(EventHandle, EventHandle, float&) override { return none(); }
    DeviceStatus begin_capture(StreamHandle) override { return none(); }
    DeviceStatus end_capture(StreamHandle, GraphHandle&) override { return none(); }
    DeviceStatus launch_graph(GraphHandle, StreamHandle) override { return none(); }
    DeviceStatus destroy_graph(GraphHandle) override { return none(); }
};

#endif

} // namespace

static DeviceApi* api_in_its_place = nullptr;

DeviceApi& cuda_api() {
    static CudaApi api;
    return api_in_its_place ? *api_in_its_place : api;
}

void use_cuda_api(DeviceApi& api) { api_in_its_place = &api; }

} // namespace dilascope
