#include "app/interrupt.h"
#include "app/verbs.h"
#include "engine/backends/backend.h"
#include "engine/named_enum.h"
#include "engine/pattern/pattern_text.h"
#include "engine/visit.h"
#include "experiments/element_type.h"
#include "experiments/qkv.h"
#include "experiments/tensor_file.h"
#include "views/number_format.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <functional>
#include <memory>

namespace dilascope {

namespace {

struct AttendOptions {
    std::string input, output, pattern;
    std::string backend = "auto", dtype = "f32", layout = "bnhd";
    double scale = 0;       // 0: 1/√D
    double dropout = 0;     // share of weights dropped
    std::uint64_t seed = 0; // of dropout
    bool causal = false;
};

struct Attended {
    Problem problem;
    Buffer<float> out, lse;   // (B,N,H,D), (B,H,N)
    Buffer<float> dq, dk, dv; // (B,N,H,D), (B,M,G,D) twice; empty without dout
    std::string runs;         // "reference f64, 1.2 ms", and the gradient's
    bool has_gradients() const { return dq.size() > 0; }
};

Result<void> set_dtype(Problem& problem, const AttendOptions& options) {
    if (const Result<void> set = set_elements(problem, options.dtype); !set) return fail("--" + set.error().what);
    return {};
}

Result<Dropout> dropout_of(const AttendOptions& options) {
    const Dropout dropout{options.dropout, options.seed};
    if (!(options.dropout >= 0 && options.dropout < 1))
        return fail(fmt::format("--dropout is {}; expected the share of weights to drop, 0 or more and below 1",
                                options.dropout));
    if (dropout.threshold() == 65536 || (dropout.is_off() && options.dropout > 0))
        return fail(fmt::format("--dropout is {}, nearer to {} than the step of 2^-16 = 0.0000153 that rates have; use "
                                "{}",
                                options.dropout, dropout.is_off() ? 0 : 1, dropout.is_off() ? "0" : "0.9999"));
    return dropout;
}

// Calls it once: "reference f64, 1.2 ms".
Result<std::string> timed(const KernelChoice& choice, const std::function<Result<void>()>& call) {
    const auto start = std::chrono::steady_clock::now();
    TRY(call());
    const auto time = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start);
    return choice.kernel + ", " + format_time_ms(time.count()).joined();
}

Result<void> add_gradients(Attended& attended, Backend& backend, const AttentionCall& forward, const float* dout) {
    const Problem& problem = attended.problem;
    attended.dq = TRY(Buffer<float>::allocate(query_elements(problem), "attend/dq"));
    attended.dk = TRY(Buffer<float>::allocate(key_elements(problem), "attend/dk"));
    attended.dv = TRY(Buffer<float>::allocate(key_elements(problem), "attend/dv"));
    GradientCall call;
    call.problem = forward.problem, call.pattern = forward.pattern, call.plan = forward.plan;
    call.q = forward.q, call.k = forward.k, call.v = forward.v;
    call.out = forward.out, call.lse = forward.lse, call.dout = dout;
    call.dq = attended.dq.data(), call.dk = attended.dk.data(), call.dv = attended.dv.data();
    call.cancel = forward.cancel, call.dropout = forward.dropout;
    const KernelChoice choice = backend.choose(problem, *forward.pattern, Direction::backward);
    attended.runs += "; gradients " + TRY(timed(choice, [&] { return backend.backward(call); }));
    return {};
}

Result<Attended> attend(const AttendOptions& options, const Qkv& qkv, const Pattern& pattern,
                        const CancelFlag* cancel) {
    Attended attended;
    Problem& problem = attended.problem = qkv.problem;
    problem.causal = options.causal, problem.scale = options.scale;
    TRY(set_dtype(problem, options));
    TRY(validate(pattern, problem));
    AttentionCall call;
    call.dropout = TRY(dropout_of(options));
    const bool is_training = qkv.dout || !call.dropout.is_off(); // dropout is asked of backends with a gradient
    const Direction direction = is_training ? Direction::backward : Direction::forward;
    Backend* const backend = TRY(find_backend(options.backend, problem, pattern, direction));
    const Plan plan = TRY(make_plan(pattern, problem));
    const Buffer<std::byte> q = TRY(stored_as(qkv.q, problem.dtype, "q"));
    const Buffer<std::byte> k = TRY(stored_as(qkv.k, problem.dtype, "k"));
    const Buffer<std::byte> v = TRY(stored_as(qkv.v, problem.dtype, "v"));
    attended.out = TRY(Buffer<float>::allocate(query_elements(problem), "attend/out"));
    attended.lse = TRY(Buffer<float>::allocate(lse_elements(problem), "attend/lse"));
    call.problem = &problem, call.pattern = &pattern, call.plan = &plan;
    call.q = q.data(), call.k = k.data(), call.v = v.data();
    call.out = attended.out.data(), call.lse = attended.lse.data(), call.cancel = cancel;
    attended.runs = TRY(timed(backend->choose(problem, pattern), [&] { return backend->forward(call); }));
    if (qkv.dout) TRY(add_gradients(attended, *backend, call, qkv.dout->data()));
    const std::string skipped = options.backend == "auto" ? passed_over(*backend, problem, pattern, direction) : "";
    if (!skipped.empty()) attended.runs += "; passed over: " + skipped;
    return attended;
}

Result<void> attend_and_write(const AttendOptions& options, const CancelFlag* cancel) {
    TRY(check_tensor_output(options.output, 2));
    const Layout layout = TRY(named_enum<Layout>("--layout", options.layout));
    Problem ignored_problem; // a wrong --dtype is told before the file is read
    TRY(set_dtype(ignored_problem, options));
    const Pattern pattern = TRY(parse_pattern(options.pattern));
    const Qkv qkv = TRY(load_qkv(options.input, layout));
    std::error_code ignored;
    if (std::filesystem::equivalent(options.input, options.output, ignored))
        return fail(fmt::format("--output {} is the input file; write to another one", options.output));
    const Attended attended = TRY(attend(options, qkv, pattern, cancel));
    const Problem& p = attended.problem;
    const std::vector<std::int64_t> queries = {p.batch, p.seq_len, p.heads, p.head_dim};
    const std::vector<std::int64_t> keys = {p.batch, p.kv_len, p.kv_heads, p.head_dim};
    std::vector<TensorToWrite> tensors = {{"out", queries, attended.out.data()},
                                          {"lse", {p.batch, p.heads, p.seq_len}, attended.lse.data()}};
    if (attended.has_gradients()) {
        tensors.push_back({"dq", queries, attended.dq.data()});
        tensors.push_back({"dk", keys, attended.dk.data()});
        tensors.push_back({"dv", keys, attended.dv.data()});
    }
    TRY(write_tensor_file(options.output, tensors));
    std::string written;
    for (const TensorToWrite& tensor : tensors)
        written += fmt::format("{}{} {}", written.empty() ? "" : ", ", tensor.name, shape_text(tensor.shape));
    const auto empty_rows = std::count(attended.lse.begin(), attended.lse.end(), -INFINITY);
    fmt::print("{}: {}; {}; {} of {} rows without keys\n", options.output, written, attended.runs, empty_rows,
               attended.lse.size());
    return {};
}

// Why the device of the backend asked for is not there; empty when it is, or when the name is no backend's.
std::string missing_device(const std::string& name) {
    for (Backend* backend : backends())
        if (backend->name() == name)
            return backend->available() ? "" : fmt::format("backend {}: {}", name, backend->status());
    return {};
}

int run_attend(const AttendOptions& options) {
    if (const std::string reason = missing_device(options.backend); !reason.empty()) {
        bad_input(reason);
        return exit_no_device;
    }
    const CancelFlag* cancel = cancel_on_interrupt();
    const Result<void> done = attend_and_write(options, cancel);
    if (done) return exit_ok;
    if (!cancel->load()) return bad_input(done.error().what);
    bad_input(fmt::format("cancelled; {} is not written", options.output));
    return exit_cancelled;
}

} // namespace

