#pragma once
// TextureSource: turns Images into textures of the window's renderer; the workbench gives one to every ImGuiCanvas.
#include "views/canvas.h"

namespace dilascope {

class TextureSource {
public:
    virtual ~TextureSource() = default;
    // The texture (an ImTextureID) holding these pixels, sampled with nearest neighbour; uploaded when image.key is new
    // or its version or size changed. Null when there is no renderer. Valid until the frame has been drawn.
    virtual void* texture(const Image& image) = 0;
};

} // namespace dilascope
