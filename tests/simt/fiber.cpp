#include "tests/simt/fiber.h"
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

// swapcontext() calls the kernel twice for the signal mask; a switch needs the registers that a call preserves only.
#ifndef DILASCOPE_UCONTEXT
extern "C" void dilascope_switch_stack(void** from, void* to);
extern "C" void dilascope_enter_stack();
asm(R"(
.text
.globl dilascope_switch_stack
.type dilascope_switch_stack, @function
dilascope_switch_stack:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
.size dilascope_switch_stack, .-dilascope_switch_stack
.globl dilascope_enter_stack
.type dilascope_enter_stack, @function
dilascope_enter_stack:
    movq %r12, %rdi
    callq *%r13
    ud2
.size dilascope_enter_stack, .-dilascope_enter_stack
)");
#endif

namespace dilascope::simt {

#if defined(__SANITIZE_ADDRESS__)
static thread_local Fiber* fiber_left = nullptr; // by the switch under way
#endif

Fiber::~Fiber() {
#if defined(__SANITIZE_THREAD__)
    if (tsan_fiber_ && stack_) __tsan_destroy_fiber(tsan_fiber_);
#endif
}

void Fiber::begin(Fiber* self) {
    self->arrived();
    self->entry_(self->argument_);
    std::abort(); // entry does not return
}

void Fiber::prepare(std::byte* stack, std::size_t stack_bytes, void (*entry)(void*), void* argument) {
    entry_ = entry, argument_ = argument, stack_ = stack, stack_bytes_ = stack_bytes, fake_stack_ = nullptr;
#if defined(__SANITIZE_ADDRESS__)
    // Frames that were left: few when the call was at its end.
    const std::size_t left_bytes = is_at_end_ ? std::min<std::size_t>(stack_bytes, 8192) : stack_bytes;
    ASAN_UNPOISON_MEMORY_REGION(stack + stack_bytes - left_bytes, left_bytes);
    is_at_end_ = false;
#endif
#if defined(__SANITIZE_THREAD__)
    if (!tsan_fiber_) tsan_fiber_ = __tsan_create_fiber(0);
#endif
#ifdef DILASCOPE_UCONTEXT
    getcontext(&context_);
    context_.uc_stack.ss_sp = stack, context_.uc_stack.ss_size = stack_bytes, context_.uc_link = nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(this); // makecontext passes ints only
    using Begin = void (*)();
    const auto call =
        +[](unsigned high, unsigned low) { begin(reinterpret_cast<Fiber*>(std::uintptr_t(high) << 16 << 16 | low)); };
    makecontext(&context_, reinterpret_cast<Begin>(call), 2, unsigned(address >> 16 >> 16), unsigned(address));
#else
    auto* top = reinterpret_cast<void**>(reinterpret_cast<std::uintptr_t>(stack + stack_bytes) & ~std::uintptr_t(15));
    *--top = nullptr; // ends backtraces; and the stack is aligned to 16 bytes where dilascope_enter_stack begins
    *--top = nullptr;
    *--top = reinterpret_cast<void*>(&dilascope_enter_stack);
    *--top = nullptr;                         // rbp
    *--top = nullptr;                         // rbx
    *--top = this;                            // r12
    *--top = reinterpret_cast<void*>(&begin); // r13
    *--top = nullptr;                         // r14
    *--top = nullptr;                         // r15
    stack_pointer_ = top;
#endif
}

void Fiber::change(Fiber& from, Fiber& to, [[maybe_unused]] Leaving leaving) {
#if defined(__SANITIZE_ADDRESS__)
    if (leaving == Leaving::for_good) from.is_at_end_ = true;
    __sanitizer_start_switch_fiber(leaving == Leaving::for_good ? nullptr : &from.fake_stack_, to.stack_,
                                   to.stack_bytes_);
    fiber_left = &from;
#endif
#if defined(__SANITIZE_THREAD__)
    if (!from.tsan_fiber_) from.tsan_fiber_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(to.tsan_fiber_, 0);
#endif
#ifdef DILASCOPE_UCONTEXT
    swapcontext(&from.context_, &to.context_);
#else
    dilascope_switch_stack(&from.stack_pointer_, to.stack_pointer_);
#endif
    from.arrived();
}

void Fiber::arrived() {
#if defined(__SANITIZE_ADDRESS__)
    const void* stack = nullptr;
    std::size_t stack_bytes = 0;
    __sanitizer_finish_switch_fiber(fake_stack_, &stack, &stack_bytes);
    fake_stack_ = nullptr;
    if (!fiber_left->stack_) fiber_left->stack_ = stack, fiber_left->stack_bytes_ = stack_bytes;
#endif
}

// Kernels keep whole tiles of sums in what are registers on a GPU, and unoptimised code keeps several copies of them.
static constexpr std::size_t page_bytes = 4096, stack_pitch = 129 * page_bytes, stack_size = 128 * page_bytes;

FiberStacks::~FiberStacks() {
    if (memory_) munmap(memory_, std::size_t(count_) * stack_pitch);
}

void FiberStacks::reserve(int count) {
    if (count <= count_) return;
    if (memory_) munmap(memory_, std::size_t(count_) * stack_pitch);
    void* memory = mmap(nullptr, std::size_t(count) * stack_pitch, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) std::perror("stacks of the emulator"), std::abort();
    memory_ = static_cast<std::byte*>(memory), count_ = count;
    for (int index = 0; index < count; ++index)
        if (mprotect(memory_ + std::size_t(index) * stack_pitch, page_bytes, PROT_NONE) != 0) std::abort();
}

std::byte* FiberStacks::stack(int index) const { return memory_ + std::size_t(index) * stack_pitch + page_bytes; }

// Tops at different offsets within their pages: else all threads' frames would share few sets of the caches.
std::size_t FiberStacks::stack_bytes(int index) const { return stack_size - std::size_t(index % 16) * 256; }

} // namespace dilascope::simt
