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

"""One camera image in, one depth image out, with any backend."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError, FrameError, ModelError
from sa4depth_ros.model_card import ModelCard
from sa4depth_ros.runtime.camera_model import CameraModel, Matrix, scaled_intrinsics
from sa4depth_ros.runtime.engines import open_engine
from sa4depth_ros.runtime.postprocess import DepthSettings, finish, to_depth
from sa4depth_ros.runtime.preprocess import FrameGeometry, Preprocessor, resize

__all__ = ['OUTPUT_SIZES', 'DepthEstimator', 'DepthFrame', 'DepthSettings']

OUTPUT_SIZES = ('image', 'model')
_SMALLEST_SIDE = 16


@dataclass
class DepthFrame:
    """
    Depth of one image: ``depth`` (h, w) float32 along the optical axis, REP 117 invalids.

    ``unit`` is 'm' or 'relative'. ``K`` (3x3) is of these pixels, which are rectified; None
    when the camera is uncalibrated. ``timings`` are seconds for preprocess, engine and
    postprocess.
    """

    depth: NDArray[np.float32]
    unit: str
    K: Matrix | None
    timings: dict[str, float]
    _rgb: NDArray[np.uint8] = field(repr=False)
    _geometry: FrameGeometry = field(repr=False)
    _color: NDArray[np.uint8] | None = field(default=None, repr=False)

    def color(self) -> NDArray[np.uint8]:
        """Give the image (h, w, 3) uint8 RGB on the pixels of ``depth``, made when asked."""
        if self._color is None:
            rgb = self._geometry.rectify(self._rgb)
            size = (self.depth.shape[1], self.depth.shape[0])
            self._color = rgb if rgb.shape[1::-1] == size else resize(rgb, size)
        return self._color


class DepthEstimator:
    """
    A depth model with its card, engine and pre- and postprocessing.

    ``settings`` may be assigned at any time and holds from the next frame on. Not for use by
    several threads at once.
    """

    def __init__(
        self, model: Path, *, backend: str = 'auto', threads: int = 0,
        output_size: str = 'image', rectify: bool = True,
    ) -> None:
        """
        Load ``model`` (an ONNX file, or a checkpoint for backend torch).

        ``output_size`` 'image' gives depth at the size of the image, 'model' at that of the
        network. ``rectify`` false says that images come rectified (image_proc's image_rect),
        so that P alone holds for them. Raises ModelError or ConfigError.
        """
        if output_size not in OUTPUT_SIZES:
            raise ConfigError(f"output_size must be one of {', '.join(OUTPUT_SIZES)}, "
                              f"got '{output_size}'")
        self.engine = open_engine(model, backend, threads=threads)
        self.card = _card_of(model, self.engine.metadata)
        self.settings = DepthSettings()
        self._full_size = output_size == 'image'
        self._rectify = rectify
        self._preprocess = Preprocessor(self.card.input_height, self.card.input_width)
        _check_input(self.card, self.engine.input_shape, self.engine.input_dtype)
        self._warm_up()

    def estimate(self, rgb: NDArray[np.uint8], camera: CameraModel | None) -> DepthFrame:
        """
        Give the depth of ``rgb`` (h, w, 3) uint8 taken by ``camera`` (None: uncalibrated).

        Raises FrameError when the two do not fit, ModelError when the engine fails.
        """
        _check_image(rgb, camera)
        if camera is not None and not self._rectify:
            camera = camera.as_rectified()
        start = perf_counter()
        image, geometry = self._preprocess(rgb, camera)
        tensor = _tensor(image, self.card)
        ready = perf_counter()
        output = self.engine.infer(tensor, self.card.output_name)
        inferred = perf_counter()
        depth = self._depth(output, geometry, self._settings_for(geometry))
        timings = {'preprocess': ready - start, 'engine': inferred - ready,
                   'postprocess': perf_counter() - inferred}
        return DepthFrame(depth, self._unit(geometry), self._matrix(geometry), timings,
                          rgb, geometry)

    def close(self) -> None:
        """Free the engine."""
        self.engine.close()

    def _depth(
        self, output: NDArray[np.float32], geometry: FrameGeometry, settings: DepthSettings,
    ) -> NDArray[np.float32]:
        factor = settings.scale * self.card.scale
        if self.card.canonical_focal > 0 and geometry.K_network is not None:
            factor *= float(geometry.K_network[0, 0]) / self.card.canonical_focal
        depth = to_depth(output, self.card, factor)
        size = (self.card.input_width, self.card.input_height)
        if depth.shape != size[::-1]:
            depth = cv2.resize(depth, size)  # type: ignore[assignment]
        return finish(depth, geometry, settings, self._full_size)

    def _settings_for(self, geometry: FrameGeometry) -> DepthSettings:
        # Limits are metres; what has no metric scale could lie anywhere.
        if self._unit(geometry) == 'm':
            return self.settings
        return replace(self.settings, min_depth=0.0, max_depth=float('inf'))

    def _unit(self, geometry: FrameGeometry) -> str:
        # Without a focal length a canonical depth cannot be brought to metres.
        unknown = self.card.canonical_focal > 0 and geometry.camera is None
        return 'relative' if unknown else self.card.unit

    def _matrix(self, geometry: FrameGeometry) -> Matrix | None:
        if geometry.camera is None:
            return None
        ratios = (1.0, 1.0) if self._full_size else geometry.ratios
        return scaled_intrinsics(geometry.camera.P, ratios)

    def _warm_up(self) -> None:
        # The first run allocates and tunes; it also shows a model that cannot run at all.
        blank = np.zeros((self.card.input_height, self.card.input_width, 3), dtype=np.uint8)
        self.engine.infer(_tensor(blank, self.card), self.card.output_name)


def _card_of(model: Path, metadata: Any) -> ModelCard:
    beside = model.with_suffix('.yaml')
    card = ModelCard.from_yaml(beside) if beside.is_file() else ModelCard.from_metadata(metadata)
    if card.kind != 'depth':
        raise ModelError(f"'{model}' is a model of kind '{card.kind}', expected 'depth'")
    return card


def _check_input(card: ModelCard, shape: tuple[int, ...], dtype: 'np.dtype[Any]') -> None:
    height, width = card.input_height, card.input_width
    expected = (1, height, width, 3) if card.input_layout == 'NHWC' else (1, 3, height, width)
    fits = all(have in (-1, want) for have, want in zip(shape, expected))
    if not fits or len(shape) != 4 or dtype != np.dtype(card.input_dtype):
        raise ModelError(
            f"the card of '{card.name}' says input {card.input_dtype} {expected}, the model file "
            f'says {dtype} {shape} (-1 is free); correct the card')


def _check_image(rgb: NDArray[np.uint8], camera: CameraModel | None) -> None:
    if rgb.ndim != 3 or rgb.shape[2] != 3 or rgb.dtype != np.uint8:
        raise FrameError(f'expected an image (h, w, 3) of uint8, got {rgb.shape} of {rgb.dtype}',
                         'size')
    if min(rgb.shape[:2]) < _SMALLEST_SIDE:
        raise FrameError(f'expected an image of at least {_SMALLEST_SIDE} pixels a side, got '
                         f'{rgb.shape[1]}x{rgb.shape[0]}', 'size')
    if camera is not None and (camera.height, camera.width) != rgb.shape[:2]:
        raise FrameError(f'the camera model is for {camera.width}x{camera.height}, the image is '
                         f'{rgb.shape[1]}x{rgb.shape[0]}', 'camera_info_size')


def _tensor(image: NDArray[np.uint8], card: ModelCard) -> NDArray[Any]:
    tensor: NDArray[Any] = image
    if card.input_dtype == 'float32':
        # One multiply-add per channel: (x / 255 - mean) / std.
        std = np.asarray(card.std, dtype=np.float32)
        tensor = image * (1 / (255 * std)) - np.asarray(card.mean, dtype=np.float32) / std
    if card.input_layout == 'NCHW':
        tensor = tensor.transpose(2, 0, 1)
    return np.ascontiguousarray(tensor[None])
