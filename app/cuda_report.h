#pragma once
// The CUDA part of `doctor`: runtime, driver, every GPU with its limits, what it runs at now, what is missing and the
// mend.
#include "engine/backends/cuda/cuda_status.h"
#include "engine/backends/cuda/nvml.h"
#include <nlohmann/json.hpp>
#include <string>

namespace dilascope {

nlohmann::ordered_json cuda_report(const CudaStatus& status, const Nvml& library);
std::string cuda_report_text(const nlohmann::ordered_json& report); // lines for a terminal

} // namespace dilascope
