#pragma once
// Forces an instruction set of the cpu kernels while it lives.
#include <cstdlib>
#include <string>

namespace dilascope {

struct ForcedTarget {
    explicit ForcedTarget(const std::string& target) { setenv("DILASCOPE_CPU_TARGET", target.c_str(), 1); }
    ~ForcedTarget() { unsetenv("DILASCOPE_CPU_TARGET"); }
    ForcedTarget(const ForcedTarget&) = delete;
    ForcedTarget& operator=(const ForcedTarget&) = delete;
};

} // namespace dilascope
