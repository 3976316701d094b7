#include "app/text_forms.h"
#include "app/verbs.h"
#include "engine/pattern/count.h"
#include "engine/pattern/pattern_text.h"
#include "experiments/tensor_file.h"
#include <fmt/format.h>
#include <memory>

namespace dilascope {

namespace {

__extension__ using Wide = __int128; // sums over heads can pass 2^63

struct PatternOptions {
    std::string pattern, region, pixels = "1024x1024", mask_file, density_file;
    std::int64_t seq_len = 0, kv_len = 0, heads = 1, head = 0;
    bool causal = false, json = false;
};

struct HeadCounts {
    std::int64_t active_pairs = 0, multiplicity = 0;
    std::vector<std::int64_t> branch_pairs; // of each branch alone
};

std::string digits(Wide value) {
    std::string text;
    do text.insert(text.begin(), char('0' + int(value % 10)));
    while ((value /= 10) != 0);
    return text;
}

HeadCounts count_head(const Pattern& pattern, const Problem& problem, std::int64_t head) {
    const Region all = whole_matrix(problem);
    HeadCounts counts{count_pairs(pattern, problem, head, all),
                      count_pairs(pattern, problem, head, all, {Count::multiplicity, 0}),
                      {}};
    for (int branch = 0; branch < branch_count(pattern); ++branch)
        counts.branch_pairs.push_back(count_pairs(pattern, problem, head, all, {Count::branch_pairs, branch}));
    return counts;
}

// Pairs of each branch, over all heads.
std::vector<Wide> branch_totals(const std::vector<HeadCounts>& heads) {
    std::vector<Wide> totals(heads.front().branch_pairs.size(), 0);
    for (const HeadCounts& head : heads)
        for (std::size_t branch = 0; branch < totals.size(); ++branch) totals[branch] += head.branch_pairs[branch];
    return totals;
}

Result<void> write_mask(const PatternOptions& options, const Pattern& pattern, const Problem& problem) {
    constexpr std::int64_t most_cells = std::int64_t{1} << 30;
    if (problem.seq_len > most_cells / problem.kv_len)
        return fail(fmt::format("--mask of {} × {} cells is larger than 1 GiB; use --region with --density instead",
                                problem.seq_len, problem.kv_len));
    std::vector<std::uint8_t> mask(std::size_t(problem.seq_len * problem.kv_len));
    for (std::int64_t q = 0; q < problem.seq_len; ++q)
        for (std::int64_t k = 0; k < problem.kv_len; ++k)
            mask[std::size_t(q * problem.kv_len + k)] =
                std::uint8_t(multiplicity(pattern, problem, options.head, q, k));
    return write_npy(options.mask_file, {problem.seq_len, problem.kv_len}, mask.data());
}

Result<void> write_density(const PatternOptions& options, const Pattern& pattern, const Problem& problem) {
    const PixelSize size = TRY(parse_size("--pixels", options.pixels, 1, 1 << 13));
    Region region = whole_matrix(problem);
    if (!options.region.empty()) region = TRY(parse_region("--region", options.region, problem));
    std::vector<double> density(std::size_t(size.width * size.height));
    density_grid(pattern, problem, options.head, region, size.height, size.width, density);
    return write_npy(options.density_file, {size.height, size.width}, density.data());
}

void print_json(const Pattern& pattern, const Problem& problem, const std::vector<HeadCounts>& heads) {
    Wide active = 0, times = 0;
    std::string per_head;
    const std::int64_t allowed = allowed_pairs(problem);
    for (std::size_t head = 0; head < heads.size(); ++head) {
        active += heads[head].active_pairs, times += heads[head].multiplicity;
        per_head += fmt::format("{}\n    {{\"head\": {}, \"active_pairs\": {}, \"multiplicity\": {}, "
                                "\"allowed_pairs\": {}, \"density\": {}}}",
                                head > 0 ? "," : "", head, heads[head].active_pairs, heads[head].multiplicity, allowed,
                                double(heads[head].active_pairs) / double(allowed));
    }
    const Wide all_allowed = Wide(allowed) * problem.heads;
    std::string per_branch;
    const std::vector<Wide> totals = branch_totals(heads);
    for (std::size_t branch = 0; branch < totals.size(); ++branch)
        per_branch += fmt::format("{}\n    {{\"branch\": \"{}\", \"pairs\": {}, \"density\": {}}}",
                                  branch > 0 ? "," : "", branch_label(pattern, int(branch)), digits(totals[branch]),
                                  double(totals[branch]) / double(all_allowed));
    fmt::print("{{\n  \"pattern\": \"{}\",\n  \"seq_len\": {}, \"kv_len\": {}, \"heads\": {}, \"causal\": {},\n"
               "  \"active_pairs\": {}, \"multiplicity\": {}, \"allowed_pairs\": {}, \"density\": {},\n  \"per_head\": "
               "[{}\n  ],\n  \"branches\": [{}\n  ]\n}}\n",
               to_text(pattern), problem.seq_len, problem.kv_len, problem.heads, problem.causal, digits(active),
               digits(times), digits(all_allowed), double(active) / double(all_allowed), per_head, per_branch);
}

void print_table(const Pattern& pattern, const Problem& problem, const std::vector<HeadCounts>& heads) {
    const std::int64_t allowed = allowed_pairs(problem);
    fmt::print("{}\n{} queries × {} keys, {} heads{}; {} allowed pairs a head\n\n", to_text(pattern), problem.seq_len,
               problem.kv_len, problem.heads, problem.causal ? ", causal" : "", allowed);
    fmt::print("{:>5} {:>22} {:>22} {:>12}\n", "head", "active pairs", "multiplicity", "density %");
    Wide active = 0, times = 0;
    for (std::size_t head = 0; head < heads.size(); ++head) {
        active += heads[head].active_pairs, times += heads[head].multiplicity;
        fmt::print("{:>5} {:>22} {:>22} {:>12.6g}\n", head, heads[head].active_pairs, heads[head].multiplicity,
                   100.0 * double(heads[head].active_pairs) / double(allowed));
    }
    fmt::print("{:>5} {:>22} {:>22} {:>12.6g}\n", "all", digits(active), digits(times),
               100.0 * double(active) / (double(allowed) * double(problem.heads)));
    const std::vector<Wide> totals = branch_totals(heads);
    if (totals.size() < 2) return;
    fmt::print("\n{:>20} {:>22} {:>12}\n", "branch, all heads", "pairs", "density %");
    for (std::size_t branch = 0; branch < totals.size(); ++branch)
        fmt::print("{:>20} {:>22} {:>12.6g}\n", branch_label(pattern, int(branch)), digits(totals[branch]),
                   100.0 * double(totals[branch]) / (double(allowed) * double(problem.heads)));
}

Result<void> run_pattern(const PatternOptions& options) {
    const Pattern pattern = TRY(parse_pattern(options.pattern));
    Problem problem = self_attention(options.seq_len, options.heads, 64, options.causal);
    if (options.kv_len != 0) problem.kv_len = options.kv_len;
    TRY(validate(pattern, problem));
    if (options.head < 0 || options.head >= problem.heads)
        return fail(fmt::format("--head is {}; expected 0 … {}", options.head, problem.heads - 1));
    if (!options.mask_file.empty()) TRY(write_mask(options, pattern, problem));
    if (!options.density_file.empty())
        TRY(write_density(options, pattern, problem));
    else if (!options.region.empty())
        return fail("--region needs --density FILE.npy to write to");

    std::vector<HeadCounts> heads(std::size_t(problem.heads));
    for (std::int64_t head = 0; head < problem.heads; ++head) {
        const int first = head_class(pattern, problem, head); // heads of one class count alike
        if (first < head && head_class(pattern, problem, first) == first) {
            heads[std::size_t(head)] = heads[std::size_t(first)];
            continue;
        }
        heads[std::size_t(head)] = count_head(pattern, problem, head);
    }
    options.json ? print_json(pattern, problem, heads) : print_table(pattern, problem, heads);
    return {};
}

} // namespace

void add_pattern_verb(CLI::App& app, Action& action) {
    auto options = std::make_shared<PatternOptions>();
    CLI::App* verb = app.add_subcommand("pattern", "Exact counts, masks and densities of a pattern");
    verb->add_option("pattern", options->pattern,
                     "Pattern in its text form, e.g. \"longnet segments=2048,4096 rates=1,2\"")
        ->required();
    verb->add_option("--seq-len", options->seq_len, "Query tokens")->required();
    verb->add_option("--kv-len", options->kv_len, "Key tokens; the queries are the last of them (default: --seq-len)");
    verb->add_option("--heads", options->heads, "Query heads (default 1)");
    verb->add_flag("--causal", options->causal, "Exclude keys after the query");
    verb->add_flag("--json", options->json, "Print JSON");
    verb->add_option("--head", options->head, "Head of --mask and --density (default 0)");
    verb->add_option("--mask", options->mask_file,
                     "Write the multiplicity of every pair, uint8 (queries, keys), as .npy");
    verb->add_option("--region", options->region, "Rectangle of --density: q0:q1,k0:k1 (default: everything)");
    verb->add_option("--pixels", options->pixels, "Width x height of --density (default 1024x1024)");
    verb->add_option("--density", options->density_file, "Write exact densities, float64 (rows, columns), as .npy");
    verb->callback([options, &action] {
        action = [options] {
            const Result<void> done = run_pattern(*options);
            return done ? int(exit_ok) : bad_input(done.error().what);
        };
    });
}

} // namespace dilascope
