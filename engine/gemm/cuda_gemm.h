#pragma once
// Matrix products on a GPU by cuBLASLt. Pointers are the device's; run() is asynchronous on the stream it was made for.
#include "engine/backends/cuda/cublas_lt.h"
#include "engine/backends/cuda/device.h"
#include "engine/gemm/gemm.h"
#include <memory>

namespace dilascope {

// For one stream and one thread at a time. `device` and `stream` outlive it; so does `library`.
Result<std::unique_ptr<Gemm>> make_cuda_gemm(CudaDevice& device, const Stream& stream,
                                             const CublasLt& library = cublas_lt());

} // namespace dilascope
