#pragma once
// The keys that some queries of a head read: one step of reachability, and the keys nothing reads.
#include "engine/analysis/head_tiles.h"
#include "engine/analysis/token_set.h"
#include "engine/cancel.h"

namespace dilascope {

// Inserts every key that some query of the set (of N; null: all queries) reads into `keys` (of M). False when
// cancelled. Time: the plan's tiles, and each strided run of keys once however many tiles read it.
bool insert_read_keys(const HeadTiles& head, const TokenSet* queries, TokenSet& keys, const CancelFlag* cancel);

} // namespace dilascope
