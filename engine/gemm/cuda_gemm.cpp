#include "engine/gemm/cuda_gemm.h"
#include <array>
#include <fmt/format.h>
#include <map>

namespace dilascope {

namespace {

using namespace cublas_lt_number;

constexpr std::int64_t gemm_workspace_bytes = 32 << 20; // what NVIDIA recommends for Hopper; enough before it

// A handle of the library, destroyed with this.
class LtHandle {
public:
    LtHandle() = default;
    LtHandle(const LtHandle&) = delete;
    ~LtHandle() {
        if (value) destroy(value);
    }
    void* value = nullptr;
    int (*destroy)(void*) = nullptr;
};

// Everything about a call but its pointers and factors, ready to run.
struct LtProduct {
    LtHandle operation, a, b, c; // the library's A is our B
    CublasLtChoice choice;
};

using LtKey = std::pair<GemmShapeKey, std::array<std::int64_t, 3>>;

// The largest power of two up to 16 that divides where the matrices of an operand start: kernels differ by it.
std::int64_t alignment_of(const void* data, std::int64_t batch_stride, std::size_t element_bytes) {
    const auto address = reinterpret_cast<std::uintptr_t>(data) | std::uintptr_t(batch_stride) * element_bytes | 16;
    return std::int64_t(address & (~address + 1));
}

class CudaGemm final : public Gemm {
public:
    CudaGemm(CudaDevice& device, const Stream& stream, const CublasLt& library)
        : device_(device), stream_(stream), library_(library) {}
    ~CudaGemm() override {
        products_.clear();
        if (handle_.value && device_.is_lost()) handle_.value = nullptr; // its memory went with the context
    }
    Result<void> open();
    std::string_view name() const override { return "cublaslt"; }
    KernelChoice choose(const GemmCall& call) override;
    Result<void> run(const GemmCall& call) override;

private:
    Result<void> check(int status, const char* what);
    Result<void> make_handle(LtHandle& handle, int (*destroy)(void*), int status, const char* what);
    Result<void> make_layout(LtHandle& layout, int type, std::int64_t rows, std::int64_t columns, std::int64_t stride,
                             std::int64_t batch, std::int64_t batch_stride);
    Result<void> make_operation(const GemmCall& call, LtHandle& operation);
    Result<void> make_choice(const GemmCall& call, LtProduct& product);
    Result<LtProduct*> product_for(const GemmCall& call);

