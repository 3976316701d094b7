#pragma once
// The matrix of `mask file=m.npy`: read once for each version of the file, kept as bits.
#include "engine/pattern/bit_matrix.h"
#include "engine/pattern/pattern.h"
#include <memory>
#include <string>

namespace dilascope {

// The matrix of a .npy of numbers or truth values, rows × columns; set where an element is not 0 (NaN is not 0). The
// same file, unchanged since, gives the same pointer without being read. From any thread. Error when it is no such
// file or has more than 2^28 elements.
Result<std::shared_ptr<const BitMatrix>> read_mask(const std::string& file);

// Lets `mask file=…` patterns parse; call it once, before the first pattern.
void use_mask_files();

// 16 hex digits of xxh3-64 over the shape and bits of every mask of the pattern; "" when it has none. Two files of one
// name but other content are two patterns.
std::string mask_content_hash(const Pattern& pattern);

} // namespace dilascope
