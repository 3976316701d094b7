#include "app/file_loading.h"

namespace dilascope {

FileLoading::FileLoading() : job_([](const Request& request, const std::atomic<bool>&) { return read(request); }) {}

FileLoading::Answer FileLoading::read(const Request& request) {
    Answer answer{request, {request.path, nullptr, nullptr, ""}};
    if (request.path.extension() == ".toml") {
        Result<Experiment> experiment = load_experiment(request.path);
        if (experiment) {
            answer.loaded.experiment = std::make_shared<const Experiment>(std::move(*experiment));
        } else {
            answer.loaded.error = experiment.error().what;
        }
        return answer;
    }
    Result<Qkv> tensors = load_qkv(request.path);
    if (tensors) {
        answer.loaded.tensors = std::make_shared<const Qkv>(std::move(*tensors));
    } else {
        answer.loaded.error = tensors.error().what;
    }
    return answer;
}

void FileLoading::start(const std::filesystem::path& path) {
    wanted_ = Request{path, ++serial_};
    job_.ask(*wanted_, 0);
}

std::shared_ptr<const FileLoading::Answer> FileLoading::peek() {
    if (!wanted_) return nullptr;
    std::shared_ptr<const Answer> answer = job_.ask(*wanted_, 0);
    return answer && answer->request == *wanted_ ? answer : nullptr;
}

std::optional<LoadedFile> FileLoading::take() {
    const std::shared_ptr<const Answer> answer = peek();
    if (!answer) return std::nullopt;
    wanted_.reset();
    return answer->loaded;
}

} // namespace dilascope
