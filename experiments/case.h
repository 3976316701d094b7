#pragma once
// Case: one combination of an experiment's axes; everything that decides what is computed. Its hash is the run's key.
#include "engine/pattern/count.h"
#include "engine/problem.h"
#include <string>

namespace dilascope {

// What one timed call computes.
enum class TimedDirection : std::uint8_t { forward, backward, forward_backward };
constexpr auto enum_names(TimedDirection) {
    return std::array<std::string_view, 3>{"forward", "backward", "forward+backward"};
}

// The state of the processor's caches before each timed call.
enum class CacheState : std::uint8_t { hot, cold };
constexpr auto enum_names(CacheState) { return std::array<std::string_view, 2>{"hot", "cold"}; }

struct Case {
    std::string pattern = "dense"; // text form, canonical once accepted
    std::int64_t seq_len = 1024;
    std::int64_t kv_len = 0; // 0: seq_len
    std::int64_t batch = 1;
    std::int64_t heads = 8;
    std::int64_t kv_heads = 0; // 0: heads
    std::int64_t head_dim = 64;
    std::string dtype = "f32";
    std::string backend = "auto";
    std::string direction = "forward";
    bool causal = false;
    std::string input = "gaussian"; // "gaussian" or the tensor file, as named in the experiment
    std::int64_t seed = 1234;       // of the generator
    std::string cache = "hot";      // set by an experiment's [measure] hot and cold

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"pattern", "Attention pattern, in its text form"}, self.pattern);
        v(Field{"seq_len", "Query tokens", "tokens", 1, 0x1p40}, self.seq_len);
        v(Field{"kv_len", "Key tokens; 0 means seq_len", "tokens", 0, 0x1p40}, self.kv_len);
        v(Field{"batch", "Independent sequences", "", 1, 1 << 20}, self.batch);
        v(Field{"heads", "Query heads", "", 1, 4096}, self.heads);
        v(Field{"kv_heads", "Key/value heads; 0 means heads", "", 0, 4096}, self.kv_heads);
        v(Field{"head_dim", "Width of one head", "", 1, 256}, self.head_dim);
        v(Field{"dtype", "Element type: f32, f16, bf16, or tf32 (f32 multiplied as tf32, on cuda)"}, self.dtype);
        v(Field{"backend", "auto, reference, cpu or cuda"}, self.backend);
        v(Field{"direction", "forward, backward or forward+backward"}, self.direction);
        v(Field{"causal", "Exclude keys after the query"}, self.causal);
        v(Field{"input", "gaussian, or a tensor file"}, self.input);
        v(Field{"seed", "Seed of the generator"}, self.seed);
        v(Field{"cache", "hot: caches as the last call left them; cold: flushed before each call"}, self.cache);
    }
    friend bool operator==(const Case&, const Case&) = default;
};

// The engine's problem and pattern of a case. Errors name the field.
Result<Problem> problem_of(const Case&);
Result<Pattern> pattern_of(const Case&);

// Everything that can be known before it runs: the fields, the pattern on these shapes, and that counts fit in 63 bits.
Result<void> validate(const Case&);

// The one spelling of a case: canonical pattern text, kv_len and kv_heads 0 where they say nothing new, the default
// seed where no generator is asked. A pattern that does not parse stays as it is.
Case canonical(Case config);

// 16 hex digits of xxh3-64 over `name=value\n` of every visited field of the canonical case, and over the content
// of its mask files: the run's identity.
std::string case_hash(const Case&);

// One line for people: "longnet segments=64 rates=1 · N=512 · 12×32 · causal".
std::string case_text(const Case&);

// Bytes of q, k, v, out and lse of a call.
double call_bytes(const Problem&);

// Pairs of all heads of one batch element, of what `what` says.
std::int64_t count_all_heads(const Pattern&, const Problem&, Count what);

} // namespace dilascope
