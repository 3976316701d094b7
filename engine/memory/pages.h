#pragma once
// The memory below buffers. Large pieces are whole huge pages: a dilated pattern touches a page a key, and scattered
// 4 KB pages of a workspace meet in the same sets of L2 (measured: the same call 58 … 74 GFLOP/s from run to run on one
// Zen 3 core). Freed ones are kept for the next buffer of their size, for the system clears each page it hands out:
// 2 … 3 % of calls of 10 … 30 ms.
#include <cstddef>

namespace dilascope {

// Kept pages, all together, at most.
inline constexpr std::size_t kept_bytes_max = std::size_t(64) << 20;

// At least `bytes` > 0, aligned to a cache line, their contents left to chance; null when the machine refuses.
void* take_pages(std::size_t bytes);
// `bytes` as they were asked for.
void give_back_pages(void* data, std::size_t bytes);
// Frees what is kept.
void free_kept_pages();

} // namespace dilascope
