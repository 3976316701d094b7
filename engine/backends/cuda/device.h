#pragma once
// CudaDevice: one GPU behind a DeviceApi. Every call returns a Result whose sentence names what was asked, what was
// found, what was expected and the mend.
//
// Why a device can be lost: after a fault in a kernel (an illegal address, an uncorrectable memory error …) CUDA
// answers every later call of the process with the same error. The device then remembers when and why, answers each
// later call with that one sentence without touching CUDA, and frees nothing more; the process lives on.
//
// Calls may come from several threads, each with streams of its own.
#include "engine/backends/cuda/device_api.h"
#include "engine/result.h"
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

namespace dilascope {

class CudaDevice;

// Something of the runtime's, destroyed with this owner unless its device is lost.
template <class Handle> class DeviceOwned {
public:
    DeviceOwned() = default; // owns nothing; as a stream: the default one
    DeviceOwned(DeviceOwned&& other) noexcept { swap(other); }
    DeviceOwned& operator=(DeviceOwned&& other) noexcept {
        DeviceOwned moved(std::move(other));
        swap(moved);
        return *this;
    }
    ~DeviceOwned();
    Handle handle() const { return handle_; }
    explicit operator bool() const { return handle_.value != nullptr; }

private:
    friend CudaDevice;
    void swap(DeviceOwned& other) noexcept { std::swap(device_, other.device_), std::swap(handle_, other.handle_); }
    CudaDevice* device_ = nullptr;
    Handle handle_;
};

using Stream = DeviceOwned<StreamHandle>; // its work runs in order, beside that of other streams
using Event = DeviceOwned<EventHandle>;   // a point in a stream's work; two of them time what lies between
using Graph = DeviceOwned<GraphHandle>;   // captured work, launched again as one

template <class T> class DeviceBuffer;

// Why and when a device was lost.
struct DeviceLoss {
    std::string sentence;          // what every later call answers
    std::int64_t unix_seconds = 0; // when it was noticed
};

class CudaDevice {
public:
    // Error without a driver, with too old a one, without that device, or below compute capability 8.0.
    static Result<std::unique_ptr<CudaDevice>> open(DeviceApi& api, int index = 0);
    CudaDevice(const CudaDevice&) = delete;

    const DeviceProperties& properties() const { return properties_; }
    int index() const { return index_; }
    bool is_lost() const { return is_lost_.load(std::memory_order_acquire); }
    DeviceLoss loss() const; // empty while it is not lost

    // Makes this the device of the calling thread, for libraries that call CUDA themselves; error when it is lost.
    Result<void> select();

    // Uninitialised device memory; `owner` is a string literal such as "cuda/plan_runs".
    template <class T> Result<DeviceBuffer<T>> allocate(std::int64_t count, const char* owner);
    Result<void> copy_to_device(void* to, const void* host_from, std::size_t bytes, const Stream& stream = {});
    Result<void> copy_to_host(void* host_to, const void* from, std::size_t bytes, const Stream& stream = {});
    Result<void> copy_on_device(void* to, const void* from, std::size_t bytes, const Stream& stream = {});
    Result<void> fill(void* data, std::uint8_t byte, std::size_t bytes, const Stream& stream = {});

    // Launches on `stream`, whatever launch.stream says. Asks for large shared memory before a kernel's first launch.
    Result<void> launch(KernelLaunch launch, const Stream& stream = {});
    template <class Params>
    Result<void> launch(const char* kernel, Index3 grid, int threads, int shared_bytes, const Params& params,
                        const Stream& stream = {}) {
        static_assert(std::is_trivially_copyable_v<Params> && sizeof(Params) <= 4096);
        return launch(KernelLaunch{kernel, grid, threads, shared_bytes, &params, sizeof(Params), {}}, stream);
    }
    // Blocks of the kernel that fit one multiprocessor at once.
    Result<int> resident_blocks(const char* kernel, int threads, int shared_bytes);

    Result<Stream> create_stream();
    Result<void> synchronize(const Stream& stream = {}); // faults of asynchronous work show here
    Result<Event> create_event();
    Result<void> record(const Event& event, const Stream& stream = {});
    Result<float> elapsed_ms(const Event& start, const Event& stop); // both completed: synchronize first

