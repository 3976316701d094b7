#pragma once
// Tensor files built byte by byte, valid and damaged, without the code under test.
#include "engine/result.h"
#include "experiments/tensor_file.h"
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace dilascope {

template <class T> std::string bytes_of(const std::vector<T>& values) {
    return std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
}

inline std::string little_endian(std::uint64_t value, int bytes) {
    std::string text;
    for (int byte = 0; byte < bytes; ++byte) text.push_back(char(value >> 8 * byte & 0xff));
    return text;
}

inline std::string safetensors_bytes(std::string_view header, std::string_view data) {
    return little_endian(header.size(), 8).append(header).append(data);
}

inline std::string npy_bytes(std::string_view dict, std::string_view data, int version = 1) {
    std::string text = "\x93NUMPY";
    text += {char(version), '\0'};
    return text.append(little_endian(dict.size(), version == 1 ? 2 : 4)).append(dict).append(data);
}

inline std::filesystem::path write_bytes(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
    return path;
}

inline std::string read_bytes(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

inline std::vector<float> values_of(const HostTensor& tensor) { return {tensor.values.begin(), tensor.values.end()}; }

// The error's text, "" when there is none; a text of several lines becomes "several lines".
template <class T> std::string error_of(const Result<T>& result) {
    if (result) return "";
    return result.error().what.find('\n') == std::string::npos ? result.error().what : "several lines";
}

inline bool says(std::string_view text, std::initializer_list<std::string_view> words) {
    for (const std::string_view word : words)
        if (text.find(word) == std::string_view::npos) return false;
    return true;
}

} // namespace dilascope
