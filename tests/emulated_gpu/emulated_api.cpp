#include "tests/emulated_gpu/emulated_api.h"
#include <algorithm>
#include <cstring>
#include <fmt/format.h>
#include <numeric>

namespace dilascope {

DeviceProperties emulated_h100() {
    DeviceProperties properties;
    properties.name = "Emulated H100";
    properties.pci_id = "0000:19:00.0";
    properties.compute_major = 9, properties.compute_minor = 0;
    properties.multiprocessors = 132;
    properties.memory_bytes = std::int64_t(80) << 30;
    properties.l2_bytes = 1 << 20; // of 50 MiB; evicting them writes host memory at every sample
    properties.shared_bytes_per_block = 227 << 10;
    properties.shared_bytes_per_multiprocessor = 228 << 10;
    properties.threads_per_multiprocessor = 2048;
    properties.registers_per_multiprocessor = 65536;
    properties.clock_khz = 1980000;
    properties.memory_clock_khz = 2619000;
    properties.memory_bus_bits = 5120;
    return properties;
}

static const char* usual_words(DeviceStatus status) {
    switch (status) {
    case DeviceStatus::ok: return "";
    case DeviceStatus::no_driver:
    case DeviceStatus::driver_too_old:
        return "cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version";
    case DeviceStatus::no_device: return "cudaErrorNoDevice: no CUDA-capable device is detected";
    case DeviceStatus::out_of_memory: return "cudaErrorMemoryAllocation: out of memory";
    case DeviceStatus::lost: return "cudaErrorIllegalAddress: an illegal memory access was encountered";
    case DeviceStatus::unsupported_architecture:
        return "cudaErrorNoKernelImageForDevice: no kernel image is available for execution on the device";
    case DeviceStatus::invalid: return "cudaErrorInvalidValue: invalid argument";
    case DeviceStatus::failed: return "cudaErrorUnknown: unknown error";
    }
    return "";
}

EmulatedApi::EmulatedApi(EmulatedLaunch launch, std::int64_t memory_bytes)
    : launch_(std::move(launch)), memory_(memory_bytes) {}
EmulatedApi::~EmulatedApi() = default;

void EmulatedApi::fail_at(ApiCall call, int nth, DeviceStatus status, std::string words) {
    std::lock_guard lock(mutex_);
    injections_.push_back({call, counts_[call] + nth, status, words.empty() ? usual_words(status) : std::move(words)});
}

int EmulatedApi::calls(ApiCall call) const {
    std::lock_guard lock(mutex_);
    const auto found = counts_.find(call);
    return found == counts_.end() ? 0 : found->second;
}

int EmulatedApi::calls() const {
    std::lock_guard lock(mutex_);
    return std::accumulate(counts_.begin(), counts_.end(), 0,
                           [](int sum, const auto& one) { return sum + one.second; });
}

std::vector<KernelLaunch> EmulatedApi::launches() const {
    std::lock_guard lock(mutex_);
    return launches_;
}

std::vector<std::string> EmulatedApi::mistakes() {
    std::lock_guard lock(mutex_);
    std::vector<std::string> all = mistakes_;
    for (std::string& words : memory_.mistakes()) all.push_back(std::move(words));
    return all;
}

std::vector<std::span<const std::byte>> EmulatedApi::live_memory() const {
    const std::lock_guard lock(mutex_);
    return memory_.live();
}

std::string EmulatedApi::leaks() const {
    std::lock_guard lock(mutex_);
    std::string text;
    const auto add = [&text](std::size_t count, const char* what) {
        if (count > 0) text += fmt::format("{}{} {}{}", text.empty() ? "" : ", ", count, what, count == 1 ? "" : "s");
    };
    add(memory_.live_count(), "allocation"), add(streams_.size(), "stream");
    add(events_.size(), "event"), add(graphs_.size(), "graph");
    return text;
}

DeviceStatus EmulatedApi::answer(DeviceStatus status, std::string words) {
    last_words_ = std::move(words);
    if (status == DeviceStatus::lost && !lost_words_) lost_words_ = last_words_;
    return status;
}

DeviceStatus EmulatedApi::mistake(std::string words) {
    mistakes_.push_back(words);
    return answer(DeviceStatus::invalid, usual_words(DeviceStatus::invalid));
}

DeviceStatus EmulatedApi::enter(ApiCall call) {
    const int count = ++counts_[call];
    const auto found = std::find_if(injections_.begin(), injections_.end(), [&](const Injection& injection) {
        return injection.call == call && injection.at == count;
    });
    if (found != injections_.end()) return answer(found->status, found->words);
    if (lost_words_) return answer(DeviceStatus::lost, *lost_words_);
    return DeviceStatus::ok;
}

bool EmulatedApi::is_live(StreamHandle stream) const { return !stream.value || streams_.contains(stream.value); }

// Work runs at once, as on a stream that is always done, or becomes part of the graph its stream captures.
DeviceStatus EmulatedApi::run_or_capture(StreamHandle stream, Work work) {
    if (!is_live(stream)) return mistake("work on a stream that was destroyed");
    if (const auto capture = captures_.find(stream.value); capture != captures_.end()) {
        capture->second.push_back(std::move(work));
        return DeviceStatus::ok;
    }
    return work();
}

std::string EmulatedApi::last_error() const {
    std::lock_guard lock(mutex_);
    return last_words_;
}

// The body of a call: counted, and answered at once where something was injected or the device is lost.
#define ENTER(call)                                                                                                    \
    std::lock_guard lock(mutex_);                                                                                      \
    if (const DeviceStatus status = enter(ApiCall::call); status != DeviceStatus::ok) return status

DeviceStatus EmulatedApi::runtime_version(int& version) {
    ENTER(runtime_version);
    version = runtime;
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::driver_version(int& version) {
    ENTER(driver_version);
    version = driver;
    return DeviceStatus::ok;
}

// As CUDA does, it says of no driver what it says of an old one.
DeviceStatus EmulatedApi::device_count(int& count) {
    ENTER(device_count);
    if (driver / 1000 < runtime / 1000)
        return answer(DeviceStatus::driver_too_old, usual_words(DeviceStatus::driver_too_old));
    if (devices.empty()) return answer(DeviceStatus::no_device, usual_words(DeviceStatus::no_device));
    count = int(devices.size());
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::properties(int device, DeviceProperties& properties) {
    ENTER(properties);
    if (device < 0 || device >= int(devices.size()))
        return answer(DeviceStatus::no_device, "cudaErrorInvalidDevice: invalid device ordinal");
    properties = devices[std::size_t(device)];
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::select(int device) {
    ENTER(select);
    if (device >= 0 && device < int(devices.size())) return DeviceStatus::ok;
    return answer(DeviceStatus::no_device, "cudaErrorInvalidDevice: invalid device ordinal");
}

DeviceStatus EmulatedApi::memory_info(std::int64_t& free_bytes, std::int64_t& total_bytes) {
    ENTER(memory_info);
    total_bytes = memory_.capacity_bytes(), free_bytes = total_bytes - memory_.live_bytes();
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::allocate(std::size_t bytes, void*& data) {
    ENTER(allocate);
    data = memory_.allocate(bytes);
    return data ? DeviceStatus::ok : answer(DeviceStatus::out_of_memory, usual_words(DeviceStatus::out_of_memory));
}

DeviceStatus EmulatedApi::free(void* data) {
    ENTER(free);
    memory_.free(data);
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::copy_to_device(void* to, const void* host_from, std::size_t bytes, StreamHandle stream) {
    ENTER(copy_to_device);
    return run_or_capture(stream, [this, to, host_from, bytes] {
        if (!memory_.holds(to, bytes, "copy_to_device")) return answer(DeviceStatus::invalid, "outside memory");
        std::memcpy(to, host_from, bytes);
        return DeviceStatus::ok;
    });
}

DeviceStatus EmulatedApi::copy_to_host(void* host_to, const void* from, std::size_t bytes, StreamHandle stream) {
    ENTER(copy_to_host);
    return run_or_capture(stream, [this, host_to, from, bytes] {
        if (!memory_.holds(from, bytes, "copy_to_host")) return answer(DeviceStatus::invalid, "outside memory");
        std::memcpy(host_to, from, bytes);
        return DeviceStatus::ok;
    });
}

DeviceStatus EmulatedApi::copy_on_device(void* to, const void* from, std::size_t bytes, StreamHandle stream) {
    ENTER(copy_on_device);
    return run_or_capture(stream, [this, to, from, bytes] {
        if (!memory_.holds(to, bytes, "copy_on_device") || !memory_.holds(from, bytes, "copy_on_device"))
            return answer(DeviceStatus::invalid, "outside memory");
        std::memmove(to, from, bytes);
        return DeviceStatus::ok;
    });
}

DeviceStatus EmulatedApi::fill(void* data, std::uint8_t byte, std::size_t bytes, StreamHandle stream) {
    ENTER(fill);
    return run_or_capture(stream, [this, data, byte, bytes] {
        if (!memory_.holds(data, bytes, "fill")) return answer(DeviceStatus::invalid, "outside memory");
        std::memset(data, byte, bytes);
        clock_ms_ += double(bytes) / (fill_gb_per_s * 1e6);
        return DeviceStatus::ok;
    });
}

// What CUDA refuses at the launch itself.
DeviceStatus EmulatedApi::check_launch(const KernelLaunch& launch) {
    const Index3 grid = launch.grid;
    if (grid.x < 1 || grid.y < 1 || grid.z < 1 || grid.y > 65535 || grid.z > 65535 || launch.threads < 1 ||
        launch.threads > 1024)
        return mistake(fmt::format("launch \"{}\": grid {} × {} × {} of {} threads", launch.name, grid.x, grid.y,
                                   grid.z, launch.threads));
    if (launch.params_bytes > 4096) return mistake(fmt::format("launch \"{}\": more than 4 KB of params", launch.name));
    const auto allowed = allowed_shared_.find(launch.name);
    const int limit = allowed == allowed_shared_.end() ? 48 << 10 : allowed->second;
    if (launch.shared_bytes > limit)
        return mistake(fmt::format("launch \"{}\": {} bytes of shared memory, {} are allowed", launch.name,
                                   launch.shared_bytes, limit));
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::run_launch(const KernelLaunch& launch) {
    launches_.push_back(launch);
    launches_.back().params = nullptr;
    clock_ms_ += launch_ms;
    const DeviceStatus status = launch_ ? launch_(launch) : DeviceStatus::ok;
    return status == DeviceStatus::ok ? status : answer(status, usual_words(status));
}

DeviceStatus EmulatedApi::launch(const KernelLaunch& launch) {
    ENTER(launch);
    if (const DeviceStatus status = check_launch(launch); status != DeviceStatus::ok) return status;
    const auto* first = static_cast<const std::byte*>(launch.params);
    return run_or_capture(launch.stream, [this, launch, copy = std::vector(first, first + launch.params_bytes)] {
        KernelLaunch with_copy = launch;
        with_copy.params = copy.data();
        return run_launch(with_copy);
    });
}

DeviceStatus EmulatedApi::allow_shared_memory(const char* kernel, int bytes) {
    ENTER(allow_shared_memory);
    if (bytes > devices.front().shared_bytes_per_block)
        return mistake(fmt::format("allow_shared_memory \"{}\": {} bytes", kernel, bytes));
    allowed_shared_[kernel] = bytes;
    return DeviceStatus::ok;
}

// By threads and shared memory (1 KiB a block is the system's); registers are not known here.
DeviceStatus EmulatedApi::resident_blocks(const char*, int threads, int shared_bytes, int& blocks) {
    ENTER(resident_blocks);
    const DeviceProperties& device = devices.front();
    blocks = std::min(device.threads_per_multiprocessor / threads,
                      int(device.shared_bytes_per_multiprocessor / (shared_bytes + 1024)));
    blocks = std::min(blocks, 32);
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::create_stream(StreamHandle& stream) {
    ENTER(create_stream);
    stream.value = reinterpret_cast<void*>(next_handle_++);
    streams_.insert(stream.value);
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::destroy_stream(StreamHandle stream) {
    ENTER(destroy_stream);
    captures_.erase(stream.value);
    return streams_.erase(stream.value) ? DeviceStatus::ok : mistake("destroy_stream: no such stream");
}

DeviceStatus EmulatedApi::synchronize(StreamHandle stream) {
    ENTER(synchronize);
    if (!is_live(stream)) return mistake("synchronize: the stream was destroyed");
    return captures_.contains(stream.value) ? mistake("synchronize: the stream captures a graph") : DeviceStatus::ok;
}

DeviceStatus EmulatedApi::create_event(EventHandle& event) {
    ENTER(create_event);
    event.value = reinterpret_cast<void*>(next_handle_++);
    events_[event.value] = std::nullopt;
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::destroy_event(EventHandle event) {
    ENTER(destroy_event);
    return events_.erase(event.value) ? DeviceStatus::ok : mistake("destroy_event: no such event");
}

DeviceStatus EmulatedApi::record(EventHandle event, StreamHandle stream) {
    ENTER(record);
    if (!events_.contains(event.value)) return mistake("record: no such event");
    return run_or_capture(stream, [this, event] {
        events_[event.value] = clock_ms_;
        return DeviceStatus::ok;
    });
}

DeviceStatus EmulatedApi::elapsed_ms(EventHandle start, EventHandle stop, float& milliseconds) {
    ENTER(elapsed_ms);
    const auto first = events_.find(start.value), last = events_.find(stop.value);
    if (first == events_.end() || last == events_.end() || !first->second || !last->second)
        return mistake("elapsed_ms: an event that was not recorded");
    milliseconds = float(*last->second - *first->second);
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::begin_capture(StreamHandle stream) {
    ENTER(begin_capture);
    if (!stream.value || !is_live(stream)) return mistake("begin_capture: not a stream of one's own");
    if (captures_.contains(stream.value)) return mistake("begin_capture: this stream captures already");
    captures_[stream.value];
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::end_capture(StreamHandle stream, GraphHandle& graph) {
    std::lock_guard first_lock(mutex_);
    auto capture = captures_.extract(stream.value); // it ends even when this call fails
    ENTER(end_capture);
    if (capture.empty()) return mistake("end_capture: this stream captures nothing");
    graph.value = reinterpret_cast<void*>(next_handle_++);
    graphs_[graph.value] = std::move(capture.mapped());
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::launch_graph(GraphHandle graph, StreamHandle stream) {
    ENTER(launch_graph);
    const auto found = graphs_.find(graph.value);
    if (found == graphs_.end()) return mistake("launch_graph: no such graph");
    if (!is_live(stream)) return mistake("launch_graph: the stream was destroyed");
    for (const Work& work : found->second)
        if (const DeviceStatus status = work(); status != DeviceStatus::ok) return status;
    return DeviceStatus::ok;
}

DeviceStatus EmulatedApi::destroy_graph(GraphHandle graph) {
    ENTER(destroy_graph);
    return graphs_.erase(graph.value) ? DeviceStatus::ok : mistake("destroy_graph: no such graph");
}

#undef ENTER

} // namespace dilascope
