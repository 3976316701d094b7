#pragma once
// Intersection of residue classes, by the Chinese remainder theorem.
#include "engine/pattern/pairs.h"

namespace dilascope {

// Tokens in both classes: again a class, or none (false). A modulus beyond 2^61 is cut to it: such a class has at most
// one member, its residue.
bool intersect(Residues a, Residues b, Residues& both);

} // namespace dilascope