void add_attend_verb(CLI::App& app, Action& action) {
    const auto options = std::make_shared<AttendOptions>();
    CLI::App* verb = app.add_subcommand("attend", "Run attention on the tensors q, k and v of a file");
    verb->add_option("--input", options->input, "Tensors q, k, v, and dout for gradients: .safetensors or .npz")
        ->required();
    verb->add_option("--pattern", options->pattern,
                     "Pattern in its text form, as \"longnet segments=64,128 rates=1,2\"")
        ->required();
    verb->add_flag("--causal", options->causal, "Exclude keys after the query");
    verb->add_option("--backend", options->backend, "auto, reference, cpu or cuda")->capture_default_str();
    verb->add_option("--dtype", options->dtype, "What is multiplied: f32, f16, bf16, or tf32 (f32 tensors, on cuda)")
        ->capture_default_str();
    verb->add_option("--scale", options->scale, "Scale of the scores, 1/sqrt(head_dim) when left out")
        ->check(CLI::PositiveNumber);
    verb->add_option("--dropout", options->dropout, "Share of weights to drop, from 0 to below 1")
        ->capture_default_str();
    verb->add_option("--seed", options->seed, "Which weights are dropped; the same seed drops the same ones")
        ->needs("--dropout")
        ->capture_default_str();
    verb->add_option("--layout", options->layout, "Axes of the input: bnhd, or bhnd for (batch, head, token, head_dim)")
        ->capture_default_str();
    verb->add_option("--output", options->output,
                     "out (B,N,H,D) and lse (B,H,N), with dout also dq, dk, dv: .safetensors or .npz")
        ->required();
    verb->callback([options, &action] { action = [options] { return run_attend(*options); }; });
}

} // namespace dilascope
