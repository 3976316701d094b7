#include "engine/order/order_tables.h"
#include <list>
#include <mutex>

namespace dilascope {

namespace {

struct Kept {
    Order order;
    std::int64_t token_count;
    OrderTable table;
};
constexpr std::size_t kept_tables = 2;
std::mutex mutex;
std::list<Kept> kept; // newest first

} // namespace

OrderTable shared_tokens_by_rank(const Order& order, std::int64_t token_count) {
    const std::lock_guard lock(mutex);
    for (const Kept& one : kept)
        if (one.order == order && one.token_count == token_count) return one.table;
    kept.push_front(
        {order, token_count, std::make_shared<const std::vector<std::int32_t>>(tokens_by_rank(order, token_count))});
    while (kept.size() > kept_tables) kept.pop_back();
    return kept.front().table;
}

} // namespace dilascope
