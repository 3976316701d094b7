#include "experiments/prediction.h"
#include <algorithm>
#include <cmath>
#include <vector>

namespace dilascope {

PredictionRecord prediction_record(std::span<const Run> runs, const MachineRates& rates) {
    constexpr std::size_t most_runs = 64;
    std::vector<const Run*> known;
    for (const Run& run : runs)
        if (run.status == RunStatus::done && run.time_ms_predicted > 0 && run.time_ms_median > 0 &&
            run.environment.cpu == rates.cpu && run.environment.threads == rates.threads)
            known.push_back(&run);
    const std::size_t count = std::min(most_runs, known.size());
    std::partial_sort(known.begin(), known.begin() + std::ptrdiff_t(count), known.end(),
                      [](const Run* a, const Run* b) { return a->id > b->id; });
    std::vector<double> logs;
    for (std::size_t index = 0; index < count; ++index)
        logs.push_back(std::log(known[index]->time_ms_median / known[index]->time_ms_predicted));
    std::sort(logs.begin(), logs.end());
    const auto quantile = [&](double share) { return logs[std::size_t(share * double(count - 1) + 0.5)]; };

    PredictionRecord record;
    record.run_count = std::int64_t(count);
    const double prior_runs = 2;
    const double middle = count > 0 ? quantile(0.5) * double(count) / (double(count) + prior_runs) : 0;
    record.ratio = std::exp(middle);
    double low = middle - 1.3 * rates.spread, high = middle + 1.3 * rates.spread; // four of five of a normal spread
    constexpr std::size_t enough_runs = 5;
    if (count >= enough_runs) {
        constexpr double least_width = 0.02;
        low = std::min(quantile(0.1), middle - least_width), high = std::max(quantile(0.9), middle + least_width);
    }
    record.ratio_low = std::exp(low), record.ratio_high = std::exp(high);
    return record;
}

Prediction predict(const Cost& cost, const MachineRates& rates, const PredictionRecord& record) {
    const PredictedTime plain = predicted_time(cost.work, double(cost.multiplicity), cost.problem, rates);
    Prediction prediction;
    prediction.time_ms = plain.total() * record.ratio;
    prediction.low_ms = plain.total() * record.ratio_low;
    prediction.high_ms = plain.total() * record.ratio_high;
    prediction.parts = {plain.needed * record.ratio, plain.masked * record.ratio, plain.padding * record.ratio,
                        plain.overhead * record.ratio, plain.waiting * record.ratio};
    return prediction;
}

bool is_predictable(std::string_view kernel, std::string_view cache) {
    return kernel.starts_with("cpu/tiled f32") && cache == "hot";
}

void record_prediction(Run& run, const Plan& plan, const MachineRates& rates) {
    if (!is_predictable(run.kernel, run.config.cache)) return;
    run.time_ms_predicted = predicted_time(work_of(plan), double(plan.multiplicity), plan.problem, rates).total();
}

void record_prediction_error(Run& run) {
    if (run.time_ms_predicted > 0 && run.time_ms_median > 0)
        run.prediction_error_pct = (run.time_ms_predicted / run.time_ms_median - 1) * 100;
}

} // namespace dilascope
