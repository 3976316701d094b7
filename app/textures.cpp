#include "app/textures.h"
#include "app/solid_fill.h"
#include <epoxy/gl.h>
#include <imgui.h>

namespace dilascope {
namespace {
constexpr int idle_frames_max = 600; // ten seconds at 60 Hz
}

Textures::~Textures() {
    for (auto& [key, entry] : entries_) glDeleteTextures(1, &entry.name);
}

void* Textures::texture(const Image& image) {
    if (image.width <= 0 || image.height <= 0) return nullptr;
    auto found = entries_.find(image.key);
    if (found == entries_.end()) found = entries_.emplace(std::string(image.key), Entry{}).first;
    Entry& entry = found->second;
    entry.idle_frames = 0;
    const bool resized = entry.width != image.width || entry.height != image.height;
    if (entry.name == 0 || resized || entry.version != image.version) {
        GLint bound = 0;
        glGetIntegerv(GL_TEXTURE_BINDING_2D, &bound);
        const bool fresh = entry.name == 0;
        if (fresh) glGenTextures(1, &entry.name);
        glBindTexture(GL_TEXTURE_2D, entry.name);
        if (fresh) {
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_CLAMP_TO_EDGE);
            glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_CLAMP_TO_EDGE);
        }
        glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
        glPixelStorei(GL_UNPACK_ROW_LENGTH, 0);
        if (resized) {
            glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, image.width, image.height, 0, GL_RGBA, GL_UNSIGNED_BYTE,
                         image.rgba.data());
        } else {
            glTexSubImage2D(GL_TEXTURE_2D, 0, 0, 0, image.width, image.height, GL_RGBA, GL_UNSIGNED_BYTE,
                            image.rgba.data());
        }
        glBindTexture(GL_TEXTURE_2D, GLuint(bound));
        entry.version = image.version;
        entry.upload = ++uploads_;
        entry.width = image.width;
        entry.height = image.height;
    }
    return reinterpret_cast<void*>(std::uintptr_t(entry.upload) << 32 | entry.name);
}

bool Textures::solid_fill(ImDrawList* list, Rect pixels, Colour colour) {
    dilascope::solid_fill(list, pixels, colour);
    return true;
}

void Textures::end_frame() {
    for (auto entry = entries_.begin(); entry != entries_.end();) {
        if (++entry->second.idle_frames <= idle_frames_max) {
            ++entry;
            continue;
        }
        glDeleteTextures(1, &entry->second.name);
        entry = entries_.erase(entry);
    }
}

void sharpen_font_texture() {
    GLint bound = 0;
    glGetIntegerv(GL_TEXTURE_BINDING_2D, &bound);
    glBindTexture(GL_TEXTURE_2D, GLuint(reinterpret_cast<std::uintptr_t>(ImGui::GetIO().Fonts->TexID)));
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
    glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
    glBindTexture(GL_TEXTURE_2D, GLuint(bound));
}

} // namespace dilascope
