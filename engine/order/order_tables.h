#pragma once
// The newest permutation tables, shared: pictures and plans of one pattern ask for the same one again and again.
#include "engine/order/order.h"
#include <memory>

namespace dilascope {

using OrderTable = std::shared_ptr<const std::vector<std::int32_t>>;

// As tokens_by_rank(); the last two tables are kept.
OrderTable shared_tokens_by_rank(const Order& order, std::int64_t token_count);

} // namespace dilascope
