#pragma once
// Cost: what a pattern needs before it runs: exact FLOPs and bytes, tiles, what the engine's plan wastes, peak memory,
// and the time this machine's measured rates predict. One forward call.
#include "engine/cancel.h"
#include "engine/plan/plan_work.h"
#include "engine/plan/tile_count.h"
#include <optional>

namespace dilascope {

// What calibration measured of a machine's cpu backend; see experiments/prediction.h. All threads together.
struct MachineRates {
    std::string cpu; // model name: rates of another machine mean nothing
    std::int64_t threads = 0;
    double peak_gflop_per_s = 0;     // of register-only multiply-adds
    double memory_gb_per_s = 0;      // reading
    double multiply_gflop_per_s = 0; // of the tile kernel's matrix products; 0: not measured
    double score_ns = 0;             // softmax of one score
    double gather_ns = 0;            // copying one float of a key or value into a key block
    double tile_us = 0;              // starting and ending one query tile
    double row_ns = 0;               // one float of a query row, at the start of its tile and in each key block
    double mask_ns = 0;              // masking one score of a banded run
    double call_us = 0;              // one call
    double spread = 0;               // relative; typical error of these rates on what they were measured with

    bool is_measured() const { return multiply_gflop_per_s > 0; }
    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"cpu", "Processor"}, self.cpu);
        v(Field{"threads", "CPU threads used"}, self.threads);
        v(Field{"peak_gflop_per_s", "Multiply-add peak", "GFLOP/s"}, self.peak_gflop_per_s);
        v(Field{"memory_gb_per_s", "Reading memory", "GB/s"}, self.memory_gb_per_s);
        v(Field{"multiply_gflop_per_s", "The tile kernel's matrix products", "GFLOP/s"}, self.multiply_gflop_per_s);
        v(Field{"score_ns", "Softmax of one score", "ns"}, self.score_ns);
        v(Field{"gather_ns", "Gathering one float of a key or value", "ns"}, self.gather_ns);
        v(Field{"tile_us", "Starting and ending one query tile", "µs"}, self.tile_us);
        v(Field{"row_ns", "One float of a query row in a key block", "ns"}, self.row_ns);
        v(Field{"mask_ns", "Masking one score", "ns"}, self.mask_ns);
        v(Field{"call_us", "One call", "µs"}, self.call_us);
        v(Field{"spread", "Typical relative error of the rates"}, self.spread);
    }
};

// Milliseconds of one forward call, by part; they add up to total().
struct PredictedTime {
    double needed = 0;   // the products and softmax of the pairs that the pattern has
    double masked = 0;   // of pairs that the plan's tiles hold and a band masks, and of the masking
    double padding = 0;  // of rows that fill up a vector
    double overhead = 0; // gathering keys, starting tiles, the call
    double waiting = 0;  // threads without work, or for memory
    double total() const { return needed + masked + padding + overhead + waiting; }
};
// `multiplicity`: the pairs the work is for, all heads of one batch element. Zero when the rates are not measured.
PredictedTime predicted_time(const PlanWork& work, double multiplicity, const Problem& problem,
                             const MachineRates& rates);

struct Cost {
    Problem problem;
    // All heads of one batch element, exact.
    std::int64_t active_pairs = 0; // distinct
    std::int64_t multiplicity = 0; // as the softmax sums them
    std::int64_t allowed_pairs = 0;
    std::optional<TileCounts> tiles;
    TileSize tile_size;
    PlanWork work;
    bool is_planned = false; // false: the plan is too large for a what-if, and `work` is what a perfect one would do
    double plan_bytes = 0;

    double density() const { return double(active_pairs) / double(allowed_pairs); }
    double ideal_speedup() const { return double(allowed_pairs) / double(active_pairs); }
    // Matmul FLOPs: 4·D for each counted pair, times batch. As decimal digits too, since they can pass 2^63.
    double flops() const { return flops_per_pair() * double(multiplicity); }
    double dense_flops() const { return flops_per_pair() * double(allowed_pairs); }
    double flops_per_pair() const { return 4.0 * double(problem.head_dim) * double(problem.batch); }
    std::string flops_digits() const;
    // Each of q, k, v, out and lse moved once.
    double ideal_bytes() const;
    // q, out and lse once; a key tile and its values once for each active tile.
    double tiled_bytes() const;
    double intensity() const { return flops() / ideal_bytes(); } // FLOP per byte
    double tiled_intensity() const { return flops() / tiled_bytes(); }

    // With tiles. Tile density: active ÷ allowed tiles; efficiency: active pairs ÷ (active tiles × BM × BN).
    double tile_density() const { return double(tiles->active()) / double(tiles->allowed()); }
    double tile_efficiency() const;
    double tile_speedup() const { return double(tiles->allowed()) / double(tiles->active()); }
    double wasted_pairs() const; // of the active tiles' pairs, those that are not active
    double kv_reuse() const;     // how often a key tile is read, mean over heads and key tiles

    // q, k, v, out and lse, the plan, and a workspace for each of `threads`: tiles in flight × (Qᵀ, O, maxima and sums)
    // and one block of scores, keys and values.
    double peak_bytes(int threads) const;
};

// Bytes of one thread's workspace of the cpu backend.
double workspace_bytes(std::int64_t head_dim);

// Pairs only: closed forms, quick at any length.
Cost pair_cost(const Pattern& pattern, const Problem& problem);
// And tiles and plan; error when cancelled or when the pattern does not fit.
Result<Cost> cost_of(const Pattern& pattern, const Problem& problem, TileSize tile_size,
                     const CancelFlag* cancel = nullptr);

// Whether a plan can be made for a what-if: some 10^6 tiles and runs.
bool is_plan_small(const Pattern& pattern, const Problem& problem);

} // namespace dilascope
