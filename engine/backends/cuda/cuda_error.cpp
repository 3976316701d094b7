#include "engine/backends/cuda/cuda_error.h"
#include <fmt/format.h>
#ifdef DILASCOPE_HAS_CUDA
#include <cuda_runtime_api.h>
#endif

namespace dilascope {

#ifdef DILASCOPE_HAS_CUDA

// Those of which the runtime's header says that any further CUDA work of the process returns the same error, and those
// that tell of a context that is gone. Numbers stand for names that older toolkits (12.4) do not know.
static bool is_sticky(int error) {
    switch (error) {
    case cudaErrorDeviceUninitialized:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case 226: // cudaErrorContained
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorContextIsDestroyed:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case 721: // cudaErrorTensorMemoryLeak
    case cudaErrorMpsClientTerminated:
    case cudaErrorExternalDevice: return true;
    default: return false;
    }
}

DeviceStatus status_from_cuda(int error) {
    if (is_sticky(error)) return DeviceStatus::lost;
    switch (error) {
    case cudaSuccess: return DeviceStatus::ok;
    case cudaErrorStubLibrary: return DeviceStatus::no_driver;
    case cudaErrorInsufficientDriver: // without any driver too: driver_version() then is 0
    case cudaErrorCallRequiresNewerDriver:
    case cudaErrorSystemDriverMismatch:
    case cudaErrorCompatNotSupportedOnDevice: return DeviceStatus::driver_too_old;
    case cudaErrorNoDevice:
    case cudaErrorInvalidDevice: return DeviceStatus::no_device;
    case cudaErrorMemoryAllocation: return DeviceStatus::out_of_memory;
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorInvalidKernelImage:
    case cudaErrorUnsupportedPtxVersion:
    case cudaErrorInvalidDeviceFunction: return DeviceStatus::unsupported_architecture;
    case cudaErrorInvalidValue:
    case cudaErrorInvalidConfiguration:
    case cudaErrorInvalidDevicePointer:
    case cudaErrorInvalidResourceHandle:
    case cudaErrorInvalidMemcpyDirection:
    case cudaErrorLaunchOutOfResources: return DeviceStatus::invalid;
    default: return DeviceStatus::failed;
    }
}

std::string words_of_cuda(int error) {
    return fmt::format("{}: {}", cudaGetErrorName(cudaError_t(error)), cudaGetErrorString(cudaError_t(error)));
}

#else

DeviceStatus status_from_cuda(int error) { return error == 0 ? DeviceStatus::ok : DeviceStatus::failed; }
std::string words_of_cuda(int error) { return fmt::format("CUDA error {}", error); }

#endif

} // namespace dilascope
