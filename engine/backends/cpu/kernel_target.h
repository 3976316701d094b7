#pragma once
// Which of the instruction sets of target_set.h the kernels run in: the best of this CPU, or a forced one.
#include "engine/result.h"
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

struct KernelTarget {
    std::int64_t sets = 0; // Highway's bits of the sets to choose from
    // Whether bf16 tensors of even width are multiplied as pairs. Sets without an instruction for it emulate it, for
    // tests: that is several times slower, so only when forced.
    bool has_pair_dots = false;
};

// What the name of a set ends in where it has pair dots.
inline constexpr std::string_view pair_dot_suffix = "+bf16";

// What this CPU is best at, or what DILASCOPE_CPU_TARGET names. Error when that is in neither list below.
Result<KernelTarget> kernel_target();
// Names of the instruction sets that this binary holds and this CPU runs, best first.
std::vector<std::string> tile_kernel_targets();
// The same with pair dots: "AVX2+bf16", ….
std::vector<std::string> pair_dot_targets();
// Whether this CPU has the instruction for pair dots, and the binary uses it.
bool has_pair_dot_instruction();
// Where a Highway dispatch table of `table_size` entries has the kernel of the best of these sets.
std::size_t kernel_index(std::int64_t targets, std::size_t table_size);

} // namespace dilascope
