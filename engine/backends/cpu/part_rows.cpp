#include "engine/backends/cpu/part_rows.h"
#include "engine/backends/merge.h"
#include "engine/infinity.h"
#include <algorithm>

namespace dilascope {

Result<PartRows> PartRows::allocate(const ForwardWork& work, std::int64_t head_dim) {
    PartRows rows;
    rows.parts_ = work.parts, rows.jobs_ = work.job_count() / work.parts;
    rows.tiles_ = work.tiles_max, rows.rows_ = work.rows_max, rows.head_dim_ = head_dim;
    const std::int64_t count = work.job_count() * rows.tiles_ * rows.rows_;
    rows.out_ = TRY(Buffer<float>::allocate(count * head_dim, "cpu/part_rows"));
    rows.lse_ = TRY(Buffer<float>::allocate(count, "cpu/part_rows"));
    return rows;
}

void PartRows::store(std::int64_t job, std::size_t tile, std::int64_t row, const float* out, float lse) {
    std::copy_n(out, head_dim_, out_.data() + slot(job, tile, row) * head_dim_);
    lse_.data()[slot(job, tile, row)] = lse;
}

float PartRows::merge(std::int64_t job, std::size_t tile, std::int64_t row, float* out) const {
    float lse = minus_infinity;
    std::fill_n(out, head_dim_, 0.0f);
    for (std::int64_t part = 0; part < parts_; ++part) {
        const std::int64_t from = slot(part * jobs_ + job, tile, row);
        merge_row({MergeRule::log_sum_exp}, out_.data() + from * head_dim_, lse_.data()[from], head_dim_, out, &lse);
    }
    return lse;
}

} // namespace dilascope
