#include "app/spec_file.h"
#include "experiments/replacement_file.h"
#include <fmt/format.h>
#include <type_traits>

namespace dilascope {
namespace {

std::string quoted(const std::string& text) {
    std::string result = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') result += '\\';
        result += c;
    }
    return result + "\"";
}

} // namespace

std::string spec_text(const Case& config, const std::string& name, const std::filesystem::path& tensors) {
    const bool is_generated = config.input == "gaussian";
    std::string text = "# Saved from the workbench; run it with: dilascope batch " + name + ".toml\nschema = 1\n";
    text += "name = " + quoted(name) + "\n";
    if (!is_generated) text += "tensors = " + quoted(tensors.string()) + "\n";
    const Case defaults;
    Case::visit(config, [&](const Field& field, const auto& value) {
        const std::string key = field.name;
        using Value = std::remove_cvref_t<decltype(value)>;
        // The input is named above, and [measure] says hot or cold.
        if (key == "input" || key == "cache") return;
        if (key == "seed" && !is_generated) return;
        if ((key == "kv_len" || key == "kv_heads" || key == "batch" || key == "direction" || key == "dtype") && [&] {
                bool same = false;
                Case::visit(defaults, [&](const Field& other, const auto& usual) {
                    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(usual)>, Value>)
                        same |= key == other.name && usual == value;
                });
                return same;
            }())
            return;
        if constexpr (std::is_same_v<Value, std::string>) {
            text += key + " = " + quoted(value) + "\n";
        } else {
            text += fmt::format("{} = {}\n", key, value);
        }
    });
    return text;
}

Result<void> save_spec(const std::filesystem::path& path, const Case& config, const std::filesystem::path& tensors) {
    // A path beside the experiment keeps working when both move.
    std::error_code error;
    std::filesystem::path named = tensors;
    if (!tensors.empty()) {
        const std::filesystem::path relative =
            std::filesystem::relative(tensors, std::filesystem::absolute(path, error).parent_path(), error);
        if (!error && !relative.empty() && *relative.begin() != "..") named = relative;
    }
    const std::string text = spec_text(config, path.stem().string(), named);
    ReplacementFile file = TRY(ReplacementFile::open(path));
    TRY(file.write(text.data(), text.size()));
    return file.commit();
}

} // namespace dilascope
