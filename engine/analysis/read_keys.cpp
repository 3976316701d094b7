#include "engine/analysis/read_keys.h"
#include "engine/analysis/pair_blocks.h"

namespace dilascope {
namespace {

// One tile at a time: the chosen rows' keys of every run.
class TileReader {
public:
    TileReader(const HeadTiles& head, const TokenSet* queries, RunCollector& keys)
        : head_(head), queries_(queries), first_position_(query_position(head.plan().problem, 0)), keys_(keys) {}

    void read(const TileList& list, const QueryTile& tile) {
        const TilePositions rows(head_.plan(), tile);
        const Range extent = head_.extent(tile);
        has_whole_ = false;
        for (std::int64_t repeat = 0; repeat < list.repeat_count; ++repeat) {
            const std::int64_t row_shift = repeat * list.row_shift, key_shift = repeat * list.key_shift;
            chosen_.clear();
            const std::int64_t to_query = row_shift - first_position_;
            if (queries_ && !queries_->touches({extent.begin + to_query, extent.end + to_query})) continue;
            for (std::int64_t position : rows.positions())
                if (!queries_ || queries_->contains(position + to_query)) chosen_.push_back(position);
            if (chosen_.empty()) continue;
            // A tile's bands show all its rows the same parts of its runs at every repeat that shifts keys with rows.
            const bool is_whole = chosen_.size() == rows.positions().size() && row_shift == key_shift;
            if (!is_whole || !has_whole_) find_parts(head_.runs(tile), row_shift - key_shift);
            has_whole_ = is_whole;
            for (const WeightedRun& part : parts_) keys_.add(part.first + key_shift, part.stride, part.count);
        }
    }

private:
    // The parts of the runs that the chosen rows see; rows ascend, and so do both ends of what they see.
    void find_parts(std::span<const KeyRun> runs, std::int64_t row_shift) {
        parts_.clear();
        for (const KeyRun& key_run : runs) {
            const WeightedRun run{key_run.first, key_run.stride, key_run.count, 1, key_run.band};
            if (run.band.is_full()) {
                parts_.push_back(run);
                continue;
            }
            std::int64_t found_to = 0;
            for (std::int64_t position : chosen_) {
                const Range seen = indices_seen(run, position + row_shift);
                const std::int64_t begin = std::max(seen.begin, found_to);
                if (begin >= seen.end) continue;
                parts_.push_back({run.first + begin * run.stride, run.stride, seen.end - begin, 1, {}});
                found_to = seen.end;
            }
        }
    }

    const HeadTiles& head_;
    const TokenSet* queries_;
    std::int64_t first_position_;
    RunCollector& keys_;
    std::vector<std::int64_t> chosen_;
    std::vector<WeightedRun> parts_;
    bool has_whole_ = false;
};

} // namespace

bool insert_read_keys(const HeadTiles& head, const TokenSet* queries, TokenSet& keys, const CancelFlag* cancel) {
    RunCollector runs;
    TileReader reader(head, queries, runs);
    for (const HeadTiles::Part& part : head.parts())
        for (const QueryTile& tile : head.tiles(*part.list)) {
            if (is_cancelled(cancel)) return false;
            reader.read(*part.list, tile);
        }
    runs.insert_into(keys);
    return true;
}

} // namespace dilascope
