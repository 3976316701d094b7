#pragma once
// ByteSource: bytes read once, front to back, from a file or a zip member whose size is known before anything is read.
#include "engine/result.h"
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

namespace dilascope {

class ByteSource {
public:
    // `subject` starts every error text: the file, or the file and its member.
    ByteSource(std::string subject, std::int64_t size) : subject_(std::move(subject)), size_(size) {}
    virtual ~ByteSource() = default;
    ByteSource(const ByteSource&) = delete;
    ByteSource& operator=(const ByteSource&) = delete;

    // Exactly `count` bytes; error when fewer are left.
    Result<void> read(void* to, std::int64_t count);
    std::int64_t size() const { return size_; }
    std::int64_t remaining() const { return size_ - position_; }
    const std::string& subject() const { return subject_; }

protected:
    // 1 … `count` bytes from position_ into `to`, 0 at the end.
    virtual Result<std::int64_t> read_some(void* to, std::int64_t count) = 0;

    std::string subject_;
    std::int64_t size_ = 0, position_ = 0;
};

class FileSource : public ByteSource {
public:
    // Error when the file is missing, not a regular file or not readable.
    static Result<std::unique_ptr<FileSource>> open(const std::filesystem::path& path);
    ~FileSource() override;

    // Leaves `count` bytes unread, as far as there are so many.
    void skip(std::int64_t count) { position_ = count < remaining() ? position_ + count : size_; }

protected:
    Result<std::int64_t> read_some(void* to, std::int64_t count) override;

private:
    FileSource(std::string subject, std::int64_t size, int descriptor);
    int descriptor_;
};

} // namespace dilascope
