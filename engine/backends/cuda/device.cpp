#include "engine/backends/cuda/device.h"
#include "engine/backends/cuda/cuda_status.h"
#include "engine/memory/buffer.h"
#include <array>
#include <chrono>
#include <ctime>
#include <fmt/format.h>
#include <map>

namespace dilascope {

namespace {

constexpr int shared_bytes_without_opt_in = 48 << 10;

std::string subject_of(int index, const DeviceProperties& properties) {
    return fmt::format("cuda device {} ({})", index, properties.name);
}

std::string utc_text(std::int64_t unix_seconds) {
    const std::time_t seconds = unix_seconds;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

std::string size_text(std::uint64_t bytes) {
    return bytes < 1 << 20 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} MiB", double(bytes) / (1 << 20));
}

} // namespace

CudaDevice::CudaDevice(DeviceApi& api, int index, DeviceProperties properties)
    : api_(api), index_(index), properties_(std::move(properties)) {}

Result<std::unique_ptr<CudaDevice>> CudaDevice::open(DeviceApi& api, int index) {
    CudaStatus status = read_cuda_status(api);
    if (status.devices.empty()) return fail(status.problem);
    const int count = int(status.devices.size());
    if (index < 0 || index >= count)
        return fail(fmt::format("cuda device {}: this machine shows {}; expected an index of 0 … {}; see dilascope "
                                "doctor for the list",
                                index, count, count - 1));
    const auto at = std::size_t(index);
    if (!status.device_problems[at].empty()) return fail(status.device_problems[at]);
    return std::unique_ptr<CudaDevice>(new CudaDevice(api, index, std::move(status.devices[at])));
}

DeviceLoss CudaDevice::loss() const {
    std::lock_guard lock(mutex_);
    return loss_;
}

template <class Call> Result<void> CudaDevice::ask(Asked asked, Call&& call) {
    if (is_lost()) return fail(loss().sentence);
    DeviceStatus status = api_.select(index_);
    if (status == DeviceStatus::ok) status = call();
    if (status == DeviceStatus::ok) return {};
    return tl::unexpected(fault(status, asked));
}

template <class Call> void CudaDevice::release(Call&& call) noexcept {
    if (is_lost() || api_.select(index_) != DeviceStatus::ok) return;
    if (call() == DeviceStatus::lost) lost_now({"free"});
}

Error CudaDevice::lost_now(Asked asked) {
    std::lock_guard lock(mutex_);
    if (loss_.sentence.empty()) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        loss_.unix_seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
        loss_.sentence = fmt::format(
            "{} was lost at {} in {}: {}; expected no fault of a kernel or of the device; the GPU serves "
            "this process no more: save, and start the program again",
            subject_of(index_, properties_), utc_text(loss_.unix_seconds), text_of(asked), api_.last_error());
        is_lost_.store(true, std::memory_order_release);
    }
    return {loss_.sentence};
}

Error CudaDevice::fault(DeviceStatus status, Asked asked) {
    if (status == DeviceStatus::lost) return lost_now(asked);
    const std::string found =
        fmt::format("{}, {}: {}", subject_of(index_, properties_), text_of(asked), api_.last_error());
    switch (status) {
    case DeviceStatus::out_of_memory:
        return {found + "; expected free device memory; use a shorter seq_len, fewer heads or a smaller batch, or end "
                        "other programs on the GPU"};
    case DeviceStatus::unsupported_architecture:
        return {fmt::format("{}; expected code for compute capability {}.{}; build with it in "
                            "CMAKE_CUDA_ARCHITECTURES",
                            found, properties_.compute_major, properties_.compute_minor)};
    case DeviceStatus::invalid:
        return {found + "; expected valid arguments; this is a mistake in Dilascope, please report it"};
    default: return {found + "; expected ok; try again, and see what dilascope doctor says"};
    }
}

std::string CudaDevice::text_of(Asked asked) {
    return *asked.subject ? fmt::format("{} \"{}\"", asked.verb, asked.subject) : std::string(asked.verb);
}

Result<void> CudaDevice::select() {
    return ask({"select"}, [] { return DeviceStatus::ok; });
}

// Memory.

Error CudaDevice::too_little_memory(std::size_t bytes, const char* owner) {
    std::int64_t free = 0, total = 0;
    const std::string found =
        api_.memory_info(free, total) == DeviceStatus::ok
            ? fmt::format("{} free of {}", size_text(std::uint64_t(free)), size_text(std::uint64_t(total)))
            : "what is free is not known";
    return {fmt::format("{} on {}: {} asked, {}; expected no more than is free; use a shorter seq_len, fewer heads or "
                        "a smaller batch, or end other programs on the GPU",
                        owner, subject_of(index_, properties_), size_text(bytes), found)};
}

Result<void*> CudaDevice::allocate_bytes(std::size_t bytes, const char* owner) {
    if (bytes == 0) return nullptr;
    if (is_lost()) return fail(loss().sentence);
    void* data = nullptr;
    DeviceStatus status = api_.select(index_);
    if (status == DeviceStatus::ok) status = api_.allocate(bytes, data);
    if (status == DeviceStatus::out_of_memory) return tl::unexpected(too_little_memory(bytes, owner));
    if (status != DeviceStatus::ok) return tl::unexpected(fault(status, {"allocate", owner}));
    detail::count_allocation(bytes, owner);
    return data;
}

