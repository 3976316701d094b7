// The whole program on a machine with an emulated GPU: for tests of what only runs where there is one, and to try it.
// DILASCOPE_EMULATED_FAULT: "launch 3 lost" or "allocate 2 out_of_memory" makes the third launch lose the GPU, or the
// second allocation find no memory. Exit code 99: the GPU was misused, and how.
#include "app/command_line.h"
#include "tests/emulated_gpu/emulated_gpu.h"
#include <cstdlib>
#include <fmt/format.h>
#include <sstream>
#include <unistd.h>

using namespace dilascope;

// False when the text is not one of these faults.
static bool inject_fault(EmulatedApi& api, const char* text) {
    std::istringstream words(text);
    std::string call, status;
    int nth = 0;
    words >> call >> nth >> status;
    if (call == "launch" && status == "lost")
        api.fail_at(ApiCall::launch, nth, DeviceStatus::lost);
    else if (call == "allocate" && status == "out_of_memory")
        api.fail_at(ApiCall::allocate, nth, DeviceStatus::out_of_memory);
    else
        return false;
    return nth > 0;
}

int main(int argc, char** argv) {
    // Never destroyed: neither is the engine's device.
    static auto* gpu = new EmulatedGpu({.block_threads = int(::sysconf(_SC_NPROCESSORS_ONLN))});
    const char* fault = std::getenv("DILASCOPE_EMULATED_FAULT");
    if (fault && !inject_fault(gpu->api, fault)) {
        fmt::print(stderr, "DILASCOPE_EMULATED_FAULT is \"{}\"; expected such as \"launch 3 lost\"\n", fault);
        return 2;
    }
    gpu->tell_error = [](const std::string& error) { fmt::print(stderr, "emulator: {}\n", error); };
    use_cuda_api(gpu->api);
    const int code = run_command_line(argc, argv);
    const std::vector<std::string> mistakes = gpu->api.mistakes();
    for (const std::string& mistake : mistakes) fmt::print(stderr, "emulated GPU: {}\n", mistake);
    return mistakes.empty() && gpu->emulator_error.empty() ? code : 99;
}
