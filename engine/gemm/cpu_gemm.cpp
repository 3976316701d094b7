#include "engine/gemm/cpu_gemm.h"
#include "engine/dtype_convert.h"
#include "engine/memory/buffer.h"
#include <bit>
#include <fmt/format.h>
#include <map>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.h>
#include <oneapi/dnnl/dnnl.hpp>
#include <oneapi/dnnl/dnnl_debug.h>
#include <tuple>
#include <unordered_map>

namespace dilascope {

namespace {

using Type = dnnl::memory::data_type;

// What a primitive is made for: the shape, alpha and beta.
using PrimitiveKey = std::tuple<GemmShapeKey, std::int32_t, std::int32_t>;
PrimitiveKey primitive_key(const GemmCall& call) {
    return {shape_key(call), std::bit_cast<std::int32_t>(call.alpha), std::bit_cast<std::int32_t>(call.beta)};
}

// A primitive, or why there is none.
struct CpuProduct {
    dnnl::matmul primitive;
    dnnl::memory::desc a, b, c, bias;
    std::size_t scratch_bytes = 0;
    std::string implementation; // oneDNN's name of what runs
    std::string problem;
};

Type type_of(Dtype dtype) { return dtype == Dtype::f16 ? Type::f16 : dtype == Dtype::bf16 ? Type::bf16 : Type::f32; }

const dnnl::engine& cpu_engine() {
    static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    return engine;
}

dnnl::memory::desc matrix(const GemmCall& call, std::int64_t rows, std::int64_t columns, Type type,
                          std::int64_t batch_stride, std::int64_t stride, MatrixOp op) {
    const std::int64_t down = op == MatrixOp::plain ? stride : 1, right = op == MatrixOp::plain ? 1 : stride;
    if (call.batch == 1) return {{rows, columns}, type, {down, right}};
    return {{call.batch, rows, columns}, type, {batch_stride, down, right}};
}

// Steps that change nothing are left out, as they cost time. Bias is the primitive's own: as a binary step oneDNN 2.6
// reads it out of bounds where matrices of a batch have a gap between them.
dnnl::primitive_attr attributes(const GemmCall& call) {
    dnnl::post_ops steps;
    if (call.alpha != 1) {
#if DNNL_VERSION_MAJOR >= 3
        steps.append_eltwise(dnnl::algorithm::eltwise_linear, call.alpha, 0);
#else
        steps.append_eltwise(1, dnnl::algorithm::eltwise_linear, call.alpha, 0);
#endif
    }
    if (call.beta != 0) steps.append_sum(call.beta);
    dnnl::primitive_attr attributes;
    attributes.set_post_ops(steps);
    attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user); // the library's own is tied to one thread
    attributes.set_fpmath_mode(dnnl::fpmath_mode::strict);       // f32 stays f32, whatever the environment says
    return attributes;
}

dnnl::matmul::primitive_desc describe(const GemmCall& call, const CpuProduct& product) {
    const dnnl::primitive_attr attr = attributes(call);
    const dnnl::memory::desc bias = call.bias ? product.bias : dnnl::memory::desc();
#if DNNL_VERSION_MAJOR >= 3
    return {cpu_engine(), product.a, product.b, bias, product.c, attr, true};
#else
    const dnnl::matmul::desc operation(product.a, product.b, bias, product.c);
    return {operation, attr, cpu_engine(), true};
#endif
}

CpuProduct make_product(const GemmCall& call) {
    CpuProduct product;
    const Type type = type_of(call.dtype);
    product.a = matrix(call, call.rows, call.inner, type, call.a_batch_stride, call.a_stride, call.a_op);
    product.b = matrix(call, call.inner, call.columns, type, call.b_batch_stride, call.b_stride, call.b_op);
    product.c = matrix(call, call.rows, call.columns, Type::f32, call.c_batch_stride, call.c_stride, MatrixOp::plain);
    const dnnl::memory::dims one_row =
        call.batch == 1 ? dnnl::memory::dims{1, call.columns} : dnnl::memory::dims{1, 1, call.columns};
    const dnnl::memory::dims one_row_strides =
        call.batch == 1 ? dnnl::memory::dims{call.columns, 1} : dnnl::memory::dims{call.columns, call.columns, 1};
    product.bias = {one_row, Type::f32, one_row_strides};
    try {
        const dnnl::matmul::primitive_desc made = describe(call, product);
        if (!made) {
            product.problem = "oneDNN has no implementation";
            return product;
        }
        product.implementation = made.impl_info_str();
        product.scratch_bytes = made.scratchpad_desc().get_size();
        product.primitive = dnnl::matmul(made);
    } catch (const dnnl::error& error) {
        product.problem = fmt::format("oneDNN refuses: {}", error.what());
    }
    return product;
}

class CpuGemm final : public Gemm {
public:
    std::string_view name() const override { return "onednn"; }
    KernelChoice choose(const GemmCall& call) override;
    Result<void> run(const GemmCall& call) override;

private:
    std::shared_ptr<const CpuProduct> product_for(const GemmCall& call);
    bool needs_widening(const GemmCall& call);
    Result<void> run_widened(const GemmCall& call);
    Result<void> run_one_by_one(const GemmCall& call);
    Result<void> execute(const GemmCall& call);

