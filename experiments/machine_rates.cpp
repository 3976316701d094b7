#include "experiments/machine_rates.h"
#include "engine/backends/cpu/cpu_backend.h"
#include "engine/benchmark/fma_peak.h"
#include "engine/benchmark/memory_bandwidth.h"
#include "engine/memory/buffer.h"
#include "engine/pattern/pattern_text.h"
#include "experiments/measuring_turn.h"
#include "experiments/replacement_file.h"
#include "experiments/run.h"
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>

namespace dilascope {

namespace {

constexpr int rates_format = 4;      // goes up with a new cpu kernel, whose rates are others
constexpr double calm_spread = 0.15; // of rates whose samples were not disturbed
using Json = nlohmann::ordered_json;

double elapsed_ms(std::chrono::steady_clock::time_point start) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

// Cases of a few milliseconds each that stress one rate more than the others: wide and narrow heads, long and short
// key runs, many small tiles.
struct RateCase {
    const char* pattern;
    std::int64_t seq_len, head_dim;
    bool causal;
};
constexpr std::array rate_cases = {
    RateCase{"dense", 1024, 64, false},
    RateCase{"dense", 128, 64, false},
    RateCase{"dense", 1024, 64, true},
    RateCase{"dense", 512, 128, false},
    RateCase{"dense", 1024, 32, false},
    RateCase{"window left=32 right=32", 4096, 64, false},
    RateCase{"window left=128 right=0", 8192, 64, true},
    RateCase{"longnet segments=64,256,1024 rates=1,4,16", 4096, 64, false},
    RateCase{"longnet segments=256,1024 rates=1,4", 2048, 64, true},
    RateCase{"longnet segments=16 rates=1", 8192, 32, false},
    RateCase{"local block=32 window=2", 4096, 64, false},
    RateCase{"random block=64 density=0.05", 4096, 64, false},
    RateCase{"random block=64 density=0.2", 1024, 128, true},
};

// Tensors that every case of the calibration reads and writes the beginning of.
struct RateTensors {
    Buffer<float> in, out, lse;
};

Result<RateTensors> make_tensors(std::int64_t heads) {
    std::int64_t elements = 0, rows = 0;
    for (const RateCase& one : rate_cases) {
        const Problem problem = self_attention(one.seq_len, heads, one.head_dim, one.causal);
        elements = std::max(elements, query_elements(problem));
        rows = std::max(rows, lse_elements(problem));
    }
    RateTensors tensors{TRY(Buffer<float>::allocate(3 * elements, "rates/qkv")),
                        TRY(Buffer<float>::allocate(elements, "rates/out")),
                        TRY(Buffer<float>::allocate(rows, "rates/lse"))};
    std::uint32_t state = 1; // −1 … 1; softmax works as hard on any such values
    for (float& value : tensors.in.span()) {
        state = state * 1664525u + 1013904223u;
        value = float(std::int32_t(state)) * 0x1p-31f;
    }
    return tensors;
}

// A case made ready: the plan is made once, its time is the least of all rounds so far. Other programs only ever add
// time, and a call is short enough to fall between them now and then.
struct RateCall {
    Pattern pattern;
    Plan plan;
    RateSample sample;
};

Result<std::vector<RateCall>> make_calls(std::int64_t heads) {
    std::vector<RateCall> calls;
    for (const RateCase& one : rate_cases) {
        RateCall call;
        call.pattern = TRY(parse_pattern(one.pattern));
        call.sample.problem = self_attention(one.seq_len, heads, one.head_dim, one.causal);
        call.plan = TRY(make_plan(call.pattern, call.sample.problem));
        call.sample.work = work_of(call.plan);
        call.sample.time_ms = 1e30;
        calls.push_back(std::move(call));
    }
    return calls;
}

Result<void> time_round(std::vector<RateCall>& calls, RateTensors& tensors, const CancelFlag* cancel) {
    constexpr double case_ms_max = 20;
    constexpr int repeats_min = 3, repeats_max = 6;
    for (RateCall& one : calls) {
        const std::int64_t elements = query_elements(one.sample.problem);
        AttentionCall call;
        call.problem = &one.sample.problem, call.pattern = &one.pattern, call.plan = &one.plan, call.cancel = cancel;
        call.q = tensors.in.data(), call.k = tensors.in.data() + elements, call.v = tensors.in.data() + 2 * elements;
        call.out = tensors.out.data(), call.lse = tensors.lse.data();
        const auto start = std::chrono::steady_clock::now();
        for (int repeat = 0; repeat < repeats_max; ++repeat) {
            if (repeat >= repeats_min && elapsed_ms(start) > case_ms_max) break;
            const auto before = std::chrono::steady_clock::now();
            TRY(cpu_backend().forward(call));
            one.sample.time_ms = std::min(one.sample.time_ms, elapsed_ms(before));
        }
    }
    return {};
}

constexpr std::size_t rate_count = 7; // ms per FLOP, score, gathered float, tile, call, row float, masked score

// What a sample does of each; predicted_time() is their sum times the rates while no thread waits.
std::array<double, rate_count> amounts_of(const RateSample& sample) {
    const double dim = double(sample.problem.head_dim);
    const double batch = double(sample.problem.batch);
    return {batch * sample.work.pairs * 4 * dim,
            batch * sample.work.pairs,
            batch * sample.work.gathered_keys * 2 * dim,
            batch * sample.work.tiles,
            1,
            batch * sample.work.block_rows * dim,
            batch * sample.work.banded_scores};
}

std::filesystem::path rates_folder;
std::mutex rates_mutex, measuring_mutex; // the first guards the two below, the second is held while measuring
std::shared_ptr<const MachineRates> rates_now;

bool is_of_this_machine(const MachineRates& rates) {
    return rates.is_measured() && rates.cpu == this_environment().cpu && rates.threads == this_environment().threads;
}

std::shared_ptr<const MachineRates> load_rates(const std::filesystem::path& folder) {
    if (folder.empty()) return nullptr;
    std::ifstream file(folder / "rates.json");
    const Result<MachineRates> rates = rates_from_text({std::istreambuf_iterator<char>(file), {}});
    // Whatever is wrong with the file, measuring again mends it.
    return rates && is_of_this_machine(*rates) ? std::make_shared<const MachineRates>(*rates) : nullptr;
}

// A folder that cannot be written costs the next start half a second, no more.
void save_rates(const std::filesystem::path& folder, const MachineRates& rates) {
    if (folder.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    Result<ReplacementFile> file = ReplacementFile::open(folder / "rates.json");
    const std::string text = rates_to_text(rates);
    if (file && file->write(text.data(), text.size())) static_cast<void>(file->commit());
}

} // namespace

void fit_rates(std::span<const RateSample> samples, MachineRates& rates) {
    // Least squares of predicted ÷ measured − 1, by coordinate descent; each rate in units of its largest share.
    std::vector<std::array<double, rate_count>> shares;
    std::array<double, rate_count> unit{}, value{}, least{};
    for (const RateSample& sample : samples) {
        shares.push_back(amounts_of(sample));
        for (double& share : shares.back()) share /= sample.time_ms;
        for (std::size_t rate = 0; rate < rate_count; ++rate) unit[rate] = std::max(unit[rate], shares.back()[rate]);
    }
    least[0] = rates.peak_gflop_per_s > 0 ? unit[0] / rates.peak_gflop_per_s * 1e-6 : 0;
    for (auto& row : shares)
        for (std::size_t rate = 0; rate < rate_count; ++rate) row[rate] /= std::max(unit[rate], 1e-300);
    value[0] = std::max(least[0], 0.9);
    for (int round = 0; round < 4000; ++round)
        for (std::size_t rate = 0; rate < rate_count; ++rate) {
            double along = 0, square = 1e-12;
            for (const auto& row : shares) {
                double rest = 1;
                for (std::size_t other = 0; other < rate_count; ++other)
                    if (other != rate) rest -= row[other] * value[other];
                along += row[rate] * rest;
                square += row[rate] * row[rate];
            }
            value[rate] = std::max(least[rate], along / square);
        }
    const auto rate_ms = [&](std::size_t rate) { return value[rate] / std::max(unit[rate], 1e-300); };
    rates.multiply_gflop_per_s = rate_ms(0) > 0 ? 1e-6 / rate_ms(0) : rates.peak_gflop_per_s;
    rates.score_ns = rate_ms(1) * 1e6;
    rates.gather_ns = rate_ms(2) * 1e6;
    rates.tile_us = rate_ms(3) * 1e3;
    rates.call_us = rate_ms(4) * 1e3;
    rates.row_ns = rate_ms(5) * 1e6;
    rates.mask_ns = rate_ms(6) * 1e6;
    double squares = 0;
    for (const auto& row : shares) {
        double predicted = 0;
        for (std::size_t rate = 0; rate < rate_count; ++rate) predicted += row[rate] * value[rate];
        squares += (predicted - 1) * (predicted - 1);
    }
    rates.spread = std::max(0.03, std::sqrt(squares / double(std::max<std::size_t>(1, samples.size()))));
}

Result<MachineRates> measure_rates(const CancelFlag* cancel) {
    const MeasuringTurn turn = TRY(MeasuringTurn::take(cancel));
    MachineRates rates;
    rates.cpu = this_environment().cpu;
    rates.threads = this_environment().threads;
    const std::int64_t heads = std::max<std::int64_t>(4, 2 * rates.threads); // tiles enough for every thread
    RateTensors tensors = TRY(make_tensors(heads));
    std::vector<RateCall> calls = TRY(make_calls(heads));
    // Two rounds on a calm machine; more while the samples do not fit together, which tells of other programs.
    constexpr int rounds_min = 2, rounds_max = 8;
    constexpr std::int64_t memory_bytes = std::int64_t{64} << 20; // larger than most caches
    for (int round = 0; round < rounds_max && (round < rounds_min || rates.spread > calm_spread); ++round) {
        rates.peak_gflop_per_s = std::max(rates.peak_gflop_per_s, measure_fma_peak_gflop_per_s(10));
        rates.memory_gb_per_s = std::max(rates.memory_gb_per_s, TRY(measure_memory_gb_per_s(memory_bytes, 10)));
        TRY(time_round(calls, tensors, cancel));
        std::vector<RateSample> samples;
        for (const RateCall& call : calls) samples.push_back(call.sample);
        fit_rates(samples, rates);
    }
    return rates;
}

void set_rates_folder(const std::filesystem::path& folder) {
    const std::lock_guard lock(rates_mutex);
    rates_folder = folder;
}

std::shared_ptr<const MachineRates> known_rates() {
    const std::lock_guard lock(rates_mutex);
    return rates_now;
}

void use_rates(std::shared_ptr<const MachineRates> rates) {
    const std::lock_guard lock(rates_mutex);
    rates_now = std::move(rates);
}

std::shared_ptr<const MachineRates> machine_rates() {
    const std::lock_guard one_at_a_time(measuring_mutex);
    if (auto rates = known_rates()) return rates;
    std::filesystem::path folder;
    {
        const std::lock_guard lock(rates_mutex);
        folder = rates_folder;
    }
    std::shared_ptr<const MachineRates> rates = load_rates(folder);
    if (!rates) {
        const Result<MachineRates> measured = measure_rates();
        if (!measured) return nullptr;
        rates = std::make_shared<const MachineRates>(*measured);
        // Those of a busy machine serve this session; the next one measures again.
        if (rates->spread <= calm_spread) save_rates(folder, *rates);
    }
    const std::lock_guard lock(rates_mutex);
    rates_now = rates;
    return rates;
}

std::string rates_to_text(const MachineRates& rates) {
    Json json = {{"format", rates_format}};
    MachineRates::visit(rates, [&](const Field& field, const auto& value) { json[field.name] = value; });
    return json.dump(4) + "\n";
}

Result<MachineRates> rates_from_text(const std::string& text) {
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) return fail("rates: is not a JSON object; delete the file to measure again");
    if (json.value("format", Json()) != rates_format)
        return fail(fmt::format("rates: format is not {}; delete the file to measure again", rates_format));
    MachineRates rates;
    std::string wrong;
    MachineRates::visit(rates, [&](const Field& field, auto& value) {
        using Value = std::remove_reference_t<decltype(value)>;
        const auto found = json.find(field.name);
        const bool fits =
            found != json.end() && (std::is_arithmetic_v<Value> ? found->is_number() : found->is_string());
        if (fits)
            found->get_to(value);
        else if (wrong.empty())
            wrong = field.name;
    });
    if (!wrong.empty()) return fail(fmt::format("rates: {} is missing or of a wrong type; delete the file", wrong));
    return rates;
}

} // namespace dilascope
