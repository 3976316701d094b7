#pragma once
// Inputs: q, k and v of a case, from the tensors of an experiment or from the generator. The last ones made are kept,
// since neighbouring cases mostly share them.
#include "experiments/case.h"
#include "experiments/qkv.h"
#include <optional>

namespace dilascope {

class Inputs {
public:
    // Shapes and dtype as `problem` says: the values are f32, but numbers that the dtype holds. With dout where the
    // direction has gradients: the tensors' own, else generated. `tensors` must be given when config.input is not
    // "gaussian". The result lives until the next call, or as long as `tensors`. Errors: no tensors, tensors too small,
    // numbers too large for the dtype, not enough memory, cancelled.
    Result<const Qkv*> of(const Case& config, const Problem& problem, const Qkv* tensors, const CancelFlag* cancel);

private:
    Result<void> make(const Case& config, const Problem& problem, const Qkv* tensors, const CancelFlag* cancel);
    std::string key_; // what last_ was made for
    std::optional<Qkv> last_;
};

// Error when this machine has fewer bytes free: better said than killed. `purpose`: "q, k and v".
Result<void> check_memory(double bytes, const std::string& purpose);

} // namespace dilascope
