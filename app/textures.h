#pragma once
// Textures: images of the views as GL textures, uploaded when their version changes, dropped when long unused.
#include "views/texture_source.h"
#include <map>
#include <string>

namespace dilascope {

static_assert(sizeof(void*) == 8);

class Textures : public TextureSource {
public:
    ~Textures() override; // needs the GL context that made the textures
    // The id's lower half is GL's name, all that ImGui's backend looks at; its upper half changes with every upload, so
    // that equal ids mean equal pixels.
    void* texture(const Image& image) override;
    bool solid_fill(ImDrawList* list, Rect pixels, Colour colour) override;
    // Once a frame: forgets what was not drawn for some seconds.
    void end_frame();

private:
    struct Entry {
        unsigned name = 0;
        std::uint32_t upload = 0; // which of all uploads its pixels came with
        std::uint64_t version = 0;
        int width = 0, height = 0;
        int idle_frames = 0;
    };
    std::uint32_t uploads_ = 0;
    std::map<std::string, Entry, std::less<>> entries_;
};

// Samples ImGui's font texture without filter: glyphs stay on whole pixels, crisp at every scale.
void sharpen_font_texture();

} // namespace dilascope
