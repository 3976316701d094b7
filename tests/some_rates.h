#pragma once
// Rates of a machine that was never measured, so that tests of views and programs neither wait for a calibration nor
// depend on it.
#include "experiments/machine_rates.h"
#include "experiments/run.h"

namespace dilascope {

inline MachineRates some_rates() {
    MachineRates rates;
    rates.cpu = this_environment().cpu, rates.threads = this_environment().threads;
    rates.peak_gflop_per_s = 500, rates.memory_gb_per_s = 50, rates.multiply_gflop_per_s = 400;
    rates.score_ns = 0.05, rates.gather_ns = 0.1, rates.tile_us = 2, rates.row_ns = 0.02, rates.mask_ns = 0.01,
    rates.call_us = 5, rates.spread = 0.1;
    return rates;
}

} // namespace dilascope
