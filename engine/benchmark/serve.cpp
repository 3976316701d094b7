#include "engine/benchmark/serve.h"
#include "engine/benchmark/bench_call.h"
#include "engine/pattern/field_text.h"
#include <chrono>
#include <fmt/format.h>
#include <fstream>
#include <istream>
#include <optional>
#include <ostream>

namespace dilascope {

const char* const serve_help =
    "  case KEY=VALUE … pattern=TEXT   makes a case ready, which stays until the next one; the pattern comes last.\n"
    "                                  Keys: batch seq_len kv_len heads kv_heads head_dim dtype causal scale, and\n"
    "                                  direction=backward to ask for gradients too. Answer: \"ready\" and the FLOPs "
    "of\n"
    "                                  one forward. Inputs are bench_input() of seeds 1 (q), 2 (k), 3 (v), 4 (dout).\n"
    "  forward                         one call; answer: its milliseconds\n"
    "  backward                        one call, after a forward; answer: its milliseconds\n"
    "  write TENSOR PATH               out, lse, dq, dk or dv as raw f32; answer: \"written\" and how many\n"
    "  quit\n";

namespace {

// Sets the field that `assignment` ("heads=4") names.
Result<void> set_field(std::string_view assignment, Problem& problem, Direction& direction) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string_view::npos) return fail(fmt::format("\"{}\" is not KEY=VALUE", assignment));
    const std::string_view key = assignment.substr(0, equals), text = assignment.substr(equals + 1);
    if (key == "direction") return parse_value(key, text, direction);
    std::optional<Result<void>> parsed;
    Problem::visit(problem, [&](const Field& field, auto& value) {
        if (field.name == key) parsed = parse_value(key, text, value);
    });
    return parsed.value_or(fail(fmt::format("unknown key \"{}\"", key)));
}

// kv_len and kv_heads follow seq_len and heads unless they are given.
Result<BenchCall> parse_case(std::string_view text) {
    constexpr std::string_view mark = "pattern=";
    const std::size_t pattern = text.find(mark);
    if (pattern == std::string_view::npos) return fail("a case ends with pattern=…");
    Problem problem;
    problem.kv_len = problem.kv_heads = 0;
    Direction direction = Direction::forward;
    for (std::string_view rest = text.substr(0, pattern); !rest.empty();) {
        const std::string_view word = rest.substr(0, rest.find(' '));
        if (!word.empty()) TRY(set_field(word, problem, direction));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    }
    if (problem.kv_len == 0) problem.kv_len = problem.seq_len;
    if (problem.kv_heads == 0) problem.kv_heads = problem.heads;
    return BenchCall::prepare(std::string(text.substr(pattern + mark.size())), problem, direction);
}

Result<std::string> timed(const BenchCall& call, Direction direction) {
    if (direction == Direction::backward && call.direction == Direction::forward)
        return fail("the case was not asked for direction=backward");
    const auto start = std::chrono::steady_clock::now();
    TRY(direction == Direction::forward ? call.forward() : call.backward());
    return fmt::format("{:.4f}",
                       std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
}

Result<std::string> write_tensor(const BenchCall& call, std::string_view text) {
    const std::string_view name = text.substr(0, text.find(' '));
    const Buffer<float>* tensor = name == "out"   ? &call.out
                                  : name == "lse" ? &call.lse
                                  : name == "dq"  ? &call.dq
                                  : name == "dk"  ? &call.dk
                                  : name == "dv"  ? &call.dv
                                                  : nullptr;
    if (!tensor || name.size() + 1 >= text.size()) return fail("write takes out, lse, dq, dk or dv, and a path");
    const std::string path(text.substr(name.size() + 1));
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<const char*>(tensor->data()), std::streamsize(tensor->span().size_bytes()));
    if (!file.flush()) return fail(fmt::format("cannot write {}", path));
    return fmt::format("written {}", tensor->size());
}

Result<std::string> answer(std::string_view line, std::optional<BenchCall>& call) {
    const std::string_view word = line.substr(0, line.find(' '));
    const std::string_view rest = line.substr(std::min(line.size(), word.size() + 1));
    if (word == "case") {
        call.reset(); // two of them may not fit into memory
        call = TRY(parse_case(rest));
        return fmt::format("ready {:.0f}", forward_flops(call->plan));
    }
    if (word != "forward" && word != "backward" && word != "write")
        return fail(fmt::format("unknown question \"{}\"; expected case, forward, backward, write or quit", word));
    if (!call) return fail("no case yet");
    if (word == "write") return write_tensor(*call, rest);
    return timed(*call, word == "forward" ? Direction::forward : Direction::backward);
}

} // namespace

void serve_bench(std::istream& in, std::ostream& out) {
    std::optional<BenchCall> call;
    for (std::string line; std::getline(in, line) && line != "quit";) {
        const Result<std::string> text = answer(line, call);
        out << (text ? *text : "error: " + text.error().what) << std::endl;
    }
}

} // namespace dilascope
