# Copyright 2026 sa4depth_ros contributors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""The shader programs of the renderer: light at every pixel, shadows, depth, sky."""

from collections.abc import Sequence

from sa4depth_train.worlds.world import Light

SURFACE_VERTEX = """
#version 330
uniform mat4 clip_from_world;
invariant gl_Position;
uniform vec2 repeat;
in vec3 position;
in vec3 normal;
in vec2 uv;
out vec3 place;
out vec3 facing;
out vec2 spot;
void main() {
    place = position;
    facing = normal;
    spot = uv * repeat;
    gl_Position = clip_from_world * vec4(position, 1.0);
}
"""

_LIT = """
float lit_{i}() {{
    vec4 seen = shadow_from_world[{i}] * vec4(place, 1.0);
    vec3 at = seen.xyz / seen.w;
    float outside = float(seen.w <= 0.0 || any(greaterThan(abs(at), vec3(1.0))));
    at = at * 0.5 + 0.5;
    float texel = 1.0 / float(textureSize(shadows, 0).y);
    float sum = 0.0;
    for (int k = 0; k < 2; k++) {{
        vec2 near = at.xy + texel * (1.5 * float(k) - 0.75);
        near = clamp(near, texel, 1.0 - texel);
        sum += texture(shadows, vec3((near.x + {i}.0) / {maps}.0, near.y, at.z));
    }}
    return max(0.5 * sum, outside);
}}
"""
_SUN = """
    to_light = -light_axis[{i}].xyz;
    strength = 1.0;
"""
_LAMP = """
    to_light = light_place[{i}].xyz - place;
    strength = 1.0 / (1.0 + dot(to_light, to_light) * light_color[{i}].w);
    to_light = normalize(to_light);
"""
_CONE = """
    inside = -dot(to_light, light_axis[{i}].xyz);
    strength *= inside >= light_axis[{i}].w ? inside : 0.0;
"""
_ADD = """
    light = strength * light_color[{i}].rgb;
    diffuse += light * max(dot(n, to_light), 0.0);
"""
_MIRROR = """
    mirror = max(dot(n, normalize(to_light + to_eye)), 0.0);
    mirror *= mirror; mirror *= mirror; mirror *= mirror;
    mirror *= mirror; mirror *= mirror; mirror *= mirror;
    shiny += light * mirror;
"""
# Lamps have no colour space: colours are multiplied as they are, as OpenGL's classic light does,
# and clipped at white.
_SURFACE = """
#version 330
uniform sampler2D picture;
uniform sampler2DShadow shadows;
uniform vec3 eye;
uniform vec3 ambient;
uniform float shine;
uniform float glow;
uniform vec4 light_place[{lights}];
uniform vec4 light_axis[{lights}];       // w: cosine of the half angle of the cone
uniform vec4 light_color[{lights}];      // w: 1 / reach squared
uniform mat4 shadow_from_world[{matrices}];
in vec3 place;
in vec3 facing;
in vec2 spot;
out vec4 color;
{functions}
void main() {{
    vec3 n = normalize(facing);
    vec3 paint = texture(picture, spot, -0.6).rgb;
    vec3 diffuse = ambient * (0.88 + 0.12 * n.z) + glow;
    vec3 shiny = vec3(0.0);
    vec3 to_eye = normalize(eye - place);
    vec3 to_light, light;
    float strength, inside, mirror;
    {body}
    color = vec4(clamp(diffuse * paint + 0.4 * shine * shiny, 0.0, 1.0), 1.0);
}}
"""


def surface_fragment(lights: Sequence[Light], *, shiny: bool) -> str:
    """
    Write the shader of lit surfaces for the lights of one world, those with shadows first.

    Software OpenGL runs every branch for every pixel, so each lamp has just its own lines.
    """
    maps = sum(light.shadow for light in lights)
    body = ''
    for i, light in enumerate(lights):
        body += (_SUN if light.directional else _LAMP).format(i=i)
        if not light.directional and light.cutoff < 90:
            body += _CONE.format(i=i)
        body += f'strength *= lit_{i}();' if light.shadow else ''
        body += _ADD.format(i=i) + (_MIRROR if shiny else '')
    return _SURFACE.format(lights=max(1, len(lights)), matrices=max(1, maps), body=body,
                           functions=''.join(_LIT.format(i=i, maps=maps) for i in range(maps)))


# z is the same at any other pixel of the triangle's plane, so it is exact at pixel centres.
DEPTH_VERTEX = """
#version 330
uniform mat4 clip_from_world;
invariant gl_Position;
uniform vec4 forward;
in vec3 position;
out float z;
void main() {
    z = dot(forward, vec4(position, 1.0));
    gl_Position = clip_from_world * vec4(position, 1.0);
}
"""

DEPTH_FRAGMENT = """
#version 330
in float z;
out float depth;
void main() { depth = z; }
"""

SHADOW_VERTEX = """
#version 330
uniform mat4 clip_from_world;
in vec3 position;
void main() { gl_Position = clip_from_world * vec4(position, 1.0); }
"""

SHADOW_FRAGMENT = """
#version 330
void main() {}
"""

SKY_VERTEX = """
#version 330
uniform mat4 world_from_clip;
out vec3 ray;
void main() {
    vec2 corner = vec2(gl_VertexID % 2, gl_VertexID / 2) * 4.0 - 1.0;
    ray = (world_from_clip * vec4(corner, 1.0, 1.0)).xyz;
    gl_Position = vec4(corner, 1.0, 1.0);
}
"""

SKY_FRAGMENT = """
#version 330
uniform vec3 horizon;
uniform vec3 zenith;
in vec3 ray;
out vec4 color;
void main() {
    color = vec4(mix(horizon, zenith, clamp(1.5 * normalize(ray).z, 0.0, 1.0)), 1.0);
}
"""
