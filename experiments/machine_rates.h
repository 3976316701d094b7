#pragma once
// Machine rates: what a prediction needs to know of this machine, measured once by a short calibration and kept.
#include "engine/backends/backend.h"
#include "engine/plan/cost.h"
#include <filesystem>
#include <memory>
#include <span>

namespace dilascope {

// Measures the multiply-add peak, memory, and some small cases on the cpu backend, to whose times the rates are fitted.
// About half a second, a few when other programs disturb it. Error when there is no cpu backend, not enough memory, or
// when cancelled.
Result<MachineRates> measure_rates(const CancelFlag* cancel = nullptr);

// Where machine_rates() keeps rates.json; nothing is kept before this is set.
void set_rates_folder(const std::filesystem::path& folder);
// This machine's rates: as asked before, else from rates.json when that is of this processor and thread count, else
// measured and written there (unless disturbed). Waits for the measurement, so not for the window's thread. Null when
// nothing can be measured.
std::shared_ptr<const MachineRates> machine_rates();
// Those of machine_rates() so far, or null; never waits.
std::shared_ptr<const MachineRates> known_rates();
// What machine_rates() is to answer from now on, without measuring: for tests.
void use_rates(std::shared_ptr<const MachineRates> rates);

// {"format": 3, "cpu": …}: the text of rates.json, and back.
std::string rates_to_text(const MachineRates& rates);
Result<MachineRates> rates_from_text(const std::string& text);

// One measured call of a calibration.
struct RateSample {
    Problem problem;
    PlanWork work;
    double time_ms = 0;
};
// The rates that come nearest to all samples, by relative error, none of them negative and the products no faster than
// rates.peak_gflop_per_s. Fills multiply_gflop_per_s … call_us and spread.
void fit_rates(std::span<const RateSample> samples, MachineRates& rates);

} // namespace dilascope
