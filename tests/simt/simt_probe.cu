// Every wrapper of simt.cuh in one kernel, so that the assembler sees all of their PTX; it is never launched.
#include "engine/backends/cuda/kernel_entry.h"
#include "engine/backends/cuda/simt.cuh"
#include <span>

namespace dilascope::KERNEL_NAMESPACE {

struct ProbeParams {
    const float* from = nullptr;
    float* to = nullptr;
    std::uint64_t* counts = nullptr;
};

template <class Element> KERNEL LAUNCH_BOUNDS(128, 2) void probe_kernel(const ProbeParams params) {
    std::byte* shared = simt::dynamic_shared();
    const int thread = simt::thread_index().x + simt::block_size().x * simt::block_index().x + simt::grid_size().y;
    simt::copy_async<4>(shared + thread * 4, params.from + thread, true);
    simt::copy_async<8>(shared + thread * 8, params.from + thread * 2, thread > 4);
    simt::copy_async<16>(shared + thread * 16, params.from + thread * 4, thread > 4);
    simt::copy_commit();
    simt::copy_wait<1>();
    simt::copy_wait<0>();
    simt::barrier();
    std::uint32_t a[4], b[2], a_transposed[4], b_transposed[2];
    simt::load_matrix_x4(a, shared + simt::lane() * 16);
    simt::load_matrix_x2(b, shared + simt::lane() * 16);
    simt::load_matrix_x4_transposed(a_transposed, shared + simt::lane() * 16);
    simt::load_matrix_x2_transposed(b_transposed, shared + simt::lane() * 16);
    float c[4] = {simt::float_from_bits(a[0]) + float(simt::bits_from_float(params.from[1]))};
    simt::multiply_add<Element>(c, a, b);
    simt::multiply_add<Element>(c, a_transposed, b_transposed);
    simt::warp_barrier();
    float sum = simt::shuffle_xor(c[0], 1) + simt::shuffle(c[1], simt::warp());
    sum += float(simt::shuffle_xor(thread, 2)) + float(simt::shuffle(a[0], 3));
    sum = simt::exp2_approx(sum) + simt::log2_approx(c[2]) + simt::reciprocal_approx(c[3]);
    if constexpr (std::is_same_v<Element, simt::TF32>)
        sum += float(simt::tf32_bits(sum));
    else
        sum += float(simt::pack<Element>(sum, c[0]));
    if (simt::barrier_or(sum > 0)) simt::add_global(params.to + thread, sum);
    simt::add_global(params.counts + thread, std::uint64_t(sum));
    simt::add_global2(params.to + thread * 2, sum, c[0]);
    simt::add_global4(params.to + thread * 4, c);
}

std::span<const KernelEntry> probe_kernels() {
    static const KernelEntry entries[] = {make_entry<probe_kernel<simt::F16>, ProbeParams>("probe f16"),
                                          make_entry<probe_kernel<simt::BF16>, ProbeParams>("probe bf16"),
                                          make_entry<probe_kernel<simt::TF32>, ProbeParams>("probe tf32")};
    return entries;
}

} // namespace dilascope::KERNEL_NAMESPACE
