#pragma once
// RunFeed: the runs of a store file as a snapshot that follows other writers. Its thread reads; the caller never waits.
#include "experiments/run.h"
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace dilascope {

struct RunSnapshot {
    std::shared_ptr<const std::vector<Run>> runs; // newest first; null until a store was read
    std::string status;                           // the path and count, or why there are no runs: one sentence
    std::uint64_t generation = 0;                 // changes with every new snapshot
};

class RunFeed {
public:
    RunFeed();
    ~RunFeed();
    // Follows this file from now on; it may not exist yet. An empty path follows nothing.
    void watch(std::filesystem::path path);
    // The newest snapshot; cheap enough for every frame.
    RunSnapshot latest() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace dilascope
