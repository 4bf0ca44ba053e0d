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

"""OpenGL as a renderer: a world and a camera pose in, colour and exact z-depth out."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds import shaders
from sa4depth_train.worlds.lamps import light_uniforms, ordered_lights, shadow_matrix
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.world import Light, Material, World

NEAR, FAR = 0.05, 200.0
# Colour is drawn this many times larger and averaged.
SUPERSAMPLE = 1.5
SHADOW_PIXELS = 2048
# Shadow maps are drawn a little further from the lamp, or surfaces would shade themselves.
_SHADOW_OFFSET = (2.5, 8.0)
_SHADOW_UNIT = 1


class WorldRenderer:
    """
    Draws one world with a pinhole camera, without a display.

    Pixel centres are at integer coordinates: the image spans -0.5 .. width - 0.5. Use it as a
    context manager.
    """

    def __init__(self, world: World, *, width: int, height: int, hfov: float = np.pi / 2,
                 K: NDArray[np.float64] | None = None) -> None:
        """
        Load the world for images of width x height px and ``hfov`` rad across, or with ``K``.

        Without ``K`` (3, 3) pixels are square and cx = (width - 1) / 2. Raises ConfigError when
        off-screen OpenGL is missing.
        """
        self.width, self.height = width, height
        self.K = _centred(width, height, hfov) if K is None else np.asarray(K, float)
        self._sky = world.sky
        self._gl = open_context()
        with self._gl:
            self._prepare(world)

    def render(
        self, T_world_camera: NDArray[np.float64],
    ) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """
        Draw from a camera pose (4, 4): optical axes (x right, y down, z forward) in world.

        Returns colour uint8 RGB (h, w, 3) and z-depth float32 (h, w) in metres, 0 where the
        ray meets nothing (the sky).
        """
        T_camera_world = np.linalg.inv(T_world_camera)
        clip = _projection(self.K, self.width, self.height) @ T_camera_world
        # Other renderers may live in this thread: OpenGL has one current context.
        with self._gl:
            return self._draw_color(T_world_camera, clip), self._draw_depth(T_camera_world, clip)

    def close(self) -> None:
        """Free everything that OpenGL holds."""
        with self._gl:
            self._gl.gc()
        self._gl.release()

    def __enter__(self) -> 'WorldRenderer':
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Close."""
        self.close()

    def _prepare(self, world: World) -> None:
        self._parts = [self._load(world.parts[name], material)
                       for name, material in world.materials.items()]
        lights = ordered_lights(world)
        self._surfaces = {shiny: self._program(
            shaders.SURFACE_VERTEX, shaders.surface_fragment(lights, shiny=shiny))
            for shiny in (False, True)}
        self._depth = self._program(shaders.DEPTH_VERTEX, shaders.DEPTH_FRAGMENT)
        self._back = self._program(shaders.SKY_VERTEX, shaders.SKY_FRAGMENT)
        self._drawn = [self._bind(part) for part in self._parts]
        self._sky_vertices = self._gl.vertex_array(self._back, [])
        self._make_targets()
        self._shadows = self._light(lights, world.ambient)

    def _program(self, vertex: str, fragment: str) -> Any:
        return self._gl.program(vertex_shader=vertex, fragment_shader=fragment)

    def _load(self, mesh: Mesh, material: Material) -> '_Part':
        vertices = np.hstack([mesh.vertices, mesh.normals, mesh.uv]).astype(np.float32)
        buffer = self._gl.buffer(vertices.tobytes())
        index = self._gl.buffer(mesh.faces.astype(np.int32).tobytes())
        height, width = material.texture.shape[:2]
        texture = self._gl.texture((width, height), 3, alignment=1, data=np.ascontiguousarray(
            material.texture[::-1]).tobytes())
        texture.build_mipmaps()
        texture.filter = self._gl.LINEAR_MIPMAP_LINEAR, self._gl.LINEAR
        return _Part(mesh.vertices, buffer, index, texture, material)

    def _bind(self, part: '_Part') -> tuple[Any, Any]:
        make, layout = self._gl.vertex_array, [
            (part.buffer, '3f 3f 2f', 'position', 'normal', 'uv')]
        plain = [(part.buffer, '3f 5x4', 'position')]
        return (make(self._surfaces[part.material.shine > 0], layout, index_buffer=part.index),
                make(self._depth, plain, index_buffer=part.index))

    def _make_targets(self) -> None:
        gl, size = self._gl, (self.width, self.height)
        large = round(self.width * SUPERSAMPLE), round(self.height * SUPERSAMPLE)
        self._color = gl.framebuffer([gl.renderbuffer(large, 3)], gl.depth_renderbuffer(large))
        self._metres = gl.framebuffer([gl.renderbuffer(size, 1, dtype='f4')],
                                      gl.depth_renderbuffer(size))

    def _light(self, lights: list[Light], ambient: Sequence[float]) -> Any:
        matrices = self._shadow_matrices(lights)
        values = light_uniforms(lights)
        values['shadow_from_world'] = np.array([m.T for m in matrices], np.float32).tobytes()
        values['ambient'] = np.array(ambient, np.float32).tobytes()
        values['shadows'] = np.array(_SHADOW_UNIT, np.int32).tobytes()
        for surface in self._surfaces.values():
            # A compiler drops what a world without lamps or shadows does not use.
            for name in values.keys() & set(surface):
                surface[name].write(values[name])
        return self._draw_shadows(matrices)

    def _shadow_matrices(self, lights: list[Light]) -> list[NDArray[np.float64]]:
        points = np.concatenate([part.vertices for part in self._parts])
        return [shadow_matrix(light, points) for light in lights if light.shadow]

    def _draw_shadows(self, matrices: list[NDArray[np.float64]]) -> Any:
        gl = self._gl
        texture = gl.depth_texture((SHADOW_PIXELS * max(1, len(matrices)), SHADOW_PIXELS))
        texture.compare_func = '<='
        target = gl.framebuffer(depth_attachment=texture)
        program = self._program(shaders.SHADOW_VERTEX, shaders.SHADOW_FRAGMENT)
        target.use()
        gl.enable_only(gl.DEPTH_TEST)
        gl.polygon_offset = _SHADOW_OFFSET
        target.clear(depth=1.0)
        arrays = [gl.vertex_array(program, [(part.buffer, '3f 5x4', 'position')],
                                  index_buffer=part.index) for part in self._parts]
        for number, matrix in enumerate(matrices):
            target.viewport = (number * SHADOW_PIXELS, 0, SHADOW_PIXELS, SHADOW_PIXELS)
            _write(program, 'clip_from_world', matrix)
            for array in arrays:
                array.render()
        gl.polygon_offset = (0.0, 0.0)
        return texture

    def _draw_color(self, T_world_camera: NDArray[np.float64],
                    clip: NDArray[np.float64]) -> NDArray[np.uint8]:
        self._start(self._color)
        self._draw_sky(clip)
        self._draw_nearest(clip)
        self._shadows.use(_SHADOW_UNIT)
        for surface in self._surfaces.values():
            _write(surface, 'clip_from_world', clip)
            if 'eye' in surface:
                surface['eye'] = tuple(T_world_camera[:3, 3])
        for part, (array, _) in zip(self._parts, self._drawn):
            self._dress(part)
            array.render()
        data = np.frombuffer(self._color.read(components=3, alignment=1), np.uint8)
        large = data.reshape(self._color.height, self._color.width, 3)
        return cv2.resize(large, (self.width, self.height), interpolation=cv2.INTER_AREA)

    def _draw_nearest(self, clip: NDArray[np.float64]) -> None:
        # Depth first, so that each pixel is lit once.
        _write(self._depth, 'clip_from_world', clip)
        self._color.color_mask = False, False, False, False
        for _, array in self._drawn:
            array.render()
        self._color.color_mask = True, True, True, True
        self._gl.depth_func = '=='

    def _dress(self, part: '_Part') -> None:
        surface, material = self._surfaces[part.material.shine > 0], part.material
        part.texture.use(0)
        surface['repeat'], surface['glow'] = part.repeat, material.glow
        if 'shine' in surface:
            surface['shine'] = material.shine

    def _draw_sky(self, clip: NDArray[np.float64]) -> None:
        gl, back = self._gl, self._back
        back['horizon'], back['zenith'] = tuple(self._sky[0]), tuple(self._sky[1])
        # Directions only: the translation of the camera is taken out.
        turned = clip.copy()
        turned[:3, 3] = turned[3, 3] = 0.0
        turned[2] = 0.0, 0.0, 0.0, 1.0
        _write(back, 'world_from_clip', np.linalg.inv(turned))
        gl.disable(gl.DEPTH_TEST | gl.CULL_FACE)
        self._sky_vertices.render(gl.TRIANGLES, vertices=3)
        gl.enable(gl.DEPTH_TEST | gl.CULL_FACE)

    def _draw_depth(self, T_camera_world: NDArray[np.float64],
                    clip: NDArray[np.float64]) -> NDArray[np.float32]:
        self._start(self._metres)
        _write(self._depth, 'clip_from_world', clip)
        self._depth['forward'] = tuple(T_camera_world[2])
        for _, array in self._drawn:
            array.render()
        data = self._metres.read(components=1, dtype='f4', alignment=1)
        return np.frombuffer(data, np.float32).reshape(self.height, self.width).copy()

    def _start(self, target: Any) -> None:
        gl = self._gl
        target.use()
        target.clear(depth=1.0)
        gl.enable_only(gl.DEPTH_TEST | gl.CULL_FACE)
        gl.depth_func = '<'
        # Row 0 of a buffer is the top row here, so triangles wind the other way.
        gl.front_face = 'cw'


