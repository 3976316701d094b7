#include "views/latest_picture.h"

namespace dilascope {

namespace {

constexpr double quick_ms = 5;              // a picture that fits into a frame beside its drawing
constexpr std::int64_t preview_pixels = 64; // side of the coarse picture shown when the last one is of another pattern

bool shows_same_pattern(const PaintedPicture& painted, const PictureRequest& request) {
    const PictureRequest& shown = painted.picture.request;
    return shown.version == request.version && shown.head == request.head && shown.only_branch == request.only_branch &&
           shown.colours == request.colours && shown.compare_text == request.compare_text;
}

// For the frame at hand: fewer pixels, and the last picture's strips, each of which takes as long as the picture.
PaintedPicture coarse_picture(PictureRequest request, const PaintedPicture& last) {
    if (request.rows <= preview_pixels && request.columns <= preview_pixels) return make_painted(request);
    request.rows = std::min(request.rows, preview_pixels);
    request.columns = std::min(request.columns, preview_pixels);
    request.has_strips = false;
    PaintedPicture painted = make_painted(request);
    if (last.picture.request.region == request.region) {
        painted.picture.keys_per_query = last.picture.keys_per_query;
        painted.picture.queries_per_key = last.picture.queries_per_key;
    }
    return painted;
}

} // namespace

LatestPicture::LatestPicture()
    : job_([](const PictureRequest& request, const std::atomic<bool>& cancel) {
          return make_painted(request, &cancel);
      }),
      shown_(std::make_shared<PaintedPicture>()) {}

void LatestPicture::ask(const PictureRequest& request) {
    is_complete_ = shown_->picture.request == request;
    if (is_complete_) return;
    const bool has_coarse = counts_at_once(request.pattern) && (!request.minus || counts_at_once(*request.minus));
    const auto newest = job_.ask(request);
    if (newest) job_.begin_at_once(!has_coarse || newest->picture.time_ms <= quick_ms);
    if (newest && shows_same_pattern(*newest, request))
        shown_ = newest;
    else if (has_coarse && !shows_same_pattern(*shown_, request))
        shown_ = std::make_shared<PaintedPicture>(coarse_picture(request, *shown_));
    is_complete_ = shown_->picture.request == request;
}

} // namespace dilascope
