// What `doctor` says of CUDA: of a machine with GPUs, and of one without.
#include "app/cuda_report.h"
#include "tests/catch.h"

using namespace dilascope;

namespace {

CudaStatus two_devices() {
    CudaStatus status;
    status.built = true;
    status.runtime_version = "13.0", status.driver_version = "13.1";
    DeviceProperties& first = status.devices.emplace_back();
    first.name = "NVIDIA H100 80GB HBM3", first.pci_id = "0000:19:00.0";
    first.compute_major = 9, first.multiprocessors = 132;
    first.memory_bytes = std::int64_t(79) << 30, first.l2_bytes = 50 << 20, first.clock_khz = 1980000;
    first.shared_bytes_per_block = 227 << 10, first.shared_bytes_per_multiprocessor = 228 << 10;
    DeviceProperties& second = status.devices.emplace_back();
    second.name = "Tesla T4", second.pci_id = "0000:20:00.0", second.compute_major = 7, second.compute_minor = 5;
    status.device_problems = {"", "too old"};
    return status;
}

Nvml one_gpu_library() {
    Nvml library;
    library.error_text = [](int) { return "Not Found"; };
    library.driver_version = [](char* text, unsigned) { return text[0] = '5', 0; };
    library.device_by_pci_id = [](const char* pci_id, void**) { return std::string(pci_id) == "0000:19:00.0" ? 0 : 6; };
    library.clock_mhz = [](void*, int kind, unsigned* mhz) { return *mhz = kind == nvml_sm_clock ? 1410 : 2619, 0; };
    library.max_clock_mhz = [](void*, int, unsigned* mhz) { return *mhz = 1980, 0; };
    library.power_mw = [](void*, unsigned* milliwatts) { return *milliwatts = 690100, 0; };
    library.power_limit_mw = [](void*, unsigned*) { return 3; };
    library.temperature_c = [](void*, int, unsigned* celsius) { return *celsius = 71, 0; };
    library.throttle_bits = [](void*, unsigned long long* bits) { return *bits = 0x24, 0; };
    return library;
}

} // namespace

TEST_CASE("doctor lists every GPU with its limits, its state and its problem", "[app]") {
    const auto report = cuda_report(two_devices(), one_gpu_library());
    CHECK(report["devices"][0]["shared_kib_per_block"] == 227);
    CHECK(report["devices"][0]["telemetry"]["power_w"] == 690.1);
    CHECK(report["devices"][0]["telemetry"]["power_limit_w"].is_null());
    CHECK(report["devices"][1]["problem"] == "too old");
    CHECK(cuda_report_text(report) ==
          "  runtime      13.0\n"
          "  driver       for CUDA 13.1\n"
          "  telemetry    NVML\n"
          "  device       NVIDIA H100 80GB HBM3 at 0000:19:00.0, compute capability 9.0, 132 multiprocessors at up to "
          "1980 MHz\n"
          "               79.0 GiB memory, 50 MiB L2, 227 KiB shared memory a block\n"
          "               now 1410 MHz of 1980 MHz, memory 2619 MHz, 690 W of not told, 71 °C; limited by power limit, "
          "too hot (software); driver 5\n"
          "  device       Tesla T4 at 0000:20:00.0, compute capability 7.5, 0 multiprocessors at up to 0 MHz\n"
          "               0.0 GiB memory, 0 MiB L2, 0 KiB shared memory a block\n"
          "               too old\n"
          "               clocks and power are not known: NVML knows no GPU at 0000:20:00.0: Not Found\n");
}

TEST_CASE("doctor says what is missing where there is no GPU", "[app]") {
    Nvml none;
    none.problem = "no such library";
    CudaStatus status;
    status.problem = "cuda: built without CUDA; …";
    CHECK(cuda_report_text(cuda_report(status, none)) == "  runtime      not built\n"
                                                         "  driver       none\n"
                                                         "  telemetry    none: no such library\n"
                                                         "  problem      cuda: built without CUDA; …\n");
}
