#pragma once
// An enum's value from the name a user gave.
#include "engine/nearest.h"
#include "engine/result.h"
#include "engine/visit.h"

namespace dilascope {

// The value called `name`; the error names the subject, what was found and the nearest name: `mix is "men" (did …)`.
template <NamedEnum E> Result<E> named_enum(std::string_view subject, std::string_view name) {
    if (const auto value = enum_from_name<E>(name)) return *value;
    constexpr auto names = enum_names(E{});
    return fail(std::string(subject) + " is \"" + std::string(name) + "\"" + nearest_hint(name, names));
}

} // namespace dilascope
