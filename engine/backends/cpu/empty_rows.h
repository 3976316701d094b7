#pragma once
// Empty rows: those of out that no tile of a pass has.
#include "engine/backends/backend.h"
#include "engine/backends/cpu/forward_work.h"
#include "engine/backends/cpu/tile_kernel.h"

namespace dilascope {

// Makes them 0; tiles write all other rows, those without keys too.
void clear_empty_rows(const AttentionCall& call, const ForwardWork& work, const TileKernel& kernel);

} // namespace dilascope
