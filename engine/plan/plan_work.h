#pragma once
// Plan work: what the cpu kernel really does for a plan, in the few sums that decide its time.
#include "engine/plan/plan.h"

namespace dilascope {

// Of one batch element, all heads and passes.
struct PlanWork {
    double pairs = 0;         // (query, key) pairs multiplied, with whole vectors of rows; ≥ the plan's multiplicity
    double masked_pairs = 0;  // of these, pairs inside the plan's tiles that a band masks
    double padding_pairs = 0; // of these, rows that fill up a vector
    double gathered_keys = 0; // keys and values copied into key blocks
    double tiles = 0;         // query tiles
    double block_rows = 0;    // rows of a tile, at its start and for each of its key blocks: scaling and sums
    double banded_scores = 0; // rows × keys that are looked at for masking
    double largest_tile = 0;  // pairs of the costliest tile or part of it: no machine is faster than that one thread
    double queue_tiles = 0;   // tiles or parts of them that can run at the same time (of one pass)
};

// Walks the plan's tiles and runs once; repeats are multiplied, not walked.
PlanWork work_of(const Plan& plan);

// Bytes the plan itself holds.
double plan_bytes(const Plan& plan);

} // namespace dilascope
