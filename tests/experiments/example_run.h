#pragma once
// A finished run with every kind of column filled, and small ways to put runs into a store.
#include "experiments/store.h"
#include "experiments/ulid.h"
#include "tests/catch.h"
#include <string>

namespace dilascope {

// The run of case number `index`: the same hash for the same index, a new id each time.
inline Run example_run(int index, const std::string& experiment = "sweep") {
    Run run;
    run.id = new_ulid();
    run.experiment = experiment;
    run.case_hash = "case" + std::to_string(index);
    run.status = RunStatus::done;
    run.created = iso_time(unix_time_ms());
    run.config.pattern = "window left=" + std::to_string(index) + " right=0";
    run.config.seq_len = 1024 * (index + 1);
    run.config.causal = index % 2 == 1;
    run.environment.cpu = "Example \"CPU\", 2 cores";
    run.environment.threads = 2;
    run.verdict = "ok";
    run.error_max_abs = 1.25e-7;
    run.active_pairs = std::int64_t{1} << 40;
    run.density = 0.125;
    run.sample_count = 3;
    run.time_ms_median = 1.5 + index;
    run.stop_rule = "noise";
    return run;
}

// Value of a Result that must hold one.
template <class T> T value_of(Result<T> result) {
    if (!result) FAIL(result.error().what);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline void store_run(RunStore& store, const Run& run, const std::vector<double>& samples_ms = {1, 2, 3}) {
    REQUIRE(value_of(store.claim(run, false)));
    value_of(store.finish(run, samples_ms));
}

} // namespace dilascope
