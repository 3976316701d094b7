#pragma once
// Block: the threads of one CUDA block as fibers of the host thread that runs it: who runs, and where they meet.
#include "tests/simt/copies.h"
#include "tests/simt/emulator.h"
#include "tests/simt/fiber.h"
#include "tests/simt/meeting.h"
#include "tests/simt/shared_memory.h"
#include <memory>
#include <vector>

namespace dilascope::simt {

class Block;

// What one launch is, the same for all of its blocks.
struct Launch {
    const KernelEntry* kernel = nullptr;
    const LaunchShape* shape = nullptr;
    const void* params = nullptr;
    const RunOptions* options = nullptr;
};

struct BlockThread {
    Block* block = nullptr;
    Fiber fiber;
    host::ThreadView view;
    int index = 0;   // in the block
    Meeting meeting; // while it waits
    AsyncCopies copies;
    int warp() const { return index / 32; }
    int lane() const { return index % 32; }
};

// What the last lane to come does for all 32; operands are those of the lanes' meetings.
using WarpAction = void (*)(Block& block, int warp, void* const (&operands)[32]);

class Block {
public:
    // The block of this host thread; its fibers and memory are kept between launches.
    static Block& own();

    // False when a check failed: error() says which.
    bool run(const Launch& launch, Index3 block);
    const std::string& error() const { return error_; }

    // For hooks; they act for the thread that runs now.
    BlockThread& now() { return *now_; }
    void meet_block(Meeting meeting);
    void meet_warp(const Meeting& meeting, WarpAction action);
    void may_leave(); // another thread goes first, if the order is shuffled
    // Ends the run with this problem, if it is one. Frames of the block's fibers are then left without destructors, so
    // the text is taken out of `problem`.
    void check(std::string&& problem) {
        if (!problem.empty()) fail(std::move(problem));
    }
    [[noreturn]] void fail(std::string&& problem);
    Moment moment(const BlockThread& thread) const {
        return {block_epoch_, warps_[std::size_t(thread.warp())].epoch, std::int16_t(thread.index)};
    }
    const Launch& launch() const { return launch_; }
    void start_warp_epoch(int warp) { warps_[std::size_t(warp)].epoch = ++last_epoch_; }

    SharedMemory shared;
    RunCounts counts;
    bool any = false; // of the barrier_or under way

private:
    // Lanes are runnable, arrived at a meeting of the warp, at one of the block, or finished.
    struct Warp {
        std::uint32_t runnable = 0, arrived = 0, finished = 0;
        bool is_apart = false; // those that arrived are not all at the same meeting
        std::uint32_t epoch = 0;
        void* operands[32] = {}; // of those that arrived
    };

    void prepare(Index3 block);
    static void thread_main(void* thread);
    void forbid(Warp& warp, const BlockThread& thread);
    void finish();
    void leave(); // runs another thread; returns when this one is chosen again
    BlockThread* choose();
    void switch_to(BlockThread& next, Fiber::Leaving leaving);
    void start_block_epoch();
    void release_block();
    std::string apart_text(int first, int last) const;

    Launch launch_;
    Fiber main_;
    FiberStacks stacks_;
    std::unique_ptr<BlockThread[]> threads_;
    int capacity_ = 0; // of threads_
    std::vector<Warp> warps_;
    std::uint32_t runnable_warps_ = 0;
    int thread_count_ = 0, at_block_ = 0, finished_ = 0;
    std::uint32_t last_epoch_ = 0, block_epoch_ = 0;
    std::uint64_t random_ = 0;
    BlockThread* now_ = nullptr;
    std::string error_;
};

} // namespace dilascope::simt
