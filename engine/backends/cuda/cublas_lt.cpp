#include "engine/backends/cuda/cublas_lt.h"
#include <dlfcn.h>
#include <fmt/format.h>
#ifdef DILASCOPE_HAS_CUDA
#include <cublasLt.h>
#endif

namespace dilascope {

#ifdef DILASCOPE_HAS_CUDA

namespace {

using namespace cublas_lt_number;
static_assert(type_f32 == CUDA_R_32F && type_f16 == CUDA_R_16F && type_bf16 == CUDA_R_16BF);
static_assert(compute_f32 == CUBLAS_COMPUTE_32F && plain == CUBLAS_OP_N && transposed == CUBLAS_OP_T);
static_assert(operation_transpose_a == CUBLASLT_MATMUL_DESC_TRANSA);
static_assert(operation_transpose_b == CUBLASLT_MATMUL_DESC_TRANSB);
static_assert(operation_epilogue == CUBLASLT_MATMUL_DESC_EPILOGUE &&
              operation_bias == CUBLASLT_MATMUL_DESC_BIAS_POINTER);
static_assert(epilogue_bias == CUBLASLT_EPILOGUE_BIAS);
static_assert(layout_batch_count == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT);
static_assert(layout_batch_stride == CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET);
static_assert(preference_workspace == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES);
static_assert(preference_alignment_a == CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES);
static_assert(sizeof(CublasLtChoice) == sizeof(cublasLtMatmulHeuristicResult_t));
static_assert(offsetof(CublasLtChoice, workspace_bytes) == offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(CublasLtChoice, status) == offsetof(cublasLtMatmulHeuristicResult_t, state));

template <class Function> void find(void* library, const char* name, Function*& function, std::string& missing) {
    function = reinterpret_cast<Function*>(dlsym(library, name));
    if (!function) missing = name;
}

// Of the toolkit that built this binary; else from where that toolkit was (DILASCOPE_CUDA_LIBRARY_DIR).
CublasLt load_cublas_lt() {
    CublasLt found;
    const std::string name = fmt::format("libcublasLt.so.{}", CUBLAS_VER_MAJOR);
    void* library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) library = dlopen((DILASCOPE_CUDA_LIBRARY_DIR "/" + name).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        found.problem = fmt::format("{} is not on this machine; expected it for matrix products on the GPU; install "
                                    "cuBLAS of CUDA {}",
                                    name, CUBLAS_VER_MAJOR);
        return found;
    }
    std::string missing;
    find(library, "cublasLtCreate", found.create, missing);
    find(library, "cublasLtDestroy", found.destroy, missing);
    find(library, "cublasLtMatmulDescCreate", found.create_operation, missing);
    find(library, "cublasLtMatmulDescDestroy", found.destroy_operation, missing);
    find(library, "cublasLtMatmulDescSetAttribute", found.set_operation, missing);
    find(library, "cublasLtMatrixLayoutCreate", found.create_layout, missing);
    find(library, "cublasLtMatrixLayoutDestroy", found.destroy_layout, missing);
    find(library, "cublasLtMatrixLayoutSetAttribute", found.set_layout, missing);
    find(library, "cublasLtMatmulPreferenceCreate", found.create_preference, missing);
    find(library, "cublasLtMatmulPreferenceDestroy", found.destroy_preference, missing);
    find(library, "cublasLtMatmulPreferenceSetAttribute", found.set_preference, missing);
    find(library, "cublasLtMatmulAlgoGetHeuristic", found.choose, missing);
    find(library, "cublasLtMatmul", found.multiply, missing);
    find(library, "cublasLtGetStatusName", found.status_text, missing);
    find(library, "cublasLtGetVersion", found.version, missing);
    if (!missing.empty()) {
        found = {};
        found.problem = fmt::format("{} has no {}; expected cuBLAS of CUDA 12.4 or newer", name, missing);
    }
    return found;
}

} // namespace

#else

static CublasLt load_cublas_lt() {
    CublasLt found;
    found.problem = "cuda: built without CUDA";
    return found;
}

#endif

const CublasLt& cublas_lt() {
    static const CublasLt* loaded = new CublasLt(load_cublas_lt());
    return *loaded;
}

} // namespace dilascope
