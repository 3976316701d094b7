#pragma once
// ReadyWeights: pictures of the attention weights of one q and k, one after another: they are where the backend
// computes.
#include "engine/weights.h"

namespace dilascope {

class ReadyWeights {
public:
    virtual ~ReadyWeights() = default;
    // As attention_weights(). All calls have the same q and k, which do not change in between.
    virtual Result<std::vector<float>> draw(const WeightsCall& call) = 0;
};

// Those of a backend that computes where the call's buffers are.
class HostWeights final : public ReadyWeights {
public:
    Result<std::vector<float>> draw(const WeightsCall& call) override { return attention_weights(call); }
};

} // namespace dilascope
