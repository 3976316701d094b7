#include "experiments/experiment.h"
#include "experiments/spec.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <unordered_map>

namespace dilascope {
namespace {

// Cases of the cross product, with hot and cold counted; the error carries the count.
Result<std::int64_t> count_cases(const Spec& spec, const std::filesystem::path& file) {
    const std::int64_t ways = spec.measure.hot && spec.measure.cold ? 2 : 1;
    std::int64_t count = ways;
    double estimate = double(ways);
    bool overflowed = false;
    for (const SpecAxis& axis : spec.axes) {
        overflowed |= __builtin_mul_overflow(count, axis.size(), &count);
        estimate *= double(axis.size());
    }
    const std::string found = overflowed ? fmt::format("about {:.2g}", estimate) : fmt::format("{}", count);
    if (overflowed || count > max_cases)
        return SpecPlace{file.string()}.error(fmt::format(
            "the axes multiply to {} cases; expected at most {}: shorten an axis, or zip axes that move together",
            found, max_cases));
    return count;
}

// What the tensors say about the shape of a case that names fewer tokens or heads, and that it asks for no more.
Result<void> fit_to_tensors(Case& config, const Problem& held, bool kv_len_is_set, bool kv_heads_is_set) {
    const auto refuse = [&](const char* field, std::int64_t found, const char* relation, std::int64_t expected) {
        return fail(fmt::format("{} is {}, but the tensors hold {}; expected {}{}", field, found, expected, relation,
                                expected));
    };
    if (config.batch != held.batch) return refuse("batch", config.batch, "", held.batch);
    if (config.head_dim != held.head_dim) return refuse("head_dim", config.head_dim, "", held.head_dim);
    if (config.seq_len > held.seq_len) return refuse("seq_len", config.seq_len, "at most ", held.seq_len);
    if (config.heads > held.heads) return refuse("heads", config.heads, "at most ", held.heads);
    // Fewer queries mean as many keys fewer, fewer heads as many key heads fewer.
    const std::int64_t kv_len = held.kv_len - (held.seq_len - config.seq_len);
    if (config.heads * held.kv_heads % held.heads != 0)
        return fail(
            fmt::format("heads is {}, which takes no whole number of the tensors' {} key heads; use a multiple of {}",
                        config.heads, held.kv_heads, held.heads / held.kv_heads));
    const std::int64_t kv_heads = config.heads * held.kv_heads / held.heads;
    if (!kv_len_is_set) config.kv_len = kv_len == config.seq_len ? 0 : kv_len;
    if (!kv_heads_is_set) config.kv_heads = kv_heads == config.heads ? 0 : kv_heads;
    if (config.kv_len != 0 && config.kv_len != kv_len) return refuse("kv_len", config.kv_len, "", kv_len);
    if (config.kv_heads != 0 && config.kv_heads != kv_heads) return refuse("kv_heads", config.kv_heads, "", kv_heads);
    return {};
}

class Expansion {
public:
    Expansion(const Spec& spec, Experiment& experiment)
        : spec_(spec), experiment_(experiment), matches_(spec.excludes.size()) {
        if (experiment.inputs) {
            const Problem& held = experiment.inputs->problem;
            base_.input = spec.tensors;
            base_.seq_len = held.seq_len;
            base_.batch = held.batch;
            base_.heads = held.heads;
            base_.head_dim = held.head_dim;
        }
    }

    Result<void> run() {
        std::vector<std::int64_t> rows(spec_.axes.size(), 0); // the current row of each axis
        do {
            Case config = base_;
            for (std::size_t axis = 0; axis < rows.size(); ++axis)
                for (std::size_t key = 0; key < spec_.axes[axis].keys.size(); ++key)
                    set_field(config, spec_.axes[axis].keys[key], spec_.axes[axis].value(rows[axis], key));
            if (spec_.measure.hot) add(config, "hot", rows);
            if (spec_.measure.cold) add(config, "cold", rows);
        } while (next(rows));
        if (invalid_count_ > 1) first_error_ += fmt::format(" (and {} more cases cannot run)", invalid_count_ - 1);
        if (invalid_count_ > 0) return fail(first_error_);
        if (merged_count_ > 0)
            experiment_.notes.push_back(fmt::format("{} cases were the same as others and are merged", merged_count_));
        for (std::size_t rule = 0; rule < matches_.size(); ++rule)
            if (matches_[rule] == 0)
                experiment_.notes.push_back(fmt::format("{}:{}: exclude \"{}\" matches no case",
                                                        spec_.excludes[rule].place.file,
                                                        spec_.excludes[rule].place.line, spec_.excludes[rule].text));
        return {};
    }

private:
    // The last axis turns fastest, as nested loops in the order written.
    bool next(std::vector<std::int64_t>& rows) const {
        for (std::size_t axis = rows.size(); axis-- > 0;) {
            if (++rows[axis] < spec_.axes[axis].size()) return true;
            rows[axis] = 0;
        }
        return false;
    }

