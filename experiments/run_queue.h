#pragma once
// RunQueue: experiments answered one after another into stores by a background thread. The caller never waits.
#include "experiments/experiment.h"
#include "experiments/runner.h"
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

namespace dilascope {

struct QueueState {
    bool busy = false;
    std::string experiment;     // name of the one under way
    Progress progress;          // of that one
    std::int64_t waiting = 0;   // experiments after it
    std::int64_t completed = 0; // experiments finished, cancelled or failed since the start
    std::string message;        // how the last one ended: "sweep: 20 runs in runs.sqlite", or its error
    bool failed = false;        // the last one ended with an error or with failed cases
};

class RunQueue {
public:
    // `rates` is asked on the queue's thread before each experiment, for the runs' predictions; may be empty.
    explicit RunQueue(std::function<std::shared_ptr<const MachineRates>()> rates = {});
    // Cancels what runs and waits for it to stop.
    ~RunQueue();
    void enqueue(Experiment experiment, std::filesystem::path db);
    void cancel_current();
    void cancel_all();
    QueueState state() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace dilascope
