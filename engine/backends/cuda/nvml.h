#pragma once
// Nvml: the few functions of NVIDIA's management library that are read here, found in the driver's library at run time.
// Nothing of the device is ever set. Tests fill the struct with functions of their own.
#include <string>

namespace dilascope {

// All return 0 for success; devices are the library's handles.
struct Nvml {
    std::string problem; // why there is none; the pointers are null then
    const char* (*error_text)(int error) = nullptr;
    int (*driver_version)(char* text, unsigned length) = nullptr; // "580.65.06"
    int (*device_by_pci_id)(const char* pci_id, void** device) = nullptr;
    int (*clock_mhz)(void* device, int kind, unsigned* mhz) = nullptr; // kind: nvml_sm_clock, nvml_memory_clock
    int (*max_clock_mhz)(void* device, int kind, unsigned* mhz) = nullptr;
    int (*power_mw)(void* device, unsigned* milliwatts) = nullptr;
    int (*power_limit_mw)(void* device, unsigned* milliwatts) = nullptr;
    int (*temperature_c)(void* device, int sensor, unsigned* celsius) = nullptr; // sensor 0: the die
    int (*throttle_bits)(void* device, unsigned long long* bits) = nullptr;
};
constexpr int nvml_sm_clock = 1, nvml_memory_clock = 2;

const Nvml& nvml(); // loaded once, and kept until the process ends

} // namespace dilascope
