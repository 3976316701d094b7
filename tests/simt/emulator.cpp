#include "tests/simt/emulator.h"
#include "tests/simt/block.h"
#include <atomic>
#include <fmt/format.h>
#include <mutex>
#include <numeric>
#include <random>
#include <thread>

namespace dilascope::simt {

void RunCounts::add(const RunCounts& other) {
    multiply_adds += other.multiply_adds, matrix_loads += other.matrix_loads;
    matrix_wavefronts += other.matrix_wavefronts, copied_bytes += other.copied_bytes;
    barriers += other.barriers, steps += other.steps;
}

// What a launch on a GPU would refuse.
static Result<void> validate(const KernelEntry& kernel, const LaunchShape& shape, std::size_t params_bytes) {
    constexpr int most_shared_bytes = 227 * 1024; // of one block on sm_90
    const Index3 grid = shape.grid;
    if (!kernel.function) return fail(fmt::format("kernel \"{}\" has no function", kernel.name));
    if (params_bytes != kernel.params_bytes)
        return fail(fmt::format("kernel \"{}\" takes {} bytes of parameters, not {}", kernel.name, kernel.params_bytes,
                                params_bytes));
    if (grid.x < 1 || grid.y < 1 || grid.z < 1 || grid.y > 65535 || grid.z > 65535)
        return fail(fmt::format("kernel \"{}\": a grid of {} × {} × {} blocks; expected 1 … 2^31 − 1, 65535, 65535",
                                kernel.name, grid.x, grid.y, grid.z));
    if (shape.threads < 32 || shape.threads > 1024 || shape.threads % 32 != 0)
        return fail(
            fmt::format("kernel \"{}\": blocks of {} threads; expected 32, 64 … 1024", kernel.name, shape.threads));
    if (shape.shared_bytes < 0 || shape.shared_bytes > most_shared_bytes)
        return fail(fmt::format("kernel \"{}\": {} bytes of shared memory; expected 0 … {}", kernel.name,
                                shape.shared_bytes, most_shared_bytes));
    return {};
}

// Index of the n-th block to run.
static std::vector<std::int64_t> block_order(std::int64_t count, const RunOptions& options) {
    std::vector<std::int64_t> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), std::int64_t{0});
    if (options.order == ThreadOrder::descending) std::reverse(order.begin(), order.end());
    if (options.order == ThreadOrder::shuffled) {
        std::mt19937_64 random(options.seed);
        for (std::size_t left = order.size(); left > 1; --left) std::swap(order[left - 1], order[random() % left]);
    }
    return order;
}

Result<RunCounts> run(const KernelEntry& kernel, const LaunchShape& shape, const void* params, std::size_t params_bytes,
                      const RunOptions& options) {
    TRY(validate(kernel, shape, params_bytes));
    const Launch launch{&kernel, &shape, params, &options};
    const Index3 grid = shape.grid;
    const std::vector<std::int64_t> order = block_order(std::int64_t(grid.x) * grid.y * grid.z, options);
    std::atomic<std::size_t> next = 0;
    std::mutex mutex; // of what follows
    RunCounts counts;
    std::string error;
    const auto run_blocks = [&] {
        Block& block = Block::own();
        for (std::size_t at = next++; at < order.size(); at = next++) {
            const std::int64_t index = order[at];
            const bool is_good =
                block.run(launch, {int(index % grid.x), int(index / grid.x % grid.y), int(index / grid.x / grid.y)});
            const std::lock_guard lock(mutex);
            counts.add(block.counts);
            if (is_good) continue;
            if (error.empty()) error = block.error();
            next = order.size();
        }
    };
    std::vector<std::thread> others;
    for (int thread = 1; thread < options.block_threads; ++thread) others.emplace_back(run_blocks);
    run_blocks();
    for (std::thread& other : others) other.join();
    if (!error.empty()) return fail(error);
    return counts;
}

} // namespace dilascope::simt
