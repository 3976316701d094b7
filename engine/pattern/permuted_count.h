#pragma once
// Exact pair counts of patterns taken along a curve (order=… use=sequence): pixels count tokens, the pattern ranks.
// Each product of the pattern (products.h) is two histograms: how many of its rows and of its keys lie in each pixel. A
// product of two classes of neighbours along the curve meets few pixels, so first the histograms are made, threads
// sharing the products, and then multiplied, threads sharing the rows of pixels: they write to one picture.
#include "engine/pattern/pattern.h"

namespace dilascope {

// Counts a picture. Takes time with the tokens of the sequence and the products that meet the rows, not with pairs;
// memory with the tokens and with the pixels.
void count_permuted(const Pattern& pattern, const Problem& problem, std::int64_t head, Count what,
                    const PixelGrid& picture, const RowDone& done);

} // namespace dilascope