    CudaDevice& device_;
    const Stream& stream_;
    const CublasLt& library_;
    LtHandle handle_;
    DeviceBuffer<std::byte> workspace_;
    std::map<LtKey, std::unique_ptr<LtProduct>> products_; // choosing takes about 0.1 ms, longer than small products
};

// After a failed call the device may be lost: then that is the answer.
Result<void> CudaGemm::check(int status, const char* what) {
    if (status == 0) return {};
    TRY(device_.synchronize(stream_));
    return fail(fmt::format("gemm cublaslt: {} answered {}; expected CUBLAS_STATUS_SUCCESS; see dilascope doctor", what,
                            library_.status_text(status)));
}

Result<void> CudaGemm::make_handle(LtHandle& handle, int (*destroy)(void*), int status, const char* what) {
    TRY(check(status, what));
    handle.destroy = destroy;
    return {};
}

Result<void> CudaGemm::open() {
    if (!library_.problem.empty()) return fail(library_.problem);
    TRY(device_.select());
    TRY(make_handle(handle_, library_.destroy, library_.create(&handle_.value), "cublasLtCreate"));
    workspace_ = TRY(device_.allocate<std::byte>(gemm_workspace_bytes, "cuda/gemm_workspace"));
    return {};
}

Result<void> CudaGemm::make_layout(LtHandle& layout, int type, std::int64_t rows, std::int64_t columns,
                                   std::int64_t stride, std::int64_t batch, std::int64_t batch_stride) {
    TRY(make_handle(layout, library_.destroy_layout,
                    library_.create_layout(&layout.value, type, std::uint64_t(rows), std::uint64_t(columns), stride),
                    "cublasLtMatrixLayoutCreate"));
    const int count = int(batch);
    TRY(check(library_.set_layout(layout.value, layout_batch_count, &count, sizeof count), "the batch count"));
    return check(library_.set_layout(layout.value, layout_batch_stride, &batch_stride, sizeof batch_stride),
                 "the batch stride");
}

// A row-major matrix is the transpose of a column-major one with the same numbers, and Cᵀ = op(B)ᵀ·op(A)ᵀ: the
// library gets B, then A, and writes Cᵀ. Its bias runs along the rows of Cᵀ: the columns of C.
Result<void> CudaGemm::make_operation(const GemmCall& call, LtHandle& operation) {
    TRY(make_handle(operation, library_.destroy_operation,
                    library_.create_operation(&operation.value, compute_f32, type_f32), "cublasLtMatmulDescCreate"));
    const int first = call.b_op == MatrixOp::plain ? plain : transposed;
    const int second = call.a_op == MatrixOp::plain ? plain : transposed;
    TRY(check(library_.set_operation(operation.value, operation_transpose_a, &first, sizeof first), "op(B)"));
    TRY(check(library_.set_operation(operation.value, operation_transpose_b, &second, sizeof second), "op(A)"));
    if (!call.bias) return {};
    const int epilogue = epilogue_bias;
    TRY(check(library_.set_operation(operation.value, operation_epilogue, &epilogue, sizeof epilogue), "the epilogue"));
    return check(library_.set_operation(operation.value, operation_bias, &call.bias, sizeof call.bias), "the bias");
}

Result<void> CudaGemm::make_choice(const GemmCall& call, LtProduct& product) {
    LtHandle preference;
    TRY(make_handle(preference, library_.destroy_preference, library_.create_preference(&preference.value),
                    "cublasLtMatmulPreferenceCreate"));
    const std::size_t bytes = std::size_t(gemm_workspace_bytes);
    TRY(check(library_.set_preference(preference.value, preference_workspace, &bytes, sizeof bytes), "the workspace"));
    const std::size_t element = dtype_bytes(call.dtype);
    const std::uint32_t alignments[] = {std::uint32_t(alignment_of(call.b, call.b_batch_stride, element)),
                                        std::uint32_t(alignment_of(call.a, call.a_batch_stride, element)),
                                        std::uint32_t(alignment_of(call.c, call.c_batch_stride, sizeof(float))),
                                        std::uint32_t(alignment_of(call.c, call.c_batch_stride, sizeof(float)))};
    for (int operand = 0; operand < 4; ++operand)
        TRY(check(library_.set_preference(preference.value, preference_alignment_a + operand, &alignments[operand],
                                          sizeof alignments[operand]),
                  "an alignment"));
    int found = 0;
    const int status = library_.choose(handle_.value, product.operation.value, product.a.value, product.b.value,
                                       product.c.value, product.c.value, preference.value, 1, &product.choice, &found);
    if (status == 0 && found > 0 && product.choice.status == 0) return {};
    TRY(device_.synchronize(stream_));
    return fail(fmt::format("gemm cublaslt: {} × {} × {} of {}: no algorithm ({}); expected a supported product",
                            call.rows, call.columns, call.inner, enum_name(call.dtype), library_.status_text(status)));
}

LtKey lt_key(const GemmCall& call) {
    const std::size_t element = dtype_bytes(call.dtype);
    return {shape_key(call),
            {alignment_of(call.a, call.a_batch_stride, element), alignment_of(call.b, call.b_batch_stride, element),
             alignment_of(call.c, call.c_batch_stride, sizeof(float))}};
}

Result<LtProduct*> CudaGemm::product_for(const GemmCall& call) {
    constexpr std::size_t kept = 1024;
    const LtKey key = lt_key(call);
    if (const auto found = products_.find(key); found != products_.end()) return found->second.get();
    if (products_.size() >= kept) products_.clear();
    auto product = std::make_unique<LtProduct>();
    const int type = call.dtype == Dtype::f16 ? type_f16 : call.dtype == Dtype::bf16 ? type_bf16 : type_f32;
    const bool is_a_plain = call.a_op == MatrixOp::plain, is_b_plain = call.b_op == MatrixOp::plain;
    TRY(make_operation(call, product->operation));
    TRY(make_layout(product->a, type, is_b_plain ? call.columns : call.inner, is_b_plain ? call.inner : call.columns,
                    call.b_stride, call.batch, call.b_batch_stride));
    TRY(make_layout(product->b, type, is_a_plain ? call.inner : call.rows, is_a_plain ? call.rows : call.inner,
                    call.a_stride, call.batch, call.a_batch_stride));
    TRY(make_layout(product->c, type_f32, call.columns, call.rows, call.c_stride, call.batch, call.c_batch_stride));
    TRY(make_choice(call, *product));
    return (products_[key] = std::move(product)).get();
}

KernelChoice CudaGemm::choose(const GemmCall& call) {
    const auto full = complete(call);
    if (!full) return {"", full.error().what};
    if (const auto selected = device_.select(); !selected) return {"", selected.error().what};
    const auto product = product_for(*full);
    if (!product) return {"", product.error().what};
    const std::size_t version = library_.version();
    return {"cublaslt/heuristic",
            fmt::format("cuBLASLt {}.{}.{}, {} KiB of workspace", version / 10000, version / 100 % 100, version % 100,
                        (*product)->choice.workspace_bytes / 1024)};
}

Result<void> CudaGemm::run(const GemmCall& call) {
    const GemmCall full = TRY(complete(call));
    TRY(device_.select());
    LtProduct& product = *TRY(product_for(full));
    if (full.bias) // the product may have been made for another bias
        TRY(check(library_.set_operation(product.operation.value, operation_bias, &full.bias, sizeof full.bias),
                  "the bias"));
    return check(library_.multiply(handle_.value, product.operation.value, &full.alpha, full.b, product.a.value, full.a,
                                   product.b.value, &full.beta, full.c, product.c.value, full.c, product.c.value,
                                   product.choice.algorithm, workspace_.data(), std::size_t(gemm_workspace_bytes),
                                   stream_.handle().value),
                 "cublasLtMatmul");
}

} // namespace

Result<std::unique_ptr<Gemm>> make_cuda_gemm(CudaDevice& device, const Stream& stream, const CublasLt& library) {
    auto gemm = std::make_unique<CudaGemm>(device, stream, library);
    TRY(gemm->open());
    return gemm;
}

} // namespace dilascope
