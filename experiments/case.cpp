#include "experiments/case.h"
#include "engine/named_enum.h"
#include "engine/pattern/count.h"
#include "engine/pattern/pattern_text.h"
#include "experiments/mask_file.h"
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <vector>
#include <xxhash.h>

namespace dilascope {

Result<Problem> problem_of(const Case& config) {
    Problem problem;
    problem.batch = config.batch;
    problem.seq_len = config.seq_len;
    problem.kv_len = config.kv_len == 0 ? config.seq_len : config.kv_len;
    problem.heads = config.heads;
    problem.kv_heads = config.kv_heads == 0 ? config.heads : config.kv_heads;
    problem.head_dim = config.head_dim;
    TRY(set_elements(problem, config.dtype));
    problem.causal = config.causal;
    TRY(named_enum<TimedDirection>("direction", config.direction));
    TRY(named_enum<CacheState>("cache", config.cache));
    TRY(validate(problem));
    return problem;
}

Result<Pattern> pattern_of(const Case& config) { return parse_pattern(config.pattern); }

Result<void> validate(const Case& config) {
    const Problem problem = TRY(problem_of(config));
    const Pattern pattern = TRY(pattern_of(config));
    TRY(validate(pattern, problem));
    const double pairs =
        double(problem.seq_len) * double(problem.kv_len) * double(problem.heads) * branch_count(pattern);
    if (pairs > 0x1p62)
        return fail(
            fmt::format("seq_len {} × kv_len {} × heads {} are {:.3g} pairs, more than can be counted exactly (2^62)",
                        problem.seq_len, problem.kv_len, problem.heads, pairs));
    if (call_bytes(problem) > 0x1p60)
        return fail(
            fmt::format("batch {} × seq_len {} × heads {} × head_dim {} need {:.3g} bytes; no machine holds them",
                        problem.batch, problem.seq_len, problem.heads, problem.head_dim, call_bytes(problem)));
    return {};
}

Case canonical(Case config) {
    if (const auto pattern = pattern_of(config)) config.pattern = to_text(*pattern);
    if (config.kv_len == config.seq_len) config.kv_len = 0;
    if (config.kv_heads == config.heads) config.kv_heads = 0;
    if (config.input != "gaussian") config.seed = Case{}.seed;
    return config;
}

std::string case_hash(const Case& config) {
    std::string text;
    const Case identity = canonical(config);
    Case::visit(identity,
                [&](const Field& field, const auto& value) { text += fmt::format("{}={}\n", field.name, value); });
    if (const Result<Pattern> pattern = pattern_of(identity))
        if (const std::string content = mask_content_hash(*pattern); !content.empty())
            text += fmt::format("mask={}\n", content);
    return fmt::format("{:016x}", XXH3_64bits(text.data(), text.size()));
}

std::string case_text(const Case& config) {
    std::string text = fmt::format("{} · N={}", config.pattern, config.seq_len);
    if (config.kv_len != 0 && config.kv_len != config.seq_len) text += fmt::format(" · M={}", config.kv_len);
    if (config.batch != 1) text += fmt::format(" · B={}", config.batch);
    text += fmt::format(" · {}×{}", config.heads, config.head_dim);
    if (config.kv_heads != 0 && config.kv_heads != config.heads)
        text += fmt::format(" · {} kv head{}", config.kv_heads, config.kv_heads == 1 ? "" : "s");
    if (config.dtype != "f32") text += " · " + config.dtype;
    if (config.causal) text += " · causal";
    if (config.backend != "auto") text += " · " + config.backend;
    if (config.direction != "forward") text += " · " + config.direction;
    if (config.cache != "hot") text += " · " + config.cache;
    return text;
}

double call_bytes(const Problem& problem) {
    const double batch = double(problem.batch), element_bytes = double(dtype_bytes(problem.dtype));
    const double q = batch * double(problem.seq_len) * double(problem.heads) * double(problem.head_dim);
    const double k = batch * double(problem.kv_len) * double(problem.kv_heads) * double(problem.head_dim);
    const double lse = batch * double(problem.heads) * double(problem.seq_len);
    return (q + 2 * k) * element_bytes + (q + lse) * double(sizeof(float));
}

std::int64_t count_all_heads(const Pattern& pattern, const Problem& problem, Count what) {
    // Heads of one class share tiles, so also counts.
    std::map<int, std::int64_t> class_counts;
    std::int64_t total = 0;
    for (std::int64_t head = 0; head < problem.heads; ++head) {
        const int head_class = dilascope::head_class(pattern, problem, head);
        auto [entry, fresh] = class_counts.try_emplace(head_class, 0);
        if (fresh) entry->second = count_pairs(pattern, problem, head, whole_matrix(problem), what);
        total += entry->second;
    }
    return total;
}

} // namespace dilascope