void CudaDevice::free_bytes(void* data, std::size_t bytes, const char* owner) noexcept {
    release([&] { return api_.free(data); });
    detail::count_free(bytes, owner);
}

Result<void> CudaDevice::copy_to_device(void* to, const void* host_from, std::size_t bytes, const Stream& stream) {
    return ask({"copy to the device"}, [&] { return api_.copy_to_device(to, host_from, bytes, stream.handle()); });
}

Result<void> CudaDevice::copy_to_host(void* host_to, const void* from, std::size_t bytes, const Stream& stream) {
    return ask({"copy to the host"}, [&] { return api_.copy_to_host(host_to, from, bytes, stream.handle()); });
}

Result<void> CudaDevice::copy_on_device(void* to, const void* from, std::size_t bytes, const Stream& stream) {
    return ask({"copy on the device"}, [&] { return api_.copy_on_device(to, from, bytes, stream.handle()); });
}

Result<void> CudaDevice::fill(void* data, std::uint8_t byte, std::size_t bytes, const Stream& stream) {
    return ask({"fill"}, [&] { return api_.fill(data, byte, bytes, stream.handle()); });
}

// Launches.

// Allows the most a block may have, so that a kernel's later launches may have more than its first.
Result<void> CudaDevice::allow_shared_memory(const char* kernel) {
    {
        std::lock_guard lock(mutex_);
        if (opted_kernels_.contains(kernel)) return {};
    }
    const int bytes = int(properties_.shared_bytes_per_block);
    TRY(ask({"allow shared memory for", kernel}, [&] { return api_.allow_shared_memory(kernel, bytes); }));
    std::lock_guard lock(mutex_);
    opted_kernels_.emplace(kernel);
    return {};
}

Result<void> CudaDevice::launch(KernelLaunch launch, const Stream& stream) {
    if (launch.shared_bytes > properties_.shared_bytes_per_block)
        return fail(fmt::format(
            "{}, launch \"{}\": {} bytes of shared memory a block; expected at most {}; use smaller "
            "tiles",
            subject_of(index_, properties_), launch.name, launch.shared_bytes, properties_.shared_bytes_per_block));
    if (launch.shared_bytes > shared_bytes_without_opt_in) TRY(allow_shared_memory(launch.name));
    launch.stream = stream.handle();
    return ask({"launch", launch.name}, [&] { return api_.launch(launch); });
}

Result<int> CudaDevice::resident_blocks(const char* kernel, int threads, int shared_bytes) {
    if (shared_bytes > shared_bytes_without_opt_in) TRY(allow_shared_memory(kernel));
    int blocks = 0;
    TRY(ask({"count resident blocks of", kernel},
            [&] { return api_.resident_blocks(kernel, threads, shared_bytes, blocks); }));
    return blocks;
}

// Streams, events, graphs.

Result<Stream> CudaDevice::create_stream() {
    Stream stream;
    TRY(ask({"create a stream"}, [&] { return api_.create_stream(stream.handle_); }));
    stream.device_ = this;
    return stream;
}

Result<void> CudaDevice::synchronize(const Stream& stream) {
    return ask({"synchronize"}, [&] { return api_.synchronize(stream.handle()); });
}

Result<Event> CudaDevice::create_event() {
    Event event;
    TRY(ask({"create an event"}, [&] { return api_.create_event(event.handle_); }));
    event.device_ = this;
    return event;
}

Result<void> CudaDevice::record(const Event& event, const Stream& stream) {
    return ask({"record an event"}, [&] { return api_.record(event.handle(), stream.handle()); });
}

Result<float> CudaDevice::elapsed_ms(const Event& start, const Event& stop) {
    float milliseconds = 0;
    TRY(ask({"time between events"}, [&] { return api_.elapsed_ms(start.handle(), stop.handle(), milliseconds); }));
    return milliseconds;
}

Result<Graph> CudaDevice::capture(const Stream& stream, const std::function<Result<void>()>& work) {
    TRY(ask({"begin a capture"}, [&] { return api_.begin_capture(stream.handle()); }));
    Result<void> done = work();
    Graph graph;
    Result<void> ended = ask({"end a capture"}, [&] { return api_.end_capture(stream.handle(), graph.handle_); });
    if (graph) graph.device_ = this;
    if (!done) return tl::unexpected(std::move(done.error()));
    if (!ended) return tl::unexpected(std::move(ended.error()));
    return graph;
}

Result<void> CudaDevice::launch(const Graph& graph, const Stream& stream) {
    return ask({"launch a graph"}, [&] { return api_.launch_graph(graph.handle(), stream.handle()); });
}

template <class Handle> DeviceOwned<Handle>::~DeviceOwned() {
    if (device_) device_->release([&] { return device_->destroy(handle_); });
}
template class DeviceOwned<StreamHandle>;
template class DeviceOwned<EventHandle>;
template class DeviceOwned<GraphHandle>;

Result<CudaDevice*> cuda_device(int index) {
    static std::mutex mutex;
    // Kept for the process, the refusals too; never destroyed, as the driver may go before static objects do.
    static auto* opened = new std::map<int, Result<std::unique_ptr<CudaDevice>>>;
    std::lock_guard lock(mutex);
    auto found = opened->find(index);
    if (found == opened->end()) found = opened->emplace(index, CudaDevice::open(cuda_api(), index)).first;
    if (!found->second) return tl::unexpected(found->second.error());
    return found->second->get();
}

} // namespace dilascope
