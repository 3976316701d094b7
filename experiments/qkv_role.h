#pragma once
// QkvRole: which input of attention a tensor is, judged by its name.
#include "engine/result.h"
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

enum class QkvRole : std::uint8_t { q, k, v, dout };
constexpr auto enum_names(QkvRole) { return std::array<std::string_view, 4>{"q", "k", "v", "dout"}; }

// By the last part of the name, case ignored: q, query, …; a trailing _proj, _states or _layer is looked past.
// "layers.3.attn.q_proj", "blk_3_query", "Q" are all q; dout may be called dout, do or grad_out.
std::optional<QkvRole> qkv_role(std::string_view name);

// The name that plays each role among `names`, empty where dout has none. One called exactly as the role wins over
// others. Error, starting with `subject`, when q, k or v has no name (those there are listed) or several that could be
// meant.
Result<std::array<std::string, 4>> choose_roles(const std::vector<std::string>& names, std::string_view subject);

} // namespace dilascope
