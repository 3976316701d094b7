#pragma once
// FileLoading: reads a tensor file or an experiment in the background; the frame asks and never waits.
#include "experiments/experiment.h"
#include "experiments/qkv.h"
#include "views/latest_job.h"
#include <filesystem>
#include <memory>
#include <optional>

namespace dilascope {

// A file as it was read: one of the three.
struct LoadedFile {
    std::filesystem::path path;
    std::shared_ptr<const Qkv> tensors;
    std::shared_ptr<const Experiment> experiment; // of a .toml
    std::string error;
};

class FileLoading {
public:
    FileLoading();
    // Reads this file, in place of one that is still being read.
    void start(const std::filesystem::path& path);
    bool busy() const { return wanted_.has_value(); }
    // True when take() would return something now.
    bool ready() { return peek() != nullptr; }
    // The file asked for, once, when it has been read or could not be.
    std::optional<LoadedFile> take();

private:
    struct Request {
        std::filesystem::path path;
        std::uint64_t serial = 0; // a file read again is another request
        bool operator==(const Request&) const = default;
    };
    struct Answer {
        Request request;
        LoadedFile loaded;
    };
    static Answer read(const Request& request);
    std::shared_ptr<const Answer> peek();
    std::optional<Request> wanted_;
    std::uint64_t serial_ = 0;
    LatestJob<Request, Answer> job_;
};

} // namespace dilascope
