// Products by cuBLASLt's seam, on a library that multiplies on the host by the attributes it gets.
#include "tests/contains.h"
#include "tests/emulated_gpu/emulated_api.h"
#include "tests/engine/device_gemm.h"
#include "tests/engine/fake_cublas_lt.h"

using namespace dilascope;

namespace {

// A device, a stream, and the products on them.
struct GemmSetup {
    GemmSetup() {
        fake_lt::counts = {};
        device = CudaDevice::open(api).value();
        stream = device->create_stream().value();
        gemm = make_cuda_gemm(*device, stream, library).value();
    }
    ~GemmSetup() {
        const bool is_lost = device->is_lost();
        gemm.reset();
        stream = {};
        device.reset();
        CHECK((is_lost || (fake_lt::counts.live == 0 && api.leaks() == "")));
        CHECK(api.mistakes().empty());
    }
    EmulatedApi api;
    CublasLt library = fake_lt::library();
    std::unique_ptr<CudaDevice> device;
    Stream stream;
    std::unique_ptr<Gemm> gemm;
};

Result<void> run_on_device(GemmSetup& setup, GemmCase& c) {
    return run_on_device(*setup.device, setup.stream, *setup.gemm, c);
}

GemmCase small_case() {
    GemmCase c;
    c.call.rows = 3, c.call.columns = 4, c.call.inner = 5;
    c.call.a_stride = 5, c.call.b_stride = 4, c.call.c_stride = 4;
    std::mt19937_64 random(50);
    fill_gemm_case(c, random);
    return c;
}

} // namespace

TEST_CASE("row-major products come out right of a column-major library", "[cuda][gemm]") {
    GemmSetup setup;
    check_products(*setup.device, setup.stream, *setup.gemm, {1, 2, 3, 7, 16, 17, 31}, 200);
}

TEST_CASE("a shape is prepared once, whatever its pointers, factors and bias", "[cuda][gemm]") {
    GemmSetup setup;
    GemmCase c = small_case();
    c.call.bias = c.bias.data();
    const int live = fake_lt::counts.live;
    for (float beta : {0.f, 1.f, 0.5f}) {
        c.call.beta = beta, c.call.alpha = beta + 1;
        for (float& value : c.bias) value += 1; // and its device memory is another each time
        const std::vector<double> truth = product_of(c);
        REQUIRE(run_on_device(setup, c));
        CHECK(worst_excess(c, truth) <= 0);
    }
    CHECK(fake_lt::counts.choices == 1);
    CHECK(fake_lt::counts.products == 3);
    CHECK(fake_lt::counts.live == live + 4); // the operation and three layouts
    c.call.bias = nullptr;
    REQUIRE(run_on_device(setup, c));
    CHECK(fake_lt::counts.choices == 2);
}

TEST_CASE("algorithms are chosen by how operands are aligned", "[cuda][gemm]") {
    GemmSetup setup;
    auto memory = setup.device->allocate<float>(1000, "cuda/test_memory").value();
    GemmCall call;
    call.rows = call.columns = call.inner = 4;
    call.a = memory.data(), call.b = memory.data() + 101, call.c = memory.data() + 202;
    REQUIRE(setup.gemm->run(call));
    CHECK(fake_lt::counts.alignments[0] == 4); // B comes first
    CHECK(fake_lt::counts.alignments[1] == 16);
    CHECK(fake_lt::counts.alignments[2] == 8);
    CHECK(fake_lt::counts.alignments[3] == 8);
    call.a = memory.data() + 1;
    REQUIRE(setup.gemm->run(call));
    CHECK(fake_lt::counts.alignments[1] == 4);
    call.batch = 2, call.a = memory.data(), call.a_batch_stride = 18, call.b_batch_stride = 16,
    call.c_batch_stride = 16;
    REQUIRE(setup.gemm->run(call));
    CHECK(fake_lt::counts.alignments[1] == 8);
    CHECK(fake_lt::counts.choices == 3);
}

