#include "engine/memory/pages.h"
#include <cstdlib>
#include <deque>
#include <mutex>
#include <sys/mman.h>

namespace dilascope {

namespace {

constexpr std::size_t line = 64, huge_page = 2 << 20;
#ifdef __SANITIZE_ADDRESS__
constexpr bool keeps = false; // the sanitizer could not tell a freed buffer from the next one
#else
constexpr bool keeps = true;
#endif

// Whole huge pages where they waste less than three quarters, else whole lines.
std::size_t whole(std::size_t bytes) {
    const std::size_t unit = bytes >= huge_page / 4 ? huge_page : line;
    return (bytes + unit - 1) / unit * unit;
}

bool is_large(std::size_t whole_bytes) { return whole_bytes >= huge_page; }

struct Pages {
    void* data;
    std::size_t bytes;
};

class KeptPages {
public:
    void* take(std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        for (auto piece = pieces_.begin(); piece != pieces_.end(); ++piece)
            if (piece->bytes == bytes) {
                void* data = piece->data;
                pieces_.erase(piece);
                bytes_ -= bytes;
                return data;
            }
        return nullptr;
    }
    void keep(void* data, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        pieces_.push_front({data, bytes});
        bytes_ += bytes;
        free_down_to(kept_bytes_max);
    }
    void free_all() {
        const std::lock_guard lock(mutex_);
        free_down_to(0);
    }

private:
    // The longest unused first.
    void free_down_to(std::size_t most) {
        for (; bytes_ > most; pieces_.pop_back()) {
            bytes_ -= pieces_.back().bytes;
            std::free(pieces_.back().data);
        }
    }
    std::mutex mutex_;
    std::deque<Pages> pieces_; // newest first
    std::size_t bytes_ = 0;
};

KeptPages& kept_pages() {
    static KeptPages* kept = new KeptPages; // never destroyed: static buffers may outlive it otherwise
    return *kept;
}

void* fresh_pages(std::size_t bytes) {
    void* data = std::aligned_alloc(is_large(bytes) ? huge_page : line, bytes);
#ifdef MADV_HUGEPAGE
    if (data && is_large(bytes)) madvise(data, bytes, MADV_HUGEPAGE);
#endif
    return data;
}

} // namespace

void* take_pages(std::size_t bytes) {
    const std::size_t size = whole(bytes);
    if (!is_large(size)) return fresh_pages(size);
    if (void* data = kept_pages().take(size)) return data;
    if (void* data = fresh_pages(size)) return data;
    free_kept_pages(); // they may be what is missing
    return fresh_pages(size);
}

void free_kept_pages() { kept_pages().free_all(); }

void give_back_pages(void* data, std::size_t bytes) {
    const std::size_t size = whole(bytes);
    if (keeps && is_large(size) && size <= kept_bytes_max)
        kept_pages().keep(data, size);
    else
        std::free(data);
}

} // namespace dilascope