    // What `work` puts on `stream` (not the default one) becomes a graph instead of running; its error ends the
    // capture.
    Result<Graph> capture(const Stream& stream, const std::function<Result<void>()>& work);
    Result<void> launch(const Graph& graph, const Stream& stream = {});

private:
    template <class T> friend class DeviceBuffer;
    template <class Handle> friend class DeviceOwned;
    // A call in the words of an error's sentence: launch "forward bf16 128".
    struct Asked {
        const char* verb;
        const char* subject = "";
    };
    CudaDevice(DeviceApi& api, int index, DeviceProperties properties);
    // Runs `call` on this device unless that is lost.
    template <class Call> Result<void> ask(Asked asked, Call&& call);
    static std::string text_of(Asked asked);
    Error fault(DeviceStatus status, Asked asked);
    Error lost_now(Asked asked);
    Error too_little_memory(std::size_t bytes, const char* owner);
    Result<void> allow_shared_memory(const char* kernel);
    Result<void*> allocate_bytes(std::size_t bytes, const char* owner);
    template <class Call> void release(Call&& call) noexcept; // silent: destructors have nobody to tell
    void free_bytes(void* data, std::size_t bytes, const char* owner) noexcept;
    DeviceStatus destroy(StreamHandle stream) { return api_.destroy_stream(stream); }
    DeviceStatus destroy(EventHandle event) { return api_.destroy_event(event); }
    DeviceStatus destroy(GraphHandle graph) { return api_.destroy_graph(graph); }

    DeviceApi& api_;
    int index_ = 0;
    DeviceProperties properties_;
    std::atomic<bool> is_lost_ = false;
    mutable std::mutex mutex_;                         // guards what follows
    DeviceLoss loss_;                                  // written once
    std::set<std::string, std::less<>> opted_kernels_; // those that were allowed large shared memory
};

// The process's own device `index` over cuda_api(), opened at the first call; so a lost one stays lost.
Result<CudaDevice*> cuda_device(int index = 0);

// `count` elements in device memory, freed with the handle. The device outlives it.
template <class T> class DeviceBuffer {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    DeviceBuffer() = default;
    DeviceBuffer(DeviceBuffer&& other) noexcept { swap(other); }
    DeviceBuffer& operator=(DeviceBuffer&& other) noexcept {
        DeviceBuffer moved(std::move(other));
        swap(moved);
        return *this;
    }
    ~DeviceBuffer() {
        if (data_) device_->free_bytes(data_, bytes(), owner_);
    }

    T* data() const { return data_; } // a device address
    std::int64_t size() const { return count_; }
    std::size_t bytes() const { return std::size_t(count_) * sizeof(T); }

    // Elements first … first + count; asynchronous on the stream: host memory must live until it is synchronised.
    Result<void> upload(const T* host_from, std::int64_t count, const Stream& stream = {}, std::int64_t first = 0) {
        if (count == 0) return {};
        return device_->copy_to_device(data_ + first, host_from, std::size_t(count) * sizeof(T), stream);
    }
    Result<void> download(T* host_to, std::int64_t count, const Stream& stream = {}, std::int64_t first = 0) const {
        if (count == 0) return {};
        return device_->copy_to_host(host_to, data_ + first, std::size_t(count) * sizeof(T), stream);
    }
    Result<void> fill(std::uint8_t byte, const Stream& stream = {}) {
        if (count_ == 0) return {};
        return device_->fill(data_, byte, bytes(), stream);
    }

private:
    friend CudaDevice;
    void swap(DeviceBuffer& other) noexcept {
        std::swap(device_, other.device_), std::swap(data_, other.data_);
        std::swap(count_, other.count_), std::swap(owner_, other.owner_);
    }
    CudaDevice* device_ = nullptr;
    T* data_ = nullptr;
    std::int64_t count_ = 0;
    const char* owner_ = "";
};

template <class T> Result<DeviceBuffer<T>> CudaDevice::allocate(std::int64_t count, const char* owner) {
    DeviceBuffer<T> buffer;
    const bool fits = count >= 0 && std::uint64_t(count) <= SIZE_MAX / sizeof(T);
    buffer.data_ = static_cast<T*>(TRY(allocate_bytes(fits ? std::size_t(count) * sizeof(T) : SIZE_MAX, owner)));
    buffer.device_ = this, buffer.count_ = count, buffer.owner_ = owner;
    return buffer;
}

} // namespace dilascope
