#pragma once
// Backend: executes plans. To add one: its folder or file here and one line in backends.cpp.
#include "engine/backends/ready_call.h"
#include "engine/cancel.h"
#include "engine/dropout.h"
#include "engine/pattern/pattern.h"
#include "engine/plan/plan.h"
#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace dilascope {

class ReadyWeights;

struct AttentionCall {
    const Problem* problem = nullptr;
    const Pattern* pattern = nullptr;
    const Plan* plan = nullptr; // not read by `reference`
    const void* q = nullptr;    // (B,N,H,D) of problem.dtype, row-major
    const void* k = nullptr;    // (B,M,G,D)
    const void* v = nullptr;    // (B,M,G,D)
    float* out = nullptr;       // (B,N,H,D); 0 where a row sees no key
    float* lse = nullptr;       // (B,H,N) natural log of Σ multiplicity·exp(score); −inf where a row sees no key
    const CancelFlag* cancel = nullptr; // looked at between tiles
    Dropout dropout = {};               // of the softmax weights; lse is that of all keys
    bool is_cancelled() const { return dilascope::is_cancelled(cancel); }
};

// The gradient of Σ out·dout with respect to q, k and v, exact for the plan's mix (softmax_stopgrad: its branch weights
// are constants, as torchscale has it).
struct GradientCall {
    const Problem* problem = nullptr;
    const Pattern* pattern = nullptr;
    const Plan* plan = nullptr;
    const void* q = nullptr; // as in AttentionCall
    const void* k = nullptr;
    const void* v = nullptr;
    const float* out = nullptr;  // what forward wrote
    const float* lse = nullptr;  // what forward wrote
    const float* dout = nullptr; // (B,N,H,D)
    float* dq = nullptr;         // (B,N,H,D); 0 where a row sees no key
    float* dk = nullptr;         // (B,M,G,D), summed over the query heads of a key head; 0 where no row sees the key
    float* dv = nullptr;         // (B,M,G,D)
    const CancelFlag* cancel = nullptr;
    Dropout dropout = {};         // forward's
    bool is_deterministic = true; // the same bits in every run; what does not need it may be faster without
    bool is_cancelled() const { return dilascope::is_cancelled(cancel); }
};

enum class Direction : std::uint8_t { forward, backward };
constexpr auto enum_names(Direction) { return std::array<std::string_view, 2>{"forward", "backward"}; }

// Which kernel would run, or why none can.
struct KernelChoice {
    std::string kernel; // "cpu/tiled f32 AVX3", empty when unsupported
    std::string reason;
    bool supported() const { return !kernel.empty(); }
};

class Backend {
public:
    virtual ~Backend() = default;
    virtual std::string_view name() const = 0;       // "reference", "cpu", "cuda"
    virtual bool has_device() const { return true; } // this machine has what it runs on, be it lost
    virtual bool available() const = 0;
    virtual std::string status() const = 0; // "2 threads, AVX3", or why it is not available
    // One that supports backward honours dropout, in both directions.
    virtual KernelChoice choose(const Problem& problem, const Pattern& pattern,
                                Direction direction = Direction::forward) const = 0;
    virtual Result<void> forward(const AttentionCall& call) = 0;
    virtual Result<void> backward(const GradientCall& call) = 0;
    // The same, ready to run often. What the call points to outlives it; tensors that change later are not read again.
    virtual Result<std::unique_ptr<ReadyCall>> ready(const AttentionCall& call);
    virtual Result<std::unique_ptr<ReadyCall>> ready(const GradientCall& call);
    // What draws pictures of a call's attention weights (ready_weights.h).
    virtual Result<std::unique_ptr<ReadyWeights>> ready_weights();
};

// All backends in order of preference; `auto` is the first available one that supports the problem.
std::span<Backend* const> backends();
// By name, or for "auto" by preference. Error when unknown (nearest name offered), not available or unable.
Result<Backend*> find_backend(std::string_view name, const Problem& problem, const Pattern& pattern,
                              Direction direction = Direction::forward);
// What "auto" passed over to come to `chosen`, and why: "cuda has no mix=fkodom, …". Backends whose device this machine
// does not have are not named; "" when none is left.
std::string passed_over(const Backend& chosen, const Problem& problem, const Pattern& pattern,
                        Direction direction = Direction::forward);

} // namespace dilascope
