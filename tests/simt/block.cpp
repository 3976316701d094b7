#include "tests/simt/block.h"
#include <bit>
#include <fmt/format.h>

namespace dilascope::simt {

constinit thread_local const host::ThreadView* host::view = nullptr;

static constexpr std::uint32_t all_lanes = 0xffffffff;

Block& Block::own() {
    thread_local Block block;
    return block;
}

bool Block::run(const Launch& launch, Index3 index) {
    launch_ = launch;
    prepare(index);
    BlockThread* first = choose();
    now_ = first, host::view = &first->view;
    Fiber::change(main_, first->fiber);
    now_ = nullptr, host::view = nullptr;
    if (error_.empty()) {
        const std::string broken = shared.broken_guard();
        if (!broken.empty())
            error_ = fmt::format("kernel \"{}\", block ({}, {}, {}): {}", launch.kernel->name, index.x, index.y,
                                 index.z, broken);
    }
    return error_.empty();
}

void Block::prepare(Index3 index) {
    thread_count_ = launch_.shape->threads, at_block_ = finished_ = 0, any = false;
    counts = {}, error_.clear();
    // One seed, other orders in every block.
    random_ =
        (launch_.options->seed * 0x9e3779b97f4a7c15u ^ std::uint64_t(index.x + 7919 * index.y + 104729 * index.z)) | 1;
    stacks_.reserve(thread_count_);
    shared.start(launch_.shape->shared_bytes);
    if (capacity_ < thread_count_) threads_ = std::make_unique<BlockThread[]>(std::size_t(capacity_ = thread_count_));
    warps_.resize(32);
    for (int warp = 0; warp < thread_count_ / 32; ++warp) warps_[std::size_t(warp)] = {.runnable = all_lanes};
    runnable_warps_ = thread_count_ == 1024 ? all_lanes : (1u << thread_count_ / 32) - 1;
    start_block_epoch();
    for (int thread = 0; thread < thread_count_; ++thread) {
        BlockThread& one = threads_[std::size_t(thread)];
        one.block = this, one.index = thread, one.copies.clear();
        one.view = {{thread, 0, 0}, index, launch_.shape->grid, {thread_count_, 1, 1}, shared.data()};
        one.fiber.prepare(stacks_.stack(thread), stacks_.stack_bytes(thread), thread_main, &one);
    }
}

void Block::thread_main(void* thread) {
    auto& self = *static_cast<BlockThread*>(thread);
    const Launch& launch = self.block->launch_;
    reinterpret_cast<void (*)(const void*)>(const_cast<void*>(launch.kernel->function))(launch.params);
    self.block->finish();
}

// The thread does not run on. An error when its warp then waits for a lane that cannot come.
void Block::forbid(Warp& warp, const BlockThread& thread) {
    warp.runnable &= ~(1u << thread.lane());
    if (warp.runnable != 0) return;
    runnable_warps_ &= ~(1u << thread.warp());
    if (warp.is_apart || (warp.arrived != 0 && warp.arrived != all_lanes))
        fail(apart_text(thread.warp() * 32, thread.warp() * 32 + 32));
}

void Block::finish() {
    BlockThread& self = *now_;
    Warp& warp = warps_[std::size_t(self.warp())];
    warp.finished |= 1u << self.lane();
    forbid(warp, self);
    if (BlockThread* next = choose()) switch_to(*next, Fiber::Leaving::for_good);
    if (at_block_ > 0) fail(apart_text(0, thread_count_));
    Fiber::change(self.fiber, main_, Fiber::Leaving::for_good);
}

void Block::meet_warp(const Meeting& meeting, WarpAction action) {
    BlockThread& self = *now_;
    Warp& warp = warps_[std::size_t(self.warp())];
    if (warp.arrived != 0) {
        const int any_other = self.warp() * 32 + std::countr_zero(warp.arrived);
        warp.is_apart |= !threads_[std::size_t(any_other)].meeting.is_same(meeting);
    }
    self.meeting = meeting;
    warp.operands[self.lane()] = meeting.operands;
    warp.arrived |= 1u << self.lane();
    forbid(warp, self);
    ++counts.steps;
    if (warp.runnable == 0) {
        action(*this, self.warp(), warp.operands);
        warp.arrived = 0, warp.runnable = all_lanes, runnable_warps_ |= 1u << self.warp();
    }
    leave();
}

void Block::meet_block(Meeting meeting) {
    BlockThread& self = *now_;
    self.meeting = meeting, ++at_block_;
    forbid(warps_[std::size_t(self.warp())], self);
    ++counts.steps;
    if (at_block_ == thread_count_)
        release_block();
    else if (runnable_warps_ == 0) // those that are missing have left
        fail(apart_text(0, thread_count_));
    leave();
}

void Block::release_block() {
    for (int thread = 0; thread < thread_count_; ++thread) {
        BlockThread& other = threads_[std::size_t(thread)];
        if (!other.meeting.is_same(now_->meeting)) fail(apart_text(0, thread_count_));
        if (other.meeting.operands) *static_cast<bool*>(other.meeting.operands) = any;
    }
    at_block_ = 0, any = false, ++counts.barriers;
    for (int warp = 0; warp < thread_count_ / 32; ++warp) warps_[std::size_t(warp)].runnable = all_lanes;
    runnable_warps_ = thread_count_ == 1024 ? all_lanes : (1u << thread_count_ / 32) - 1;
    start_block_epoch();
}

void Block::start_block_epoch() {
    block_epoch_ = ++last_epoch_;
    for (Warp& warp : warps_) warp.epoch = block_epoch_;
}

void Block::may_leave() {
    if (launch_.options->order == ThreadOrder::shuffled) leave();
}

static std::uint32_t next_random(std::uint64_t& state) { // xorshift64*, Vigna 2016
    state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
    return std::uint32_t(state * 0x2545f4914f6cdd1du >> 32);
}

static int any_bit(std::uint32_t mask, std::uint32_t random) {
    const int turn = int(random & 31);
    return (std::countr_zero(std::rotr(mask, turn)) + turn) & 31;
}

BlockThread* Block::choose() {
    if (runnable_warps_ == 0) return nullptr;
    int warp = 0, lane = 0;
    switch (launch_.options->order) {
    case ThreadOrder::ascending:
        warp = std::countr_zero(runnable_warps_), lane = std::countr_zero(warps_[std::size_t(warp)].runnable);
        break;
    case ThreadOrder::descending:
        warp = 31 - std::countl_zero(runnable_warps_);
        lane = 31 - std::countl_zero(warps_[std::size_t(warp)].runnable);
        break;
    case ThreadOrder::shuffled:
        const std::uint32_t random = next_random(random_);
        warp = any_bit(runnable_warps_, random), lane = any_bit(warps_[std::size_t(warp)].runnable, random >> 5);
    }
    return &threads_[std::size_t(warp * 32 + lane)];
}

// Never called without a thread that can run: where none is, the callers have found the error.
void Block::leave() { switch_to(*choose(), Fiber::Leaving::for_now); }

void Block::switch_to(BlockThread& next, Fiber::Leaving leaving) {
    BlockThread& self = *now_;
    if (&next == &self) return;
    now_ = &next, host::view = &next.view;
    Fiber::change(self.fiber, next.fiber, leaving);
}

// "threads 0 … 3 wait at barrier at x.cuh:8, threads 4 … 31 have left the kernel"
std::string Block::apart_text(int first, int last) const {
    std::string text = "threads are apart: ";
    const auto is_finished = [&](const BlockThread& one) {
        return (warps_[std::size_t(one.warp())].finished >> one.lane() & 1) != 0;
    };
    const auto is_alike = [&](const BlockThread& one, const BlockThread& other) {
        return is_finished(one) == is_finished(other) && (is_finished(one) || one.meeting.is_same(other.meeting));
    };
    for (int begin = first, end = first, groups = 0; begin < last; begin = end, ++groups) {
        const BlockThread& one = threads_[std::size_t(begin)];
        for (end = begin; end < last && is_alike(one, threads_[std::size_t(end)]);) ++end;
        if (groups == 4) return text + ", …";
        if (groups > 0) text += ", ";
        text += end - begin > 1 ? fmt::format("threads {} … {} ", begin, end - 1) : fmt::format("thread {} ", begin);
        const bool is_one = end - begin == 1;
        if (is_finished(one))
            text += is_one ? "has left the kernel" : "have left the kernel";
        else
            text += (is_one ? "waits at " : "wait at ") + to_text(one.meeting);
    }
    return text;
}

void Block::fail(std::string&& problem) {
    const Index3 at = now_->view.block;
    error_ = fmt::format("kernel \"{}\", block ({}, {}, {}), thread {}: {}", launch_.kernel->name, at.x, at.y, at.z,
                         now_->index, problem);
    std::string().swap(problem);
    Fiber::change(now_->fiber, main_);
    std::abort();
}

} // namespace dilascope::simt
