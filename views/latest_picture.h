#pragma once
// LatestPicture: the picture a view asks for each frame: exact when it is ready in time, coarse until then when its
// pattern is quick to count, else the one before. Where exact ones take as long as a frame, next to a renderer in
// software on few cores, they are made when the drag rests; beside each frame's drawing they would double its time.
#include "views/latest_job.h"
#include "views/pattern_scene.h"

namespace dilascope {

class LatestPicture {
public:
    LatestPicture();
    void ask(const PictureRequest& request);
    // Without pixels before the first.
    const PaintedPicture& shown() const { return *shown_; }
    bool is_complete() const { return is_complete_; } // what is shown is what was asked for
    double pending_s() const { return job_.pending_s(); }

private:
    LatestJob<PictureRequest, PaintedPicture> job_;
    std::shared_ptr<const PaintedPicture> shown_;
    bool is_complete_ = true;
};

} // namespace dilascope
