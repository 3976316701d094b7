#pragma once
// CublasLt: the functions of NVIDIA's matrix library that cuda_gemm.cpp calls, found at run time. Tests fill the struct
// with functions of their own.
//
// Why not linked: the library is half a gigabyte (loading it took 0.1 s warm and 0.5 s cold, measured), and the binary
// must start where there is neither driver nor toolkit. Its numbers below are of its binary interface, which does not
// change within a major version; where the toolkit is there, cublas_lt.cpp checks them against its header when it
// compiles.
#include <cstddef>
#include <cstdint>
#include <string>

namespace dilascope {

// What a heuristic answers: an algorithm, which is data of the library's own, and the workspace it needs.
struct CublasLtChoice {
    std::uint64_t algorithm[8] = {};
    std::size_t workspace_bytes = 0;
    int status = 0;
    float waves = 0;
    int reserved[4] = {};
};

// All return 0 for success. Handles are the library's; matrices are column-major there.
struct CublasLt {
    std::string problem; // why there is none, and the mend; the pointers are null then
    int (*create)(void** handle) = nullptr;
    int (*destroy)(void* handle) = nullptr;
    int (*create_operation)(void** operation, int compute_type, int scale_type) = nullptr;
    int (*destroy_operation)(void* operation) = nullptr;
    int (*set_operation)(void* operation, int attribute, const void* value, std::size_t bytes) = nullptr;
    int (*create_layout)(void** layout, int type, std::uint64_t rows, std::uint64_t columns,
                         std::int64_t stride) = nullptr;
    int (*destroy_layout)(void* layout) = nullptr;
    int (*set_layout)(void* layout, int attribute, const void* value, std::size_t bytes) = nullptr;
    int (*create_preference)(void** preference) = nullptr;
    int (*destroy_preference)(void* preference) = nullptr;
    int (*set_preference)(void* preference, int attribute, const void* value, std::size_t bytes) = nullptr;
    int (*choose)(void* handle, void* operation, void* a, void* b, void* c, void* d, void* preference, int asked,
                  CublasLtChoice* choices, int* found) = nullptr;
    int (*multiply)(void* handle, void* operation, const void* alpha, const void* a, void* a_layout, const void* b,
                    void* b_layout, const void* beta, const void* c, void* c_layout, void* d, void* d_layout,
                    const void* algorithm, void* workspace, std::size_t workspace_bytes, void* stream) = nullptr;
    const char* (*status_text)(int status) = nullptr; // "CUBLAS_STATUS_NOT_SUPPORTED"
    std::size_t (*version)() = nullptr;               // 130002 is 13.0.2
};

// Numbers of cublasLt.h, cublas_api.h and library_types.h.
namespace cublas_lt_number {
constexpr int type_f32 = 0, type_f16 = 2, type_bf16 = 14;
constexpr int compute_f32 = 68; // products and sums of f32: no TF32
constexpr int operation_transpose_a = 3, operation_transpose_b = 4, operation_epilogue = 7, operation_bias = 8;
constexpr int epilogue_bias = 4;
constexpr int plain = 0, transposed = 1;
constexpr int layout_batch_count = 5, layout_batch_stride = 6;
constexpr int preference_workspace = 1;
constexpr int preference_alignment_a = 5, preference_alignment_b = 6; // then of C and D
} // namespace cublas_lt_number

const CublasLt& cublas_lt(); // loaded at the first call, and kept until the process ends

} // namespace dilascope
