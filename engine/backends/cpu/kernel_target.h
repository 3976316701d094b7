#pragma once
// Which of the instruction sets of target_set.h the kernels run in: the best of this CPU, or a forced one.
#include "engine/result.h"
#include <cstdint>
#include <string>
#include <vector>

namespace dilascope {

// Highway's bits of the sets to choose from: those of this CPU, or the one that DILASCOPE_CPU_TARGET names. Error when
// that is not one of tile_kernel_targets().
Result<std::int64_t> kernel_target();
// Names of the instruction sets that this binary holds and this CPU runs, best first.
std::vector<std::string> tile_kernel_targets();
// Where a Highway dispatch table of `table_size` entries has the kernel of the best of these sets.
std::size_t kernel_index(std::int64_t targets, std::size_t table_size);

} // namespace dilascope
