#pragma once
// Result<T>: a value or an Error whose text names subject, value found, value expected and the mend.
// Every function that touches files, drivers, SQL or user text returns one; an error ends once: in a verdict,
// a status line or an exit code.
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace dilascope {

struct Error {
    std::string what; // one sentence: `pattern "longnt": unknown kind; did you mean "longnet"?`
};

template <class T> using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string what) { return tl::unexpected<Error>(Error{std::move(what)}); }

namespace detail {
template <class T> T take(Result<T>&& result) { return std::move(*result); }
inline void take(Result<void>&&) {}
} // namespace detail

} // namespace dilascope

// TRY(expr): the value of a Result, or return its error to the caller.
#define TRY(expr)                                                                                                      \
    __extension__({                                                                                                    \
        auto try_result_ = (expr);                                                                                     \
        if (!try_result_) return ::tl::unexpected(std::move(try_result_.error()));                                     \
        ::dilascope::detail::take(std::move(try_result_));                                                             \
    })
