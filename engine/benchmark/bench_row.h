#pragma once
// BenchRow: one line of the benchmark. Table, JSON and CSV all read its visit().
#include "engine/visit.h"
#include <cstdint>
#include <string>

namespace dilascope {

struct BenchRow {
    std::string pattern;      // text form
    std::int64_t seq_len = 0; // queries
    std::int64_t kv_len = 0;
    std::int64_t heads = 0;
    std::int64_t kv_heads = 0;
    std::int64_t head_dim = 0;
    std::string dtype;
    bool causal = false;
    std::string direction; // "forward", "backward"
    std::int64_t repetitions = 0;
    double time_ms_median = 0;
    double gflop_per_s = 0;            // of the pairs the pattern counts; masked-out work earns nothing
    double peak_gflop_per_s = 0;       // multiply peak for the dtype, measured between this row's repetitions
    double peak_share = 0;             // gflop_per_s ÷ peak_gflop_per_s
    double peak_share_best = 0;        // of the shortest time and the highest peak: without what neighbours took
    double tokens_per_s = 0;           // queries
    std::int64_t bytes = 0;            // what the call has to move: each of its tensors once
    double gb_per_s = 0;               // bytes ÷ time_ms_median
    double memory_gb_per_s = 0;        // read bandwidth of this machine, measured once in the same process
    double peak_rss_mb = 0;            // highest resident memory of the process during this case
    double memory_bytes_per_token = 0; // by how much the case raised it ÷ keys: tensors, plan and workspace
    // Of rows that are measured alternately with another one; 0 and empty elsewhere.
    std::string ratio_base; // what the other one is: "1024 tokens", "rates=1"
    double time_ratio = 0;  // median over the repetitions of this time ÷ the base's time just before it
    double flop_ratio = 0;  // what the work alone asks for
    double time_ratio_limit = 0;

    bool is_over_limit() const { return time_ratio > time_ratio_limit; }
    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"pattern", "Pattern in text form"}, self.pattern);
        v(Field{"seq_len", "Query tokens", "tokens"}, self.seq_len);
        v(Field{"kv_len", "Key tokens", "tokens"}, self.kv_len);
        v(Field{"heads", "Heads"}, self.heads);
        v(Field{"kv_heads", "Key/value heads"}, self.kv_heads);
        v(Field{"head_dim", "Width of one head"}, self.head_dim);
        v(Field{"dtype", "Element type of q, k and v"}, self.dtype);
        v(Field{"causal", "Keys after the query excluded"}, self.causal);
        v(Field{"direction", "forward or backward"}, self.direction);
        v(Field{"repetitions", "Timed calls"}, self.repetitions);
        v(Field{"time_ms_median", "Median time of one call", "ms"}, self.time_ms_median);
        v(Field{"gflop_per_s", "Useful work ÷ median time", "GFLOP/s"}, self.gflop_per_s);
        v(Field{"peak_gflop_per_s", "Multiply peak of this CPU for the dtype, measured between the repetitions",
                "GFLOP/s"},
          self.peak_gflop_per_s);
        v(Field{"peak_share", "gflop_per_s ÷ peak_gflop_per_s"}, self.peak_share);
        v(Field{"peak_share_best", "The same of the shortest time and the highest peak"}, self.peak_share_best);
        v(Field{"tokens_per_s", "Query tokens ÷ median time", "tokens/s"}, self.tokens_per_s);
        v(Field{"bytes", "Bytes the call has to move: each of its tensors once", "bytes"}, self.bytes);
        v(Field{"gb_per_s", "bytes ÷ median time", "GB/s"}, self.gb_per_s);
        v(Field{"memory_gb_per_s", "Read bandwidth of this machine", "GB/s"}, self.memory_gb_per_s);
        v(Field{"peak_rss_mb", "Highest resident memory of the process during the case", "MB"}, self.peak_rss_mb);
        v(Field{"memory_bytes_per_token", "Memory the case took ÷ key tokens", "bytes"}, self.memory_bytes_per_token);
        v(Field{"ratio_base", "What time_ratio compares with"}, self.ratio_base);
        v(Field{"time_ratio", "Time ÷ time of the base, measured alternately"}, self.time_ratio);
        v(Field{"flop_ratio", "Work ÷ work of the base"}, self.flop_ratio);
        v(Field{"time_ratio_limit", "What time_ratio should not exceed"}, self.time_ratio_limit);
    }
};

// Fixed-width text: what was measured, its peaks and the columns' names, a line each; and one row under them.
std::string bench_table_heading(const std::string& device, const std::string& peaks);
std::string bench_table_row(const BenchRow& row);

} // namespace dilascope