    std::mutex mutex_;
    std::map<PrimitiveKey, std::shared_ptr<const CpuProduct>> products_; // creation takes milliseconds
};

std::shared_ptr<const CpuProduct> CpuGemm::product_for(const GemmCall& call) {
    constexpr std::size_t kept = 256; // more than a model has shapes of
    const PrimitiveKey key = primitive_key(call);
    std::lock_guard lock(mutex_);
    if (const auto found = products_.find(key); found != products_.end()) return found->second;
    if (products_.size() >= kept) products_.clear();
    return products_[key] = std::make_shared<const CpuProduct>(make_product(call));
}

// alpha·AB + (beta·C + bias): its steps as a primitive make oneDNN fall to its slow loop, so dnnl_sgemm does it.
bool is_scaled_sum(const GemmCall& call) { return call.alpha != 1 && (call.beta != 0 || call.bias); }

// A batch whose matrices share A or B runs one by one too: oneDNN's broadcast falls to the slow loop.
bool runs_one_by_one(const GemmCall& call) {
    return call.batch > 1 && (call.a_batch_stride == 0 || call.b_batch_stride == 0 || is_scaled_sum(call));
}

GemmCall one_of(const GemmCall& call, std::int64_t index) {
    GemmCall one = call;
    const auto bytes = std::int64_t(dtype_bytes(call.dtype));
    one.a = static_cast<const std::byte*>(call.a) + index * call.a_batch_stride * bytes;
    one.b = static_cast<const std::byte*>(call.b) + index * call.b_batch_stride * bytes;
    one.c = call.c + index * call.c_batch_stride;
    one.batch = 1, one.a_batch_stride = one.b_batch_stride = one.c_batch_stride = 0;
    return one;
}

bool CpuGemm::needs_widening(const GemmCall& call) {
    if (call.dtype == Dtype::f32) return false;
    if (is_scaled_sum(call)) return true;
    const auto product = product_for(runs_one_by_one(call) ? one_of(call, 0) : call);
    return !product->problem.empty() || product->implementation.starts_with("ref");
}

// `call` with A and B as f32 whose rows and matrices lie side by side.
GemmCall widened_shape(const GemmCall& call) {
    GemmCall wide = call;
    wide.dtype = Dtype::f32;
    wide.a_stride = call.a_op == MatrixOp::plain ? call.inner : call.rows;
    wide.b_stride = call.b_op == MatrixOp::plain ? call.columns : call.inner;
    if (call.a_batch_stride != 0) wide.a_batch_stride = call.rows * call.inner;
    if (call.b_batch_stride != 0) wide.b_batch_stride = call.inner * call.columns;
    return wide;
}

// One operand as widened_shape() has it: `columns` is its leading dimension there, `stride` the one it has.
Result<Buffer<float>> widened(const GemmCall& call, const void* from, std::int64_t elements, std::int64_t columns,
                              std::int64_t stride, std::int64_t batch_stride, const char* owner) {
    const std::int64_t matrices = batch_stride == 0 ? 1 : call.batch, rows = elements / columns;
    auto wide = TRY(Buffer<float>::allocate(matrices * elements, owner));
    const auto* values = static_cast<const std::uint16_t*>(from);
    const bool is_f16 = call.dtype == Dtype::f16;
#pragma omp parallel for
    for (std::int64_t row = 0; row < matrices * rows; ++row) {
        const std::uint16_t* narrow_row = values + row / rows * batch_stride + row % rows * stride;
        float* wide_row = wide.data() + row * columns;
        for (std::int64_t column = 0; column < columns; ++column)
            wide_row[column] = is_f16 ? f32_from_f16(narrow_row[column]) : f32_from_bf16(narrow_row[column]);
    }
    return wide;
}

Result<void> CpuGemm::run_widened(const GemmCall& call) {
    GemmCall wide = widened_shape(call);
    const auto a = TRY(widened(call, call.a, call.rows * call.inner, wide.a_stride, call.a_stride, call.a_batch_stride,
                               "gemm/widened_a"));
    const auto b = TRY(widened(call, call.b, call.inner * call.columns, wide.b_stride, call.b_stride,
                               call.b_batch_stride, "gemm/widened_b"));
    wide.a = a.data(), wide.b = b.data();
    return runs_one_by_one(wide) ? run_one_by_one(wide) : execute(wide);
}

Result<void> CpuGemm::run_one_by_one(const GemmCall& call) {
    for (std::int64_t index = 0; index < call.batch; ++index) TRY(execute(one_of(call, index)));
    return {};
}

// One matrix: beta·C + bias first, then dnnl_sgemm adds the product to it.
Result<void> run_scaled_sum(const GemmCall& call) {
#pragma omp parallel for
    for (std::int64_t row = 0; row < call.rows; ++row) {
        float* c_row = call.c + row * call.c_stride;
        for (std::int64_t column = 0; column < call.columns; ++column)
            c_row[column] = (call.beta != 0 ? call.beta * c_row[column] : 0) + (call.bias ? call.bias[column] : 0);
    }
    const auto letter = [](MatrixOp op) { return op == MatrixOp::plain ? 'N' : 'T'; };
    const dnnl_status_t status = dnnl_sgemm(letter(call.a_op), letter(call.b_op), call.rows, call.columns, call.inner,
                                            call.alpha, static_cast<const float*>(call.a), call.a_stride,
                                            static_cast<const float*>(call.b), call.b_stride, 1, call.c, call.c_stride);
    if (status == dnnl_success) return {};
    return fail(fmt::format("gemm onednn: dnnl_sgemm answered {}; expected it to run", dnnl_status2str(status)));
}

Result<void> CpuGemm::execute(const GemmCall& call) {
    if (is_scaled_sum(call)) return run_scaled_sum(call);
    const auto product = product_for(call);
    if (!product->problem.empty())
        return fail(fmt::format("gemm onednn: {} × {} × {} of {}: {}; expected a supported product", call.rows,
                                call.columns, call.inner, enum_name(call.dtype), product->problem));
    static thread_local Buffer<std::byte> scratch;
    if (scratch.size() < std::int64_t(product->scratch_bytes))
        scratch = TRY(Buffer<std::byte>::allocate(std::int64_t(product->scratch_bytes), "gemm/scratch"));
    try {
        static thread_local dnnl::stream stream(cpu_engine());
        const auto at = [](const dnnl::memory::desc& desc, const void* data) {
            return dnnl::memory(desc, cpu_engine(), const_cast<void*>(data));
        };
        const dnnl::memory::desc scratch_desc({std::int64_t(product->scratch_bytes)}, Type::u8,
                                              dnnl::memory::format_tag::a);
        std::unordered_map<int, dnnl::memory> arguments = {{DNNL_ARG_SRC, at(product->a, call.a)},
                                                           {DNNL_ARG_WEIGHTS, at(product->b, call.b)},
                                                           {DNNL_ARG_DST, at(product->c, call.c)},
                                                           {DNNL_ARG_SCRATCHPAD, at(scratch_desc, scratch.data())}};
        if (call.bias) arguments.emplace(DNNL_ARG_BIAS, at(product->bias, call.bias));
        product->primitive.execute(stream, arguments);
        stream.wait();
    } catch (const dnnl::error& error) {
        return fail(
            fmt::format("gemm onednn: {} failed: {}; expected it to run", product->implementation, error.what()));
    }
    return {};
}

KernelChoice CpuGemm::choose(const GemmCall& call) {
    auto full = complete(call);
    if (!full) return {"", full.error().what};
    const std::string_view dtype = enum_name(full->dtype);
    const bool is_widened = needs_widening(*full);
    if (is_widened) full = widened_shape(*full);
    std::string implementation = "sgemm";
    if (!is_scaled_sum(*full)) {
        const auto product = product_for(runs_one_by_one(*full) ? one_of(*full, 0) : *full);
        if (!product->problem.empty()) return {"", product->problem};
        implementation = product->implementation;
    }
    const dnnl_version_t& version = *dnnl::version();
    return {fmt::format("onednn/{}", implementation),
            fmt::format("oneDNN {}.{}.{}{}{}", version.major, version.minor, version.patch,
                        is_widened ? fmt::format("; {} is widened to f32", dtype) : "",
                        runs_one_by_one(*full) ? "; the batch runs one by one" : "")};
}

Result<void> CpuGemm::run(const GemmCall& call) {
    const GemmCall full = TRY(complete(call));
    if (needs_widening(full)) return run_widened(full);
    return runs_one_by_one(full) ? run_one_by_one(full) : execute(full);
}

} // namespace

Gemm& cpu_gemm() {
    static CpuGemm gemm;
    return gemm;
}

} // namespace dilascope
