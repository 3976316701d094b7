#pragma once
// Prediction: how long a call will take on this machine, from its measured rates and from how earlier predictions came
// out.
#include "engine/plan/cost.h"
#include "experiments/run.h"
#include <span>

namespace dilascope {

// How measured runs compared with what was predicted for them: measured ÷ predicted.
struct PredictionRecord {
    double ratio = 1;                     // median over the runs, drawn towards 1 while they are few
    double ratio_low = 1, ratio_high = 1; // four of five runs lie between, as far as is known
    std::int64_t run_count = 0;
};
// Of the newest 64 predicted runs with these threads on this processor. Below 5 runs the rates' own spread stands in.
PredictionRecord prediction_record(std::span<const Run> runs, const MachineRates& rates);

struct Prediction {
    double time_ms = 0, low_ms = 0, high_ms = 0; // all 0: none
    PredictedTime parts;                         // they add up to time_ms
};
Prediction predict(const Cost& cost, const MachineRates& rates, const PredictionRecord& record);

// Whether the rates say anything about calls of this kernel and cache state: the cpu backend's tile kernel, hot.
bool is_predictable(std::string_view kernel, std::string_view cache);

// Fills time_ms_predicted of a run that is about to be measured: by the rates alone, without what earlier runs taught,
// so that the record never feeds on itself. And prediction_error_pct once it is measured.
void record_prediction(Run& run, const Plan& plan, const MachineRates& rates);
void record_prediction_error(Run& run);

} // namespace dilascope
