#pragma once
// BenchRow: one line of the benchmark. Table, JSON and CSV all read its visit().
#include "engine/visit.h"
#include <cstdint>
#include <string>

namespace dilascope {

struct BenchRow {
    std::string pattern; // text form
    std::int64_t seq_len = 0;
    std::int64_t heads = 0;
    std::int64_t head_dim = 0;
    std::string dtype;
    bool causal = false;
    std::string direction; // "forward", "backward"
    double time_ms_median = 0;
    double gflop_per_s = 0;      // of the pairs the pattern counts; masked-out work earns nothing
    double peak_gflop_per_s = 0; // multiply-add peak, measured between this row's repetitions
    double peak_share = 0;       // gflop_per_s ÷ peak_gflop_per_s

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"pattern", "Pattern in text form"}, self.pattern);
        v(Field{"seq_len", "Query and key tokens", "tokens"}, self.seq_len);
        v(Field{"heads", "Heads"}, self.heads);
        v(Field{"head_dim", "Width of one head"}, self.head_dim);
        v(Field{"dtype", "Element type of q, k and v"}, self.dtype);
        v(Field{"causal", "Keys after the query excluded"}, self.causal);
        v(Field{"direction", "forward or backward"}, self.direction);
        v(Field{"time_ms_median", "Median time of one call", "ms"}, self.time_ms_median);
        v(Field{"gflop_per_s", "Useful work ÷ median time", "GFLOP/s"}, self.gflop_per_s);
        v(Field{"peak_gflop_per_s", "Multiply-add peak of this CPU, measured between the repetitions", "GFLOP/s"},
          self.peak_gflop_per_s);
        v(Field{"peak_share", "gflop_per_s ÷ peak_gflop_per_s"}, self.peak_share);
    }
};

} // namespace dilascope
