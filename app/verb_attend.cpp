#include "app/interrupt.h"
#include "app/verbs.h"
#include "engine/backends/backend.h"
#include "engine/dtype_convert.h"
#include "engine/nearest.h"
#include "engine/pattern/pattern_text.h"
#include "engine/visit.h"
#include "experiments/qkv.h"
#include "experiments/tensor_file.h"
#include <algorithm>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <memory>

namespace dilascope {

namespace {

struct AttendOptions {
    std::string input, output, pattern;
    std::string backend = "auto", dtype = "f32", layout = "bnhd";
    double scale = 0; // 0: 1/√D
    bool causal = false;
};

struct Attended {
    Problem problem;
    Buffer<float> out, lse; // (B,N,H,D), (B,H,N)
    std::string kernel;
    double time_ms = 0; // of the one call
};

template <NamedEnum E> Result<E> named(std::string_view option, const std::string& name) {
    if (const auto value = enum_from_name<E>(name)) return *value;
    static constexpr auto names = enum_names(E{});
    return fail(fmt::format("{} is \"{}\"{}", option, name, nearest_hint(name, names)));
}

Result<Dtype> compute_dtype(const std::string& name) {
    const Dtype dtype = TRY(named<Dtype>("--dtype", name));
    if (dtype == Dtype::f64)
        return fail("--dtype is \"f64\"; expected f32, f16 or bf16 (the reference sums in f64 anyway)");
    return dtype;
}

// The values as elements of `dtype`; error when a finite one becomes infinite.
Result<Buffer<std::byte>> stored_as(const Buffer<float>& values, Dtype dtype, std::string_view name) {
    if (dtype == Dtype::f16)
        for (std::int64_t index = 0; index < values.size(); ++index)
            if (std::isinf(f32_from_f16(f16_from_f32(values[index]))))
                return fail(
                    fmt::format("--dtype is f16, whose largest number is 65504, but {} holds {}; use bf16 or f32", name,
                                values[index]));
    Buffer<std::byte> bytes =
        TRY(Buffer<std::byte>::allocate(values.size() * std::int64_t(dtype_bytes(dtype)), "attend/inputs"));
    narrow_f32(values.data(), values.size(), dtype, bytes.data());
    return bytes;
}

Result<Attended> attend(const AttendOptions& options, const Qkv& qkv, const Pattern& pattern,
                        const CancelFlag* cancel) {
    Attended attended;
    Problem& problem = attended.problem = qkv.problem;
    problem.causal = options.causal, problem.scale = options.scale;
    problem.dtype = TRY(compute_dtype(options.dtype));
    TRY(validate(pattern, problem));
    Backend* const backend = TRY(find_backend(options.backend, problem, pattern));
    const Plan plan = TRY(make_plan(pattern, problem));
    const Buffer<std::byte> q = TRY(stored_as(qkv.q, problem.dtype, "q"));
    const Buffer<std::byte> k = TRY(stored_as(qkv.k, problem.dtype, "k"));
    const Buffer<std::byte> v = TRY(stored_as(qkv.v, problem.dtype, "v"));
    attended.out = TRY(Buffer<float>::allocate(query_elements(problem), "attend/out"));
    attended.lse = TRY(Buffer<float>::allocate(lse_elements(problem), "attend/lse"));
    attended.kernel = backend->choose(problem, pattern).kernel;
    AttentionCall call;
    call.problem = &problem, call.pattern = &pattern, call.plan = &plan;
    call.q = q.data(), call.k = k.data(), call.v = v.data();
    call.out = attended.out.data(), call.lse = attended.lse.data(), call.cancel = cancel;
    const auto start = std::chrono::steady_clock::now();
    TRY(backend->forward(call));
    attended.time_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return attended;
}

Result<void> attend_and_write(const AttendOptions& options, const CancelFlag* cancel) {
    TRY(check_tensor_output(options.output, 2));
    const Layout layout = TRY(named<Layout>("--layout", options.layout));
    TRY(compute_dtype(options.dtype));
    const Pattern pattern = TRY(parse_pattern(options.pattern));
    const Qkv qkv = TRY(load_qkv(options.input, layout));
    std::error_code ignored;
    if (std::filesystem::equivalent(options.input, options.output, ignored))
        return fail(fmt::format("--output {} is the input file; write to another one", options.output));
    const Attended attended = TRY(attend(options, qkv, pattern, cancel));
    const Problem& p = attended.problem;
    const TensorToWrite tensors[] = {{"out", {p.batch, p.seq_len, p.heads, p.head_dim}, attended.out.data()},
                                     {"lse", {p.batch, p.heads, p.seq_len}, attended.lse.data()}};
    TRY(write_tensor_file(options.output, tensors));
    if (qkv.dout)
        fmt::print(stderr,
                   "dilascope: note: {} holds dout, but gradients are not available yet; out and lse are written, "
                   "dq, dk and dv are not\n",
                   options.input);
    const auto empty_rows = std::count(attended.lse.begin(), attended.lse.end(), -INFINITY);
    fmt::print("{}: out ({}, {}, {}, {}), lse ({}, {}, {}); {}, {:.3g} ms; {} of {} rows without keys\n",
               options.output, p.batch, p.seq_len, p.heads, p.head_dim, p.batch, p.heads, p.seq_len, attended.kernel,
               attended.time_ms, empty_rows, attended.lse.size());
    return {};
}

// Why the device of the backend asked for is not there; empty when it is, or when the name is no backend's.
std::string missing_device(const std::string& name) {
    for (Backend* backend : backends())
        if (backend->name() == name)
            return backend->available() ? "" : fmt::format("backend {}: {}", name, backend->status());
    if (name != "cuda") return {};
    return "backend cuda: this build has no CUDA part; build with -DDILASCOPE_CUDA=ON where nvcc is installed";
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
    verb->add_option("--input", options->input, "Tensors q, k, v: .safetensors or .npz")->required();
    verb->add_option("--pattern", options->pattern,
                     "Pattern in its text form, as \"longnet segments=64,128 rates=1,2\"")
        ->required();
    verb->add_flag("--causal", options->causal, "Exclude keys after the query");
    verb->add_option("--backend", options->backend, "auto, reference, cpu or cuda")->capture_default_str();
    verb->add_option("--dtype", options->dtype, "Element type to compute from: f32, f16 or bf16")
        ->capture_default_str();
    verb->add_option("--scale", options->scale, "Scale of the scores, 1/sqrt(head_dim) when left out")
        ->check(CLI::PositiveNumber);
    verb->add_option("--layout", options->layout, "Axes of the input: bnhd, or bhnd for (batch, head, token, head_dim)")
        ->capture_default_str();
    verb->add_option("--output", options->output, "out (B,N,H,D) and lse (B,H,N): .safetensors or .npz")->required();
    verb->callback([options, &action] { action = [options] { return run_attend(*options); }; });
}

} // namespace dilascope
