#pragma once
// Products of host matrices in device memory, against their float64 results.
#include "engine/gemm/cuda_gemm.h"
#include "tests/catch.h"
#include "tests/engine/gemm_case.h"

namespace dilascope {

// Runs the case in device memory; C comes back.
inline Result<void> run_on_device(CudaDevice& device, const Stream& stream, Gemm& gemm, GemmCase& c) {
    auto a = TRY(device.allocate<std::byte>(std::int64_t(c.a.size()), "test/gemm_a"));
    auto b = TRY(device.allocate<std::byte>(std::int64_t(c.b.size()), "test/gemm_b"));
    auto out = TRY(device.allocate<float>(std::int64_t(c.c.size()), "test/gemm_c"));
    auto bias = TRY(device.allocate<float>(std::int64_t(c.bias.size()), "test/gemm_bias"));
    TRY(a.upload(c.a.data(), a.size(), stream));
    TRY(b.upload(c.b.data(), b.size(), stream));
    TRY(out.upload(c.c.data(), out.size(), stream));
    TRY(bias.upload(c.bias.data(), bias.size(), stream));
    GemmCall call = c.call;
    call.a = a.data(), call.b = b.data(), call.c = out.data();
    if (call.bias) call.bias = bias.data();
    TRY(gemm.run(call));
    TRY(out.download(c.c.data(), out.size(), stream));
    return device.synchronize(stream);
}

// Random products of such sizes; each that is wrong is told.
inline void check_products(CudaDevice& device, const Stream& stream, Gemm& gemm, const std::vector<std::int64_t>& sizes,
                           int trials) {
    std::mt19937_64 random(51);
    for (int trial = 0; trial < trials; ++trial) {
        GemmCase c = random_gemm_case(random, sizes);
        INFO(describe(c.call));
        const std::vector<float> before = c.c;
        const std::vector<double> truth = product_of(c);
        const Result<void> done = run_on_device(device, stream, gemm, c);
        INFO((done ? "" : done.error().what));
        CHECK(done);
        if (!done) continue;
        CHECK(worst_excess(c, truth) <= 0);
        CHECK(is_padding_kept(c, before));
    }
}

} // namespace dilascope
