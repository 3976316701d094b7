#pragma once
// EmulatedApi: a DeviceApi whose device memory is host memory and whose streams are synchronous. Launches go to a
// callback; a captured graph is a list of closures. Any status can be injected at the n-th call of a kind; a `lost` one
// stays, as CUDA's do.
#include "engine/backends/cuda/device_api.h"
#include "tests/emulated_gpu/emulated_memory.h"
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>

namespace dilascope {

// Runs one launch; the emulator of kernels goes here. Params are valid during the call.
using EmulatedLaunch = std::function<DeviceStatus(const KernelLaunch&)>;

enum class ApiCall : std::uint8_t {
    runtime_version,
    driver_version,
    device_count,
    properties,
    select,
    memory_info,
    allocate,
    free,
    copy_to_device,
    copy_to_host,
    copy_on_device,
    fill,
    launch,
    allow_shared_memory,
    resident_blocks,
    create_stream,
    destroy_stream,
    synchronize,
    create_event,
    destroy_event,
    record,
    elapsed_ms,
    begin_capture,
    end_capture,
    launch_graph,
    destroy_graph
};

// The H100 of the data sheets.
DeviceProperties emulated_h100();

class EmulatedApi final : public DeviceApi {
public:
    explicit EmulatedApi(EmulatedLaunch launch = {}, std::int64_t memory_bytes = std::int64_t(1) << 30);
    ~EmulatedApi() override;

    // What the machine is; may be changed between calls.
    int runtime = 13000, driver = 13000; // driver 0: none is installed
    std::vector<DeviceProperties> devices = {emulated_h100()};
    double launch_ms = 1, fill_gb_per_s = 2000; // by the emulated clock, that events read; other work takes no time

    // The n-th call of `call` from now on (1: the next) answers `status`, and says `words`.
    void fail_at(ApiCall call, int nth, DeviceStatus status, std::string words = "");

    int calls(ApiCall call) const; // so far
    int calls() const;
    std::vector<KernelLaunch> launches() const; // those that ran, in order; their params are gone
    // Misuse of memory, streams, events, graphs and shared memory so far; a test ends with CHECK(mistakes().empty()).
    std::vector<std::string> mistakes();
    // Device memory, streams, events and graphs that still live: "2 allocations, 1 stream"; "" when none does.
    std::string leaks() const;
    std::vector<std::span<const std::byte>> live_memory() const; // what kernels may touch

    std::string last_error() const override;
    DeviceStatus runtime_version(int& version) override;
    DeviceStatus driver_version(int& version) override;
    DeviceStatus device_count(int& count) override;
    DeviceStatus properties(int device, DeviceProperties& properties) override;
    DeviceStatus select(int device) override;
    DeviceStatus memory_info(std::int64_t& free_bytes, std::int64_t& total_bytes) override;
    DeviceStatus allocate(std::size_t bytes, void*& data) override;
    DeviceStatus free(void* data) override;
    DeviceStatus copy_to_device(void* to, const void* host_from, std::size_t bytes, StreamHandle stream) override;
    DeviceStatus copy_to_host(void* host_to, const void* from, std::size_t bytes, StreamHandle stream) override;
    DeviceStatus copy_on_device(void* to, const void* from, std::size_t bytes, StreamHandle stream) override;
    DeviceStatus fill(void* data, std::uint8_t byte, std::size_t bytes, StreamHandle stream) override;
    DeviceStatus launch(const KernelLaunch& launch) override;
    DeviceStatus allow_shared_memory(const char* kernel, int bytes) override;
    DeviceStatus resident_blocks(const char* kernel, int threads, int shared_bytes, int& blocks) override;
    DeviceStatus create_stream(StreamHandle& stream) override;
    DeviceStatus destroy_stream(StreamHandle stream) override;
    DeviceStatus synchronize(StreamHandle stream) override;
    DeviceStatus create_event(EventHandle& event) override;
    DeviceStatus destroy_event(EventHandle event) override;
    DeviceStatus record(EventHandle event, StreamHandle stream) override;
    DeviceStatus elapsed_ms(EventHandle start, EventHandle stop, float& milliseconds) override;
    DeviceStatus begin_capture(StreamHandle stream) override;
    DeviceStatus end_capture(StreamHandle stream, GraphHandle& graph) override;
    DeviceStatus launch_graph(GraphHandle graph, StreamHandle stream) override;
    DeviceStatus destroy_graph(GraphHandle graph) override;

private:
    using Work = std::function<DeviceStatus()>;
    struct Injection {
        ApiCall call;
        int at; // the count of calls of this kind at which it fires
        DeviceStatus status;
        std::string words;
    };
    DeviceStatus enter(ApiCall call); // counts the call; the status to answer at once, or ok
    DeviceStatus answer(DeviceStatus status, std::string words);
    DeviceStatus mistake(std::string words); // writes it down, answers `invalid`
    DeviceStatus run_or_capture(StreamHandle stream, Work work);
    DeviceStatus run_launch(const KernelLaunch& launch);
    DeviceStatus check_launch(const KernelLaunch& launch);
    bool is_live(StreamHandle stream) const;

    mutable std::recursive_mutex mutex_; // a launched callback may ask the api
    EmulatedLaunch launch_;
    EmulatedMemory memory_;
    std::map<ApiCall, int> counts_;
    std::vector<Injection> injections_;
    std::optional<std::string> lost_words_; // since the device is lost
    std::string last_words_;
    double clock_ms_ = 0;
    std::vector<KernelLaunch> launches_;
    std::vector<std::string> mistakes_;
    std::map<std::string, int> allowed_shared_; // bytes by kernel
    std::set<void*> streams_;
    std::map<void*, std::optional<double>> events_; // when they were recorded
    std::map<void*, std::vector<Work>> graphs_;
    std::map<void*, std::vector<Work>> captures_; // of streams that capture now
    std::uintptr_t next_handle_ = 16;
};

} // namespace dilascope
