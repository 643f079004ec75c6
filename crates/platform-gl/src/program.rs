//! The shaders. Pixels are counted from the top of the window: the canvas has its first
//! row where OpenGL has its last, and only the way to the window turns it.

/// A triangle that covers everything; the scissors say what of it is drawn.
pub(crate) const EVERYWHERE: &str = "#version 130
in vec2 corner;
void main() { gl_Position = vec4(corner, 0.0, 1.0); }
";

/// A picture as the software scales it: the same pixels with the same weights, but for
/// rounding.
pub(crate) const PICTURE: &str = "#version 130
uniform sampler2D source;
uniform ivec4 part;   // left, top, width, height of what is shown of it
uniform ivec4 placed; // and of where it is shown
uniform int dim;
out vec4 color;

// What one pixel covers along one axis.
vec2 covered(int at, int from, int to) {
    if (to % from == 0) {
        float first = float(at / (to / from));
        return vec2(first, first + 1.0);
    }
    float step = float(from) / float(to);
    float middle = (float(at) + 0.5) * step;
    float reach = max(step, 1.0) / 2.0;
    return vec2(max(middle - reach, 0.0), min(middle + reach, float(from)));
}

float weight(int pixel, vec2 span) {
    float first = float(pixel);
    return (min(first + 1.0, span.y) - max(first, span.x)) / (span.y - span.x);
}

void main() {
    ivec2 at = ivec2(gl_FragCoord.xy) - placed.xy;
    vec2 across = covered(at.x, part.z, placed.z);
    vec2 down = covered(at.y, part.w, placed.w);
    vec3 sum = vec3(0.0);
    for (int y = int(down.x); float(y) < down.y; y++) {
        vec3 row = vec3(0.0);
        for (int x = int(across.x); float(x) < across.y; x++) {
            row += texelFetch(source, part.xy + ivec2(x, y), 0).rgb * weight(x, across);
        }
        sum += row * weight(y, down);
    }
    if (dim != 0) {
        sum = floor(floor(sum * 255.0 + 0.5) * 0.4 + 0.01) / 255.0;
    }
    color = vec4(sum, 1.0);
}
";

/// A layer, as it is.
pub(crate) const LAYER: &str = "#version 130
uniform sampler2D source;
uniform ivec4 placed;
out vec4 color;
void main() { color = texelFetch(source, ivec2(gl_FragCoord.xy) - placed.xy, 0); }
";

/// The canvas, turned upside down; its height is in `placed.w`.
pub(crate) const SHOWN: &str = "#version 130
uniform sampler2D source;
uniform ivec4 placed;
out vec4 color;
void main() {
    ivec2 at = ivec2(gl_FragCoord.xy);
    color = vec4(texelFetch(source, ivec2(at.x, placed.w - 1 - at.y), 0).rgb, 1.0);
}
";
