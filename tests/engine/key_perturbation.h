#pragma once
// What a key may change in a backend's output: the rows that see it, and not a bit of the others.
#include "tests/catch.h"
#include "tests/engine/sweep.h"
#include <cstring>

namespace dilascope {

// Changes one key and its value in each batch element and head, and puts them back.
inline void check_changed_key(AttentionCase& c, Backend& backend, std::int64_t key) {
    const Problem& p = c.problem;
    INFO(backend.name() << ", " << describe(c) << ", key " << key);
    REQUIRE(backend.forward(c.call()));
    const std::vector<float> before = c.out, k = c.k, v = c.v;
    for (std::int64_t batch = 0; batch < p.batch; ++batch)
        for (std::int64_t at = key_offset(p, batch, key, 0); at < key_offset(p, batch, key + 1, 0); ++at)
            c.k[std::size_t(at)] += 0.5f, c.v[std::size_t(at)] += 3;
    REQUIRE(backend.forward(c.call()));
    for (std::int64_t batch = 0; batch < p.batch; ++batch)
        for (std::int64_t head = 0; head < p.heads; ++head)
            for (std::int64_t query = 0; query < p.seq_len; ++query) {
                const auto at = std::size_t(query_offset(p, batch, query, head));
                const bool is_changed =
                    std::memcmp(&before[at], &c.out[at], std::size_t(p.head_dim) * sizeof(float)) != 0;
                if (is_changed == (branches(c.pattern, p, head, query, key) != 0)) continue;
                FAIL("batch " << batch << " head " << head << " query " << query << (is_changed ? " " : " not ")
                              << "changed");
            }
    c.k = k, c.v = v;
}

} // namespace dilascope
