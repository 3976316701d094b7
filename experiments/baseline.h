#pragma once
// Baseline: the earlier runs that an experiment's runs are held against, one for each case.
#include "experiments/compare.h"
#include "experiments/run.h"
#include "experiments/store.h"
#include <map>
#include <string>

namespace dilascope {

class Baseline {
public:
    // The newest done run of each case that `spec` admits: "previous" or "" any, "tag:NAME" those tagged NAME, else the
    // run with that id. Only runs of this processor and thread count: another machine's time is no baseline.
    static Result<Baseline> choose(const RunStore& store, const std::string& spec);

    // The baseline of a case, or null.
    const Run* of(const std::string& case_hash) const;

private:
    std::map<std::string, Run> runs_; // by case hash
};

} // namespace dilascope
