#pragma once
// Runs a kernel in several orders of its threads, for tests.
#include "tests/simt/emulator.h"
#include <array>

namespace dilascope::simt {

inline constexpr std::array<RunOptions, 4> every_order = {{{ThreadOrder::ascending, 1},
                                                           {ThreadOrder::descending, 1},
                                                           {ThreadOrder::shuffled, 1},
                                                           {ThreadOrder::shuffled, 2}}};

// The message of a run that must fail; "" when it did not.
template <class Params>
std::string failure(const KernelEntry& kernel, const LaunchShape& shape, const Params& params,
                    const RunOptions& options = {}) {
    const Result<RunCounts> result = run(kernel, shape, params, options);
    return result ? std::string() : result.error().what;
}

} // namespace dilascope::simt
