// The hooks of simt_host.h: checks, then what the hardware would do, for the thread of the block that runs now.
#include "tests/simt/block.h"
#include "tests/simt/matrix.h"
#include <atomic>
#include <cstring>
#include <fmt/format.h>

namespace dilascope::simt {

static bool is_aligned(const void* address, int bytes) {
    return reinterpret_cast<std::uintptr_t>(address) % std::uintptr_t(bytes) == 0;
}

static bool is_known(const Launch& launch, const void* address, int bytes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(address);
    for (const MemoryRange& range : launch.options->memory) {
        const auto start = reinterpret_cast<std::uintptr_t>(range.data);
        if (begin >= start && begin + std::uintptr_t(bytes) <= start + range.bytes) return true;
    }
    return launch.options->memory.empty();
}

// What is wrong with `bytes` at an address that should be aligned to as many; "" when nothing.
static std::string global_problem(Block& block, const char* what, Place place, const void* address, int bytes) {
    if (!is_aligned(address, bytes))
        return fmt::format("{}: global address {} is not aligned to {} bytes", to_text(what, place), fmt::ptr(address),
                           bytes);
    if (!address || !is_known(block.launch(), address, bytes))
        return fmt::format("{}: {} bytes at global address {} are in no buffer", to_text(what, place), bytes,
                           fmt::ptr(address));
    return {};
}

static std::string source_problem(Block& block, Place place, const void* global, int bytes, bool is_valid) {
    if (is_valid) return global_problem(block, "copy_async", place, global, bytes);
    if (is_aligned(global, bytes)) return {}; // hardware may look at the address all the same
    return fmt::format("{}: the unused global address {} is not aligned to {} bytes", to_text("copy_async", place),
                       fmt::ptr(global), bytes);
}

static std::string shared_problem(Block& block, const char* what, Place place, const void* address, int bytes) {
    const SharedMemory& shared = block.shared;
    if (!shared.holds(address, bytes))
        return fmt::format("{}: {} bytes at byte {} of shared memory, but the block has {}", to_text(what, place),
                           bytes, static_cast<const std::byte*>(address) - shared.data(), shared.bytes());
    if (!is_aligned(address, bytes))
        return fmt::format("{}: byte {} of shared memory is not aligned to {} bytes", to_text(what, place),
                           shared.offset(address), bytes);
    return {};
}

namespace host {

void barrier(Place place) { Block::own().meet_block({MeetingKind::barrier, 0, place}); }

bool barrier_or(bool value, Place place) {
    Block& block = Block::own();
    bool result = false;
    block.any |= value;
    block.meet_block({MeetingKind::barrier_or, 0, place, &result});
    return result;
}

void warp_barrier(Place place) {
    Block::own().meet_warp({MeetingKind::warp_barrier, 0, place},
                           [](Block& block, int warp, void* const(&)[32]) { block.start_warp_epoch(warp); });
}

std::uint32_t shuffle(std::uint32_t value, int source_lane, Place place) {
    struct Lane {
        std::uint32_t value, result;
        int source;
    } lane{value, 0, source_lane};
    Block::own().meet_warp({MeetingKind::shuffle, 0, place, &lane}, [](Block&, int, void* const(&operands)[32]) {
        for (void* operand : operands) {
            auto& to = *static_cast<Lane*>(operand);
            to.result = static_cast<const Lane*>(operands[to.source])->value;
        }
    });
    return lane.result;
}

void copy_async(void* shared, const void* global, int bytes, bool is_valid, Place place) {
    Block& block = Block::own();
    block.check(shared_problem(block, "copy_async", place, shared, bytes));
    block.check(source_problem(block, place, global, bytes, is_valid));
    block.check(block.shared.start_copy(shared, bytes, block.moment(block.now()), place));
    block.now().copies.add({shared, is_valid ? global : nullptr, bytes});
    if (is_valid) block.counts.copied_bytes += bytes;
}

void copy_commit() { Block::own().now().copies.commit(); }

void copy_wait(int groups_left) {
    Block& block = Block::own();
    block.may_leave();
    BlockThread& self = block.now();
    self.copies.wait(groups_left, [&](const AsyncCopy& copy) {
        if (copy.from)
            std::memcpy(copy.to, copy.from, std::size_t(copy.bytes));
        else
            std::memset(copy.to, 0, std::size_t(copy.bytes));
        block.shared.finish_copy(copy.to, copy.bytes, block.moment(self));
    });
}

template <int count, bool is_transposed> static void load_matrices(Block& block, int, void* const (&operands)[32]) {
    const LoadLane* lanes[32];
    for (int lane = 0; lane < 32; ++lane) lanes[lane] = static_cast<const LoadLane*>(operands[lane]);
    block.counts.matrix_loads += count, block.counts.matrix_wavefronts += load_wavefronts(count, lanes);
    load_warp(count, is_transposed, lanes);
}

void load_matrix(std::uint32_t* registers, int count, const void* row, bool is_transposed, Place place) {
    Block& block = Block::own();
    LoadLane lane{registers, row};
    if (block.now().lane() < count * 8) {
        block.check(shared_problem(block, "load_matrix", place, row, 16));
        block.check(block.shared.read_row(row, block.moment(block.now()), place));
    }
    const WarpAction action = count == 4      ? is_transposed ? load_matrices<4, true> : load_matrices<4, false>
                                   : is_transposed ? load_matrices<2, true>
                                              : load_matrices<2, false>;
    block.meet_warp({MeetingKind::load_matrix, count + is_transposed, place, &lane}, action);
}

template <Operand operand> static void multiply_lanes(Block& block, int, void* const (&operands)[32]) {
    const MultiplyLane* lanes[32];
    for (int lane = 0; lane < 32; ++lane) lanes[lane] = static_cast<const MultiplyLane*>(operands[lane]);
    ++block.counts.multiply_adds;
    multiply_warp(operand, lanes);
}

void multiply_add(Operand operand, float (&c)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2],
                  Place place) {
    MultiplyLane lane{c, a, b};
    const WarpAction action = operand == Operand::f16    ? multiply_lanes<Operand::f16>
                              : operand == Operand::bf16 ? multiply_lanes<Operand::bf16>
                                                         : multiply_lanes<Operand::tf32>;
    Block::own().meet_warp({MeetingKind::multiply_add, int(operand), place, &lane}, action);
}

void add_global(float* to, const float* values, int count, Place place) {
    Block& block = Block::own();
    block.check(global_problem(block, "add_global", place, to, count * 4));
    for (int index = 0; index < count; ++index)
        std::atomic_ref<float>(to[index]).fetch_add(values[index], std::memory_order_relaxed);
}

void add_global(std::uint64_t* to, std::uint64_t value, Place place) {
    Block& block = Block::own();
    block.check(global_problem(block, "add_global", place, to, sizeof value));
    std::atomic_ref<std::uint64_t>(*to).fetch_add(value, std::memory_order_relaxed);
}

} // namespace host
} // namespace dilascope::simt
