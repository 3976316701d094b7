// Matrix products against a triple loop in float64: every operation, type and awkward size.
#include "engine/gemm/cpu_gemm.h"
#include "tests/catch.h"
#include "tests/contains.h"
#include "tests/engine/gemm_case.h"
#include <limits>
#include <thread>

using namespace dilascope;

static void check_product(Gemm& gemm, GemmCase& c) {
    const KernelChoice choice = gemm.choose(c.call);
    INFO(describe(c.call) << ": " << choice.kernel << ", " << choice.reason);
    REQUIRE(choice.supported());
    REQUIRE(choice.kernel.find("ref") == std::string::npos); // a loop that is a hundred times slower
    const std::vector<float> before = c.c;
    const std::vector<double> truth = product_of(c);
    const auto done = gemm.run(c.call);
    if (!done) FAIL(done.error().what);
    REQUIRE(worst_excess(c, truth) <= 0);
    REQUIRE(is_padding_kept(c, before));
}

TEST_CASE("oneDNN's products are those of a triple loop", "[gemm]") {
    std::mt19937_64 random(41);
    for (int trial = 0; trial < 100; ++trial) {
        GemmCase c = random_gemm_case(random, {1, 2, 3, 7, 16, 17, 31, 64, 65});
        check_product(cpu_gemm(), c);
    }
}

TEST_CASE("oneDNN's large products are those of a triple loop", "[gemm][slow]") {
    std::mt19937_64 random(42);
    for (int trial = 0; trial < 30; ++trial) {
        GemmCase c = random_gemm_case(random, {127, 128, 129, 300});
        check_product(cpu_gemm(), c);
    }
}

TEST_CASE("a product that does not add to C never reads it", "[gemm]") {
    for (Dtype dtype : {Dtype::f32, Dtype::f16, Dtype::bf16})
        for (float alpha : {1.f, 0.5f}) {
            std::mt19937_64 random(43);
            GemmCase c = random_gemm_case(random, {17, 33});
            c.call.dtype = dtype, c.call.alpha = alpha, c.call.beta = 0;
            fill_gemm_case(c, random);
            const std::vector<double> truth = product_of(c);
            for (float& value : c.c) value = std::numeric_limits<float>::quiet_NaN();
            REQUIRE(cpu_gemm().run(c.call));
            CHECK(worst_excess(c, truth) <= 0);
        }
}

TEST_CASE("16-bit values are multiplied exactly and summed in f32", "[gemm]") {
    // One product of two values is exact in f32; 2048 ones sum to 2048 + 1 only if the sum is not of 16 bits.
    for (Dtype dtype : {Dtype::f16, Dtype::bf16}) {
        const float value = 1 + 0x1p-7f; // a value of both types; its square needs 15 bits
        const auto narrow = dtype == Dtype::f16 ? f16_from_f32 : bf16_from_f32;
        std::vector<std::uint16_t> a(1, narrow(value)), b = a;
        float c = 0;
        GemmCall call;
        call.rows = call.columns = call.inner = 1;
        call.dtype = dtype, call.a = a.data(), call.b = b.data(), call.c = &c;
        REQUIRE(cpu_gemm().run(call));
        CHECK(c == value * value);
        a.assign(2049, narrow(1)), b.assign(2049, narrow(1));
        call.inner = 2049, call.a = a.data(), call.b = b.data();
        REQUIRE(cpu_gemm().run(call));
        CHECK(c == 2049);
    }
}

TEST_CASE("what would run is told, and what cannot is refused with its reason", "[gemm]") {
    std::mt19937_64 random(44);
    GemmCase c = random_gemm_case(random, {16});
    c.call.dtype = Dtype::bf16;
    fill_gemm_case(c, random);
    const KernelChoice choice = cpu_gemm().choose(c.call);
    INFO(choice.kernel << ": " << choice.reason);
    CHECK_THAT(choice.kernel, contains("onednn/"));
    CHECK_THAT(choice.reason, contains("oneDNN "));

    const auto refused = [](GemmCall call, const char* why) {
        CHECK(cpu_gemm().run(call).error().what == why);
        CHECK(cpu_gemm().choose(call).reason == why);
        CHECK_FALSE(cpu_gemm().choose(call).supported());
    };
    GemmCall call = c.call;
    call.rows = 0;
    refused(call, "gemm: rows is 0; expected at least 1");
    call = c.call, call.inner = -1;
    refused(call, "gemm: inner is -1; expected at least 1");
    call = c.call, call.c_stride = call.columns - 1;
    refused(call, "gemm: c_stride is 15; expected at least 16");
    call = c.call, call.a_op = MatrixOp::transposed, call.rows = 40, call.a_stride = 39;
    refused(call, "gemm: a_stride is 39; expected at least 40");
    call = c.call, call.batch = 2, call.c_stride = 20, call.c_batch_stride = 315;
    refused(call, "gemm: c_batch_stride is 315; expected at least 316");
    call = c.call, call.dtype = Dtype::f64;
    refused(call, "gemm: dtype is f64; expected f32, f16 or bf16");
    call = c.call, call.b = nullptr;
    refused(call, "gemm: a, b or c is null; expected three matrices");
}

TEST_CASE("several threads multiply at once", "[gemm]") {
    std::vector<GemmCase> cases;
    std::mt19937_64 random(45);
    for (int index = 0; index < 12; ++index) cases.push_back(random_gemm_case(random, {5, 40, 70}));
    std::vector<double> excess(cases.size(), 1);
    std::vector<std::thread> threads;
    for (std::size_t first = 0; first < 3; ++first)
        threads.emplace_back([&, first] {
            for (std::size_t index = first; index < cases.size(); index += 3) {
                const std::vector<double> truth = product_of(cases[index]);
                if (cpu_gemm().run(cases[index].call)) excess[index] = worst_excess(cases[index], truth);
            }
        });
    for (std::thread& thread : threads) thread.join();
    for (double one : excess) CHECK(one <= 0);
}