    bool is_set(std::string_view key) const {
        return std::any_of(spec_.axes.begin(), spec_.axes.end(), [&](const SpecAxis& axis) {
            return std::find(axis.keys.begin(), axis.keys.end(), key) != axis.keys.end();
        });
    }

    void add(Case config, const char* cache, const std::vector<std::int64_t>& rows) {
        config.cache = cache;
        Result<void> fits;
        if (experiment_.inputs)
            fits = fit_to_tensors(config, experiment_.inputs->problem, is_set("kv_len"), is_set("kv_heads"));
        for (std::size_t rule = 0; rule < spec_.excludes.size(); ++rule)
            if (spec_.excludes[rule].when.holds(config)) {
                ++matches_[rule];
                if (is_new(config)) experiment_.excluded.push_back({canonical(config), spec_.excludes[rule].reason});
                return;
            }
        if (fits) fits = validate(config);
        if (!fits) {
            if (invalid_count_++ == 0)
                first_error_ = place_of(fits.error().what, rows)
                                   .error(fmt::format("case {}: {}", case_text(config), fits.error().what))
                                   .value()
                                   .what;
            return;
        }
        if (is_new(config)) experiment_.cases.push_back(canonical(config));
    }

    bool is_new(const Case& config) {
        const bool fresh = seen_.try_emplace(case_hash(config), true).second;
        merged_count_ += !fresh;
        return fresh;
    }

    // Where the value stands that an error speaks of: of the field its first word names, else of the pattern.
    SpecPlace place_of(const std::string& error, const std::vector<std::int64_t>& rows) const {
        SpecPlace place{experiment_.file.string()};
        const std::string first_word = error.substr(0, error.find(' '));
        for (const std::string& wanted : {std::string("pattern"), first_word})
            for (std::size_t axis = 0; axis < rows.size(); ++axis)
                for (const std::string& key : spec_.axes[axis].keys)
                    if (key == wanted) place.line = spec_.axes[axis].line(rows[axis]);
        return place;
    }

    const Spec& spec_;
    Experiment& experiment_;
    Case base_;
    std::vector<std::int64_t> matches_;          // of each exclude
    std::unordered_map<std::string, bool> seen_; // hashes
    std::int64_t merged_count_ = 0, invalid_count_ = 0;
    std::string first_error_;
};

} // namespace

Result<Experiment> parse_experiment(std::string_view toml, const std::filesystem::path& file) {
    const Spec spec = TRY(read_spec(toml, file));
    Experiment experiment;
    experiment.name = spec.name;
    experiment.file = file;
    experiment.layout = spec.layout;
    experiment.measure = spec.measure;
    experiment.baseline = spec.baseline;
    experiment.notes = spec.notes;
    const std::int64_t case_count = TRY(count_cases(spec, file));
    const std::filesystem::path folder = file.parent_path();
    if (!spec.db.empty()) experiment.db = folder / spec.db;
    if (!spec.tensors.empty()) {
        experiment.tensors = folder / spec.tensors;
        auto inputs = load_qkv(experiment.tensors, spec.layout);
        if (!inputs) return spec.tensors_place.error(fmt::format("tensors: {}", inputs.error().what));
        experiment.inputs = std::make_shared<const Qkv>(std::move(*inputs));
    }
    experiment.cases.reserve(std::size_t(case_count));
    TRY(Expansion(spec, experiment).run());
    return experiment;
}

Result<Experiment> load_experiment(const std::filesystem::path& path) {
    constexpr std::uintmax_t max_bytes = 16u << 20;
    std::error_code failure;
    if (std::filesystem::is_directory(path, failure))
        return fail(fmt::format("{} is a folder; expected an experiment file (.toml)", path.string()));
    const std::uintmax_t bytes = std::filesystem::file_size(path, failure);
    if (!failure && bytes > max_bytes)
        return fail(fmt::format("{} has {} bytes; an experiment file has at most {}", path.string(), bytes, max_bytes));
    std::ifstream stream(path, std::ios::binary);
    if (!stream)
        return fail(fmt::format("{}: {}; expected an experiment file (.toml)", path.string(), std::strerror(errno)));
    const std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    return parse_experiment(text, path);
}

} // namespace dilascope
