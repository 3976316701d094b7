#include "app/tensor_fit.h"
#include <algorithm>

namespace dilascope {

Case fit_to_tensors(Case config, const Problem& held, const std::string& input, const ShapeWish& wish) {
    const auto fitted = [&](std::int64_t asked, std::int64_t now, std::int64_t most) {
        return std::min(asked > 0 ? asked : wish.whole_file ? most : now, most);
    };
    config.input = input;
    config.seq_len = fitted(wish.seq_len, config.seq_len, held.seq_len);
    config.heads = fitted(wish.heads, config.heads, held.heads);
    const std::int64_t group = held.heads / held.kv_heads; // query heads of a key head
    if (config.heads % group != 0) config.heads = std::max(group, config.heads / group * group);
    config.kv_heads = group == 1 ? 0 : config.heads / group;
    // Fewer queries mean as many keys fewer.
    config.kv_len = held.kv_len == held.seq_len ? 0 : held.kv_len - (held.seq_len - config.seq_len);
    config.batch = held.batch;
    config.head_dim = held.head_dim;
    return config;
}

} // namespace dilascope
