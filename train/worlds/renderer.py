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

"""MuJoCo as a renderer: a world and a camera pose in, colour and exact z-depth out."""

import os
from types import TracebackType
from typing import Any

import cv2
import numpy as np
from sa4depth_ros.errors import ConfigError
from sa4depth_train.worlds.mesh import Mesh
from sa4depth_train.worlds.world import Light, Material, World

NEAR, FAR = 0.05, 100.0
# Colour is drawn this many times larger and averaged; depth is drawn at one sample a pixel,
# exactly at its centre, which a multi-sampled depth buffer would not be.
SUPERSAMPLE = 2
# MuJoCo wants repetitions a metre of tiled textures in the mesh itself.
PICTURE = (1.0, 1.0)


class WorldRenderer:
    """
    Draws one world with a pinhole camera of square pixels, without a display.

    Pixel centres are at integer coordinates: the image spans -0.5 .. width - 0.5, so that
    cx = (width - 1) / 2. Use it as a context manager.
    """

    def __init__(self, world: World, *, width: int, height: int, hfov: float) -> None:
        """
        Load the world for images of width x height px and ``hfov`` rad across.

        Raises ConfigError when MuJoCo or off-screen OpenGL is missing.
        """
        self.width, self.height = width, height
        focal = 0.5 * width / np.tan(0.5 * hfov)
        self.K = np.array([[focal, 0.0, 0.5 * (width - 1)], [0.0, focal, 0.5 * (height - 1)],
                           [0.0, 0.0, 1.0]])
        self._mujoco = mujoco = import_mujoco()
        self._model = _compiled(mujoco, world, width * SUPERSAMPLE, height * SUPERSAMPLE)
        self._data = mujoco.MjData(self._model)
        mujoco.mj_forward(self._model, self._data)
        self._gl = mujoco.GLContext(width * SUPERSAMPLE, height * SUPERSAMPLE)
        self._gl.make_current()
        self._context = mujoco.MjrContext(self._model, mujoco.mjtFontScale.mjFONTSCALE_100)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._context)
        self._context.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._scene = mujoco.MjvScene(self._model, maxgeom=1000)

    def render(self, T_world_camera: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """
        Draw from a camera pose (4, 4): optical axes (x right, y down, z forward) in world.

        Returns colour uint8 RGB (h, w, 3) and z-depth float32 (h, w) in metres, 0 where the
        ray meets nothing (the sky).
        """
        self._aim(T_world_camera)
        large = self._draw(SUPERSAMPLE, depth=False)
        color = cv2.resize(large, (self.width, self.height), interpolation=cv2.INTER_AREA)
        return color, _metric_depth(self._draw(1, depth=True))

    def close(self) -> None:
        """Free the OpenGL context."""
        self._context.free()
        self._gl.free()

    def __enter__(self) -> 'WorldRenderer':
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        """Close."""
        self.close()

    def _aim(self, T_world_camera: np.ndarray) -> None:
        mujoco = self._mujoco
        mujoco.mjv_updateScene(self._model, self._data, mujoco.MjvOption(), None,
                               mujoco.MjvCamera(), mujoco.mjtCatBit.mjCAT_ALL, self._scene)
        half_height = NEAR * 0.5 * self.height / self.K[1, 1]
        for camera in self._scene.camera:
            camera.pos = T_world_camera[:3, 3]
            camera.forward = T_world_camera[:3, 2]
            camera.up = -T_world_camera[:3, 1]
            camera.frustum_center = camera.frustum_width = 0.0
            camera.frustum_bottom, camera.frustum_top = -half_height, half_height
            camera.frustum_near, camera.frustum_far = NEAR, FAR

    def _draw(self, factor: int, *, depth: bool) -> np.ndarray:
        mujoco = self._mujoco
        width, height = self.width * factor, self.height * factor
        area = mujoco.MjrRect(0, 0, width, height)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = not depth
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = not depth
        self._gl.make_current()
        mujoco.mjr_render(area, self._scene, self._context)
        if depth:
            image = np.empty((height, width), np.float32)
            mujoco.mjr_readPixels(None, image, area, self._context)
        else:
            image = np.empty((height, width, 3), np.uint8)
            mujoco.mjr_readPixels(image, None, area, self._context)
        return np.ascontiguousarray(image[::-1])


def import_mujoco() -> Any:
    """
    Import MuJoCo for drawing without a display (EGL unless MUJOCO_GL says otherwise).

    Raises ConfigError that says what to install.
    """
    os.environ.setdefault('MUJOCO_GL', 'egl')
    if os.environ['MUJOCO_GL'] == 'egl':
        os.environ.setdefault('PYOPENGL_PLATFORM', 'egl')
    try:
        import mujoco
        _ = mujoco.GLContext  # chosen, and imported, by the first look at it
    except ModuleNotFoundError:
        raise  # the command line names the extra to install
    except (ImportError, AttributeError, RuntimeError) as error:
        raise ConfigError(
            f'Rendering needs MuJoCo with MUJOCO_GL={os.environ["MUJOCO_GL"]}, which failed: '
            f'{error}. It wants PyOpenGL 3.1.7 or newer and the system packages libegl1 and '
            'libgl1-mesa-dri.') from error
    return mujoco


def _metric_depth(buffer: np.ndarray) -> np.ndarray:
    # MuJoCo's reversed depth buffer holds 1 at the near and 0 at the far plane:
    # b = near (far - z) / (z (far - near)), solved for z.
    b = buffer.astype(np.float64)
    z = NEAR * FAR / (NEAR + b * (FAR - NEAR))
    return np.where(b > 0, z, 0.0).astype(np.float32)


def _compiled(mujoco: Any, world: World, width: int, height: int) -> Any:
    spec = mujoco.MjSpec()
    # Near and far planes are given in units of the extent.
    spec.stat.extent = 1.0
    spec.visual.map.znear, spec.visual.map.zfar = NEAR, FAR
    spec.visual.map.shadowclip, spec.visual.map.shadowscale = 6.0, 0.9
    spec.visual.quality.shadowsize, spec.visual.quality.offsamples = 4096, 0
    spec.visual.global_.offwidth = width
    spec.visual.global_.offheight = height
    spec.visual.headlight.ambient = world.ambient
    spec.visual.headlight.diffuse = spec.visual.headlight.specular = (0.0, 0.0, 0.0)
    spec.add_texture(name='sky', type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
                     builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT, rgb1=world.sky[0],
                     rgb2=world.sky[1], width=256, height=1536)
    for name, material in world.materials.items():
        _add_material(mujoco, spec, name, material)
        _add_mesh(mujoco, spec, name, world.parts[name], material)
    for light in world.lights:
        _add_light(mujoco, spec, light)
    return spec.compile()


def _add_material(mujoco: Any, spec: Any, name: str, material: Material) -> None:
    height, width = material.texture.shape[:2]
    texture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width,
                               height=height, nchannel=3)
    texture.data = np.ascontiguousarray(material.texture[::-1]).tobytes()
    added = spec.add_material(name=name, specular=material.shine, shininess=0.5,
                              emission=material.glow)
    textures = added.textures
    textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    added.textures = textures


def _add_mesh(mujoco: Any, spec: Any, name: str, mesh: Mesh, material: Material) -> None:
    scale = PICTURE if material.tile is None else (1 / material.tile[0], 1 / material.tile[1])
    faces = mesh.faces.astype(np.int32).ravel()
    added = spec.add_mesh(name=name, inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL)
    added.uservert = mesh.vertices.astype(np.float32).ravel()
    added.usernormal = mesh.normals.astype(np.float32).ravel()
    added.usertexcoord = (mesh.uv * scale).astype(np.float32).ravel()
    added.userface = added.userfacenormal = added.userfacetexcoord = faces
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=name,
                            contype=0, conaffinity=0)


def _add_light(mujoco: Any, spec: Any, light: Light) -> None:
    kind = mujoco.mjtLightType
    spec.worldbody.add_light(
        pos=light.position, dir=light.direction, diffuse=light.color, ambient=(0, 0, 0),
        specular=[0.4 * value for value in light.color], castshadow=light.shadow,
        cutoff=light.cutoff, exponent=1.0 if not light.directional else 0.0,
        type=kind.mjLIGHT_DIRECTIONAL if light.directional else kind.mjLIGHT_SPOT)
