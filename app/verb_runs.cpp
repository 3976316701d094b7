#include "app/verbs.h"
#include "engine/named_enum.h"
#include "experiments/export.h"
#include "experiments/replacement_file.h"
#include "experiments/statistics.h"
#include "experiments/store.h"
#include <algorithm>
#include <fmt/format.h>
#include <memory>
#include <nlohmann/json.hpp>

namespace dilascope {

namespace {

struct RunsOptions {
    std::string db = "runs.sqlite";
    std::string id;                          // of `show`
    std::string status, pattern, experiment; // filters; "" lets all through
    std::int64_t last = 0;                   // newest so many; 0: all
    std::vector<std::string> columns;        // empty: those that tell the runs apart, or all for programs
    bool all_columns = false, csv = false, json = false, md = false, samples = false;
    std::string output;
};

RunFormat format_of(const RunsOptions& options, RunFormat otherwise) {
    if (options.csv) return RunFormat::csv;
    if (options.json) return RunFormat::json;
    if (options.md) return RunFormat::md;
    const auto dot = options.output.rfind('.');
    if (dot == std::string::npos) return otherwise;
    return enum_from_name<RunFormat>(options.output.substr(dot + 1)).value_or(otherwise);
}

Result<std::vector<Run>> filtered_runs(const RunStore& store, const RunsOptions& options) {
    if (!options.status.empty()) TRY(named_enum<RunStatus>("--status", options.status));
    std::vector<Run> runs = TRY(store.runs());
    std::erase_if(runs, [&](const Run& run) {
        return (!options.status.empty() && enum_name(run.status) != options.status) ||
               (!options.experiment.empty() && run.experiment != options.experiment) ||
               run.config.pattern.find(options.pattern) == std::string::npos;
    });
    if (options.last > 0 && runs.size() > std::size_t(options.last)) runs.resize(std::size_t(options.last));
    return runs;
}

std::vector<std::size_t> all_columns() {
    std::vector<std::size_t> columns(run_columns().size());
    for (std::size_t column = 0; column < columns.size(); ++column) columns[column] = column;
    return columns;
}

Result<void> write_text(const std::string& text, const std::string& output) {
    if (output.empty() || output == "-") {
        fmt::print("{}", text);
        return {};
    }
    ReplacementFile file = TRY(ReplacementFile::open(output));
    TRY(file.write(text.data(), text.size()));
    return file.commit();
}

// What all listed runs share, said once: "equal in all: heads 8 · head_dim 64 · …".
std::string shared_settings(const Run& run, const std::vector<std::size_t>& columns) {
    const std::vector<RunCell> cells = run_cells(run);
    std::string text;
    for (std::size_t column : columns)
        text += fmt::format("{}{} {}", text.empty() ? "equal in all: " : " · ", run_columns()[column].name,
                            cell_text(cells[column]));
    return text.empty() ? text : text + "\n";
}

Result<void> list_runs(const RunsOptions& options) {
    const RunStore store = TRY(RunStore::open(options.db, OpenMode::read_only));
    const std::vector<Run> runs = TRY(filtered_runs(store, options));
    const RunFormat format = format_of(options, RunFormat::table);
    const bool for_people = format == RunFormat::table || format == RunFormat::md;
    const ColumnChoice choice = telling_columns(runs);
    RunSelection selection{runs, for_people ? choice.shown : all_columns(), {}};
    if (options.all_columns) selection.columns = all_columns();
    if (!options.columns.empty()) selection.columns = TRY(columns_named(options.columns));
    if (format != RunFormat::table) return write_text(export_runs(selection, format), "");
    if (runs.empty()) return write_text("no runs\n", "");
    const bool chosen = options.all_columns || !options.columns.empty();
    return write_text(fmt::format("{}{} run{}\n{}", export_runs(selection, format), runs.size(),
                                  runs.size() == 1 ? "" : "s",
                                  chosen ? "" : shared_settings(runs.front(), choice.equal)),
                      "");
}

std::string describe_samples(const std::vector<double>& samples_ms) {
    if (samples_ms.empty()) return "no samples\n";
    const Summary summary = summarize(samples_ms);
    return fmt::format(
        "\n{} samples, ms: min {:.6g} · p5 {:.6g} · median {:.6g} (95 % CI {:.6g} … {:.6g}) · p95 {:.6g} · MAD "
        "{:.4g} · noise {:.3g} %\n{:.6g}\n",
        summary.count, summary.min, summary.p5, summary.median, summary.ci_low, summary.ci_high, summary.p95,
        summary.mad, summary.noise_pct, fmt::join(samples_ms, " "));
}

Result<void> show_run(const RunsOptions& options) {
    const RunStore store = TRY(RunStore::open(options.db, OpenMode::read_only));
    const std::optional<Run> run = TRY(store.run(options.id));
    if (!run)
        return fail(fmt::format("run store \"{}\": no run's id begins with \"{}\"; `dilascope runs list` shows the ids",
                                options.db, options.id));
    std::vector<double> samples_ms = TRY(store.samples(run->id));
    const RunFormat format = format_of(options, RunFormat::table);
    if (format == RunFormat::table) return write_text(describe_run(*run) + describe_samples(samples_ms), "");
    return write_text(export_runs({std::span(&*run, 1), all_columns(), {std::move(samples_ms)}}, format), "");
}

Result<void> export_to_file(const RunsOptions& options) {
    const RunStore store = TRY(RunStore::open(options.db, OpenMode::read_only));
    const std::vector<Run> runs = TRY(filtered_runs(store, options));
    RunSelection selection{runs, all_columns(), {}};
    if (!options.columns.empty()) selection.columns = TRY(columns_named(options.columns));
    if (options.samples)
        for (const Run& run : runs) selection.samples_ms.push_back(TRY(store.samples(run.id)));
    return write_text(export_runs(selection, format_of(options, RunFormat::csv)), options.output);
}

using Work = Result<void> (*)(const RunsOptions&);

CLI::App* add_work(CLI::App& verb, Action& action, const std::shared_ptr<RunsOptions>& options, const char* name,
                   const char* help, Work work) {
    CLI::App* sub = verb.add_subcommand(name, help);
    sub->add_option("--db", options->db, "Run store (default runs.sqlite)");
    auto* csv = sub->add_flag("--csv", options->csv, "Comma-separated values");
    auto* json = sub->add_flag("--json", options->json, "JSON")->excludes(csv);
    sub->add_flag("--md", options->md, "A Markdown table")->excludes(csv)->excludes(json);
    sub->callback([options, work, &action] {
        action = [options, work] {
            const Result<void> done = work(*options);
            return done ? int(exit_ok) : bad_input(done.error().what);
        };
    });
    return sub;
}

void add_filters(CLI::App& sub, RunsOptions& options) {
    sub.add_option("--status", options.status, "Only runs that are done, failed, interrupted, …");
    sub.add_option("--pattern", options.pattern, "Only runs whose pattern contains this text");
    sub.add_option("--experiment", options.experiment, "Only runs of this experiment");
    sub.add_option("--last", options.last, "Only the newest so many")->check(CLI::PositiveNumber);
    sub.add_option("--columns", options.columns, "These columns, comma-separated")->delimiter(',');
}

} // namespace

void add_runs_verb(CLI::App& app, Action& action) {
    auto options = std::make_shared<RunsOptions>();
    CLI::App* verb = app.add_subcommand("runs", "The run store from the shell");
    verb->require_subcommand(1);
    CLI::App* list =
        add_work(*verb, action, options, "list", "Runs, newest first; what differs comes first", list_runs);
    add_filters(*list, *options);
    list->add_flag("--all-columns", options->all_columns, "Every column");
    CLI::App* show = add_work(*verb, action, options, "show", "One run in full, with its samples", show_run);
    show->add_option("id", options->id, "Run id, or its first characters")->required();
    CLI::App* write =
        add_work(*verb, action, options, "export", "Every column of the runs, for other programs", export_to_file);
    add_filters(*write, *options);
    write->add_flag("--samples", options->samples, "The raw samples too, in milliseconds");
    write->add_option("--output", options->output, "File (.csv, .json or .md); standard output without");
}

} // namespace dilascope
