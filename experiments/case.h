#pragma once
// Case: one combination of an experiment's axes; everything that decides what is computed. Its hash is the run's key.
#include "engine/pattern/pattern.h"
#include "engine/problem.h"
#include <string>

namespace dilascope {

enum class Direction : std::uint8_t { forward, backward };
constexpr auto enum_names(Direction) { return std::array<std::string_view, 2>{"forward", "backward"}; }

struct Case {
    std::string pattern = "dense"; // text form, canonical once accepted
    std::int64_t seq_len = 1024;
    std::int64_t kv_len = 0;       // 0: seq_len
    std::int64_t batch = 1;
    std::int64_t heads = 8;
    std::int64_t kv_heads = 0;     // 0: heads
    std::int64_t head_dim = 64;
    std::string dtype = "f32";
    std::string backend = "auto";
    std::string direction = "forward";
    bool causal = false;
    std::string input = "gaussian"; // "gaussian" or the tensor file, as named in the experiment
    std::int64_t seed = 1234;       // of the generator

    template <class Self, class V>
    static void visit(Self& self, V&& v) {
        v(Field{"pattern", "Attention pattern, in its text form"}, self.pattern);
        v(Field{"seq_len", "Query tokens", "tokens", 1, 0x1p40}, self.seq_len);
        v(Field{"kv_len", "Key tokens; 0 means seq_len", "tokens", 0, 0x1p40}, self.kv_len);
        v(Field{"batch", "Independent sequences", "", 1, 1 << 20}, self.batch);
        v(Field{"heads", "Query heads", "", 1, 4096}, self.heads);
        v(Field{"kv_heads", "Key/value heads; 0 means heads", "", 0, 4096}, self.kv_heads);
        v(Field{"head_dim", "Width of one head", "", 1, 256}, self.head_dim);
        v(Field{"dtype", "Element type: f32, f16, bf16"}, self.dtype);
        v(Field{"backend", "auto, reference, cpu or cuda"}, self.backend);
        v(Field{"direction", "forward or backward"}, self.direction);
        v(Field{"causal", "Exclude keys after the query"}, self.causal);
        v(Field{"input", "gaussian, or a tensor file"}, self.input);
        v(Field{"seed", "Seed of the generator"}, self.seed);
    }
    friend bool operator==(const Case&, const Case&) = default;
};

// The engine's problem and pattern of a case. Errors name the field.
Result<Problem> problem_of(const Case&);
Result<Pattern> pattern_of(const Case&);

// 16 hex digits of xxh3-64 over `name=value\n` of every visited field, pattern in canonical form: the run's identity.
std::string case_hash(const Case&);

}  // namespace dilascope
