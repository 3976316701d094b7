#include "experiments/tensor_file.h"
#include "experiments/npy.h"
#include "experiments/npz.h"
#include "experiments/replacement_file.h"
#include "experiments/safetensors.h"
#include <cerrno>
#include <fmt/format.h>

namespace dilascope {

Result<std::vector<HostTensor>> read_tensor_file(const std::filesystem::path& path, const TensorFilter& filter) {
    const std::string extension = path.extension().string();
    if (extension == ".safetensors") return read_safetensors(path, filter);
    if (extension == ".npz") return read_npz(path, filter);
    if (extension == ".npy") {
        std::vector<HostTensor> tensors;
        const std::unique_ptr<FileSource> source = TRY(FileSource::open(path));
        if (!filter || filter(path.stem().string())) tensors.push_back(TRY(read_npy(*source, path.stem().string())));
        return tensors;
    }
    TRY(FileSource::open(path)); // a missing file is the better complaint
    if (extension == ".pt" || extension == ".pth" || extension == ".bin")
        return fail(
            fmt::format("{}: a {} file is a pickled Python program that is not run; convert it once in Python with "
                        "safetensors.torch.save_file(torch.load(\"{}\", weights_only=True), \"{}.safetensors\")",
                        path.string(), extension, path.filename().string(), path.stem().string()));
    return fail(
        fmt::format("{}: unknown extension \"{}\"; expected .safetensors, .npz or .npy", path.string(), extension));
}

Result<void> check_tensor_output(const std::filesystem::path& path, std::size_t tensor_count) {
    const std::string extension = path.extension().string();
    if (extension == ".npy" && tensor_count != 1)
        return fail(fmt::format("{}: {} tensors do not fit into a .npy file; use .safetensors or .npz", path.string(),
                                tensor_count));
    if (extension != ".safetensors" && extension != ".npz" && extension != ".npy")
        return fail(fmt::format("{}: unknown extension \"{}\"; expected .safetensors{}", path.string(), extension,
                                tensor_count == 1 ? ", .npz or .npy" : " or .npz"));
    std::error_code ignored;
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    if (!std::filesystem::is_directory(folder, ignored)) return tl::unexpected(write_error(path, ENOENT));
    if (std::filesystem::is_directory(path, ignored)) return tl::unexpected(write_error(path, EISDIR));
    return {};
}

Result<void> write_tensor_file(const std::filesystem::path& path, std::span<const TensorToWrite> tensors) {
    TRY(check_tensor_output(path, tensors.size()));
    const std::string extension = path.extension().string();
    if (extension == ".npy") return write_npy(path, tensors[0]);
    if (extension == ".npz") return write_npz(path, tensors);
    return write_safetensors(path, tensors);
}

} // namespace dilascope
