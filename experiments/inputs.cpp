#include "experiments/inputs.h"
#include <fmt/format.h>
#include <fstream>

namespace dilascope {

// MemAvailable of the kernel, in bytes; 0 when it does not tell.
static double available_bytes() {
    std::ifstream file("/proc/meminfo");
    std::string word;
    double kib = 0;
    while (file >> word)
        if (word == "MemAvailable:" && file >> kib) return kib * 1024;
    return 0;
}

Result<void> check_memory(double bytes, const std::string& purpose) {
    const double free = available_bytes();
    if (free == 0 || bytes <= free) return {};
    return fail(fmt::format("{} need {:.1f} GiB, but {:.1f} GiB of memory are free; use fewer tokens or heads", purpose,
                            bytes / 0x1p30, free / 0x1p30));
}

static bool same_shape(const Problem& a, const Problem& b) {
    return a.batch == b.batch && a.seq_len == b.seq_len && a.kv_len == b.kv_len && a.heads == b.heads &&
           a.kv_heads == b.kv_heads && a.head_dim == b.head_dim;
}

Result<const Qkv*> Inputs::of(const Case& config, const Problem& problem, const Qkv* tensors,
                              const CancelFlag* cancel) {
    const bool is_generated = config.input == "gaussian";
    if (!is_generated && !tensors)
        return fail(
            fmt::format("input is \"{}\", but no tensors were loaded; load that file or use gaussian", config.input));
    const bool wants_dout = config.direction != "forward";
    const bool is_as_given = !is_generated && same_shape(tensors->problem, problem) && problem.dtype == Dtype::f32;
    if (is_as_given && (!wants_dout || tensors->dout)) return tensors;
    const std::string key =
        fmt::format("{} {} {} {} {} {} {} {} {} {}", config.input, is_generated ? config.seed : 0,
                    static_cast<const void*>(is_generated ? nullptr : tensors), enum_name(problem.dtype), problem.batch,
                    problem.seq_len, problem.kv_len, problem.heads, problem.kv_heads, problem.head_dim);
    if (!last_ || key != key_) {
        last_.reset();
        TRY(make(config, problem, tensors, cancel));
        key_ = key;
    }
    if (wants_dout && !last_->dout) {
        TRY(check_memory(double(query_elements(problem)) * double(sizeof(float)), "dout"));
        TRY(generate_dout(*last_, std::uint64_t(config.seed), cancel));
    }
    return &*last_;
}

Result<void> Inputs::make(const Case& config, const Problem& problem, const Qkv* tensors, const CancelFlag* cancel) {
    const double elements = double(query_elements(problem)) + 2 * double(key_elements(problem));
    TRY(check_memory(elements * double(sizeof(float)), "q, k and v"));
    Qkv made = config.input == "gaussian" ? TRY(generate_qkv(problem, std::uint64_t(config.seed), cancel))
                                          : TRY(slice_qkv(*tensors, problem.seq_len, problem.heads));
    if (!same_shape(made.problem, problem)) {
        const Problem& held = made.problem;
        return fail(
            fmt::format("the tensors have batch {}, kv_len {}, kv_heads {} and head_dim {} at this seq_len and heads; "
                        "the case asks for {}, {}, {} and {}; ask for what they have, or for generated tensors",
                        held.batch, held.kv_len, held.kv_heads, held.head_dim, problem.batch, problem.kv_len,
                        problem.kv_heads, problem.head_dim));
    }
    TRY(round_qkv(made, problem.dtype));
    last_ = std::move(made);
    return {};
}

} // namespace dilascope
