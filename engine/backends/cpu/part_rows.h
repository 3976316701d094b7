#pragma once
// PartRows: what each part of the keys makes of the rows of a job, kept until all parts are there and are merged in
// their order.
#include "engine/backends/cpu/forward_work.h"
#include "engine/memory/buffer.h"

namespace dilascope {

class PartRows {
public:
    PartRows() = default; // of work in one part: nothing
    static Result<PartRows> allocate(const ForwardWork& work, std::int64_t head_dim);
    // Row `row` of tile `tile` of a job: its output (D) and LSE.
    void store(std::int64_t job, std::size_t tile, std::int64_t row, const float* out, float lse);
    // The softmax of all parts of that row to `out`; returns its LSE. `job`: the one of part 0.
    float merge(std::int64_t job, std::size_t tile, std::int64_t row, float* out) const;

private:
    std::int64_t slot(std::int64_t job, std::size_t tile, std::int64_t row) const {
        return (job * tiles_ + std::int64_t(tile)) * rows_ + row;
    }
    Buffer<float> out_, lse_; // (part, job of a part, tile, row), out_ with D
    std::int64_t jobs_ = 0, parts_ = 0, tiles_ = 0, rows_ = 0, head_dim_ = 0;
};

} // namespace dilascope