TEST_CASE("what the library refuses is told, a lost device says so", "[cuda][gemm]") {
    GemmSetup setup;
    GemmCase c = small_case();
    CHECK(setup.gemm->choose(c.call).kernel == "cublaslt/heuristic");
    CHECK(setup.gemm->choose(c.call).reason == "cuBLASLt 13.1.2, 1 KiB of workspace");
    fake_lt::counts.multiply_status = 13;
    CHECK(run_on_device(setup, c).error().what == "gemm cublaslt: cublasLtMatmul answered "
                                                  "CUBLAS_STATUS_EXECUTION_FAILED; expected CUBLAS_STATUS_SUCCESS; "
                                                  "see dilascope doctor");
    fake_lt::counts.choose_status = fake_lt::not_supported;
    c.call.dtype = Dtype::bf16;
    const std::string none = "gemm cublaslt: 3 × 4 × 5 of bf16: no algorithm (CUBLAS_STATUS_NOT_SUPPORTED); expected a "
                             "supported product";
    CHECK(setup.gemm->run(c.call).error().what == none);
    CHECK(setup.gemm->choose(c.call).reason == none);
    c.call.inner = 0;
    CHECK(setup.gemm->run(c.call).error().what == "gemm: inner is 0; expected at least 1");
    c.call = small_case().call;
    setup.api.fail_at(ApiCall::synchronize, 1, DeviceStatus::lost);
    CHECK_THAT(setup.gemm->run(c.call).error().what, contains("(Emulated H100) was lost at"));
    CHECK_THAT(setup.gemm->choose(c.call).reason, contains("(Emulated H100) was lost at"));
}

TEST_CASE("without the library there is a sentence, and this machine's loads or says why not", "[cuda][gemm][slow]") {
    EmulatedApi api;
    auto device = CudaDevice::open(api).value();
    Stream stream = device->create_stream().value();
    CublasLt none;
    none.problem = "no library";
    CHECK(make_cuda_gemm(*device, stream, none).error().what == "no library");
    const CublasLt& own = cublas_lt();
    CHECK(own.problem.empty() == (own.multiply != nullptr));
    if (!own.problem.empty()) return;
    CHECK(own.version() >= 120000);
    // What needs no GPU of it: attributes are taken at the sizes they are given with.
    void *operation = nullptr, *layout = nullptr, *preference = nullptr;
    REQUIRE(own.create_operation(&operation, cublas_lt_number::compute_f32, cublas_lt_number::type_f32) == 0);
    const int transposed = cublas_lt_number::transposed, epilogue = cublas_lt_number::epilogue_bias, batch = 3;
    const float* bias = nullptr;
    const std::int64_t batch_stride = 64;
    const std::size_t workspace = 1 << 20;
    const std::uint32_t alignment = 8;
    CHECK(own.set_operation(operation, cublas_lt_number::operation_transpose_a, &transposed, sizeof transposed) == 0);
    CHECK(own.set_operation(operation, cublas_lt_number::operation_transpose_b, &transposed, sizeof transposed) == 0);
    CHECK(own.set_operation(operation, cublas_lt_number::operation_epilogue, &epilogue, sizeof epilogue) == 0);
    CHECK(own.set_operation(operation, cublas_lt_number::operation_bias, &bias, sizeof bias) == 0);
    CHECK(own.set_operation(operation, cublas_lt_number::operation_bias, &bias, 4) != 0);
    REQUIRE(own.create_layout(&layout, cublas_lt_number::type_bf16, 8, 8, 8) == 0);
    CHECK(own.set_layout(layout, cublas_lt_number::layout_batch_count, &batch, sizeof batch) == 0);
    CHECK(own.set_layout(layout, cublas_lt_number::layout_batch_stride, &batch_stride, sizeof batch_stride) == 0);
    REQUIRE(own.create_preference(&preference) == 0);
    CHECK(own.set_preference(preference, cublas_lt_number::preference_workspace, &workspace, sizeof workspace) == 0);
    for (int operand = 0; operand < 4; ++operand)
        CHECK(own.set_preference(preference, cublas_lt_number::preference_alignment_a + operand, &alignment,
                                 sizeof alignment) == 0);
    CHECK(own.destroy_preference(preference) == 0);
    CHECK(own.destroy_layout(layout) == 0);
    CHECK(own.destroy_operation(operation) == 0);
    CHECK(std::string(own.status_text(15)) == "CUBLAS_STATUS_NOT_SUPPORTED");
}
