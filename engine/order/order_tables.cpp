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
std::mutex tables_mutex;
std::list<Kept> tables; // newest first

} // namespace

OrderTable shared_tokens_by_rank(const Order& order, std::int64_t token_count) {
    const std::lock_guard lock(tables_mutex);
    for (const Kept& one : tables)
        if (one.order == order && one.token_count == token_count) return one.table;
    tables.push_front(
        {order, token_count, std::make_shared<const std::vector<std::int32_t>>(tokens_by_rank(order, token_count))});
    while (tables.size() > kept_tables) tables.pop_back();
    return tables.front().table;
}

} // namespace dilascope
