#pragma once
// TextureSource: turns Images into textures of the window's renderer; the workbench gives one to every ImGuiCanvas.
#include "views/canvas.h"

struct ImDrawList;

namespace dilascope {

class TextureSource {
public:
    virtual ~TextureSource() = default;
    // The texture (an ImTextureID) holding these pixels, sampled with nearest neighbour; uploaded when image.key is new
    // or its version or size changed. Null when there is no renderer. Valid until the frame has been drawn.
    virtual void* texture(const Image& image) = 0;
    // Fills pixels with an opaque colour without shading them, in the order of the list; false when it cannot. Worth it
    // for large areas on a software renderer.
    virtual bool solid_fill(ImDrawList*, Rect, Colour) { return false; }
};

} // namespace dilascope
