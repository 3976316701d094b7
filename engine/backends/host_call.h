#pragma once
// HostCall: a ready call of a backend that computes where the call's buffers are.
#include "engine/backends/ready_call.h"
#include <functional>
#include <vector>

namespace dilascope {

class HostCall final : public ReadyCall {
public:
    explicit HostCall(std::function<Result<void>()> call) : call_(std::move(call)) {}
    Result<double> run() override { return seconds_of(1); }
    Result<double> seconds_of(std::int64_t count) override;
    Result<void> flush_caches() override;

private:
    std::function<Result<void>()> call_;
    std::vector<unsigned char> evicting_; // twice the last-level cache; made at the first flush
};

} // namespace dilascope
