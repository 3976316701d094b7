#pragma once
// Window: keys from `left` before the query to `right` after it (sliding window, Longformer's local attention).
#include "engine/pattern/kind.h"

namespace dilascope {

struct Window {
    static constexpr const char* kind_name = "window";
    static constexpr const char* help = "Keys q−left … q+right";
    std::int64_t left = 256;  // keys before the query, ≥ 0
    std::int64_t right = 256; // keys after the query, ≥ 0

    template <class Self, class V> static void visit(Self& self, V&& v) {
        v(Field{"left", "Keys before the query", "tokens", 0, 0x1p40}, self.left);
        v(Field{"right", "Keys after the query", "tokens", 0, 0x1p40}, self.right);
    }
    friend bool operator==(const Window&, const Window&) = default;
};

Result<void> validate(const Window&, const Problem&);
BranchSet branches(const Window&, const Problem&, std::int64_t head, std::int64_t position, std::int64_t key);
int branch_count(const Window&);
int head_class(const Window&, const Problem&, std::int64_t head);
void count_row(const Window&, const Problem&, std::int64_t head, Count what, Range rows,
               std::span<const std::int64_t> edges, std::span<std::int64_t> counts);
void append_tiles(const Window&, const Problem&, std::int64_t head, PlanBuilder& builder);

} // namespace dilascope