class _Part(NamedTuple):
    """The mesh of one material as OpenGL holds it."""

    vertices: NDArray[np.float64]
    buffer: Any
    index: Any
    texture: Any
    material: Material

    @property
    def repeat(self) -> tuple[float, float]:
        """How often the texture repeats in a unit of its coordinates."""
        tile = self.material.tile
        return (1.0, 1.0) if tile is None else (1.0 / tile[0], 1.0 / tile[1])


def open_context() -> Any:
    """
    Open OpenGL 3.3 without a display.

    Raises ConfigError that says what to install.
    """
    import moderngl
    try:
        return moderngl.create_context(standalone=True, backend='egl', require=330)
    except Exception as error:
        raise ConfigError(
            f'Rendering needs off-screen OpenGL 3.3, which failed: {error}. Without a driver of '
            'its own it wants the system packages libegl1 and libgl1-mesa-dri.') from error


def _centred(width: int, height: int, hfov: float) -> NDArray[np.float64]:
    focal = 0.5 * width / np.tan(0.5 * hfov)
    return np.array([[focal, 0.0, 0.5 * (width - 1)], [0.0, focal, 0.5 * (height - 1)],
                     [0.0, 0.0, 1.0]])


def _projection(K: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    # Pixel u covers u - 0.5 .. u + 0.5; v = -0.5 goes to clip -1, the first row of the buffer.
    P = np.zeros((4, 4))
    P[0, :3] = 2.0 * (K[0] + (0.0, 0.0, 0.5)) / width - (0.0, 0.0, 1.0)
    P[1, :3] = 2.0 * (K[1] + (0.0, 0.0, 0.5)) / height - (0.0, 0.0, 1.0)
    P[2, 2:] = (FAR + NEAR) / (FAR - NEAR), -2.0 * FAR * NEAR / (FAR - NEAR)
    P[3, 2] = 1.0
    return P


def _write(program: Any, name: str, matrix: NDArray[np.float64]) -> None:
    program[name].write(np.ascontiguousarray(matrix.T, np.float32).tobytes())
