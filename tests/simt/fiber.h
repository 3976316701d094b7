#pragma once
// Fiber: a call on a stack of its own that can be left in the middle and entered again, in a few nanoseconds. The
// threads of a CUDA block are fibers of one thread of the host.
#include <cstddef>
#if !defined(__x86_64__) || defined(DILASCOPE_UCONTEXT_FIBERS)
#define DILASCOPE_UCONTEXT 1
#include <ucontext.h>
#endif

namespace dilascope::simt {

class Fiber {
public:
    Fiber() = default; // the stack that runs already
    Fiber(const Fiber&) = delete;
    ~Fiber();

    // The next switch to this fiber calls entry(argument) on the given stack; entry never returns. What ran there
    // before is forgotten, without destructors.
    void prepare(std::byte* stack, std::size_t stack_bytes, void (*entry)(void*), void* argument);
    // Leaves `from`, which runs now, for `to`; returns when something switches back.
    enum class Leaving { for_now, for_good }; // for good: entry is at its end
    static void change(Fiber& from, Fiber& to, Leaving leaving = Leaving::for_now);

private:
    static void begin(Fiber* self);
    void arrived();

    void* stack_pointer_ = nullptr;
    void (*entry_)(void*) = nullptr;
    void* argument_ = nullptr;
    const void* stack_ = nullptr; // for the address sanitizer, which knows the own stack after the first switch only
    std::size_t stack_bytes_ = 0;
    void* fake_stack_ = nullptr;
    [[maybe_unused]] bool is_at_end_ = false;
    void* tsan_fiber_ = nullptr;
#ifdef DILASCOPE_UCONTEXT
    ucontext_t context_;
#endif
};

// Stacks of equal size with an unmapped page below each, so that an overflow stops at once.
class FiberStacks {
public:
    FiberStacks() = default;
    FiberStacks(const FiberStacks&) = delete;
    ~FiberStacks();

    // At least `count` stacks; those there were are kept.
    void reserve(int count);
    std::byte* stack(int index) const;
    std::size_t stack_bytes(int index) const;

private:
    std::byte* memory_ = nullptr;
    int count_ = 0;
};

} // namespace dilascope::simt
