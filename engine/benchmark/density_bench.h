#pragma once
// The density benchmark: how long an exact picture of a huge pattern takes, at every zoom. To add a case: one line in
// density_bench_cases().
#include "engine/pattern/pattern.h"
#include <functional>
#include <string>
#include <vector>

namespace dilascope {

struct DensityRow {
    std::string pattern; // text form
    std::int64_t seq_len = 0;
    std::int64_t heads = 0; // each frame shows another of them
    bool causal = false;
    std::int64_t pixels = 0; // side of the picture
    std::int64_t threads = 0;
    std::int64_t frames = 0;   // zooms, from the whole matrix to one token a pixel
    double first_ms = 0;       // the very first frame, which draws the tables that later ones share
    double time_ms_median = 0; // of the other frames
    double time_ms_max = 0;    // of the slowest zoom, median of its repetitions
    double limit_ms = 0;       // what a frame may take
    double memory_mb = 0;      // growth of the process' peak memory

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"pattern", "Pattern in text form"}, self.pattern);
        v(Field{"seq_len", "Query and key tokens", "tokens"}, self.seq_len);
        v(Field{"heads", "Heads; each frame shows another"}, self.heads);
        v(Field{"causal", "Keys after the query excluded"}, self.causal);
        v(Field{"pixels", "Side of the picture"}, self.pixels);
        v(Field{"threads", "Threads used"}, self.threads);
        v(Field{"frames", "Zooms, from the whole matrix to one token a pixel"}, self.frames);
        v(Field{"first_ms", "The first frame, tables included", "ms"}, self.first_ms);
        v(Field{"time_ms_median", "Median frame", "ms"}, self.time_ms_median);
        v(Field{"time_ms_max", "Slowest zoom", "ms"}, self.time_ms_max);
        v(Field{"limit_ms", "What a frame may take", "ms"}, self.limit_ms);
        v(Field{"memory_mb", "Growth of peak memory", "MB"}, self.memory_mb);
    }
};

// All cases in order, on two threads; `row_done` sees each row as it is ready.
std::vector<DensityRow> run_density_bench(const std::function<void(const DensityRow&)>& row_done);

std::string density_table_header();
std::string density_table_row(const DensityRow& row);

} // namespace dilascope
