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

"""Camera images in, depth images out, with any backend."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ConfigError
from sa4depth_ros.runtime.batch_size import best_batch
from sa4depth_ros.runtime.camera_model import CameraModel, Matrix, scaled_intrinsics
from sa4depth_ros.runtime.engines import EngineOptions, open_engine
from sa4depth_ros.runtime.model_input import card_of, check_input, make_probe, to_tensor
from sa4depth_ros.runtime.postprocess import DepthSettings, finish, to_depth
from sa4depth_ros.runtime.preprocess import check_image, FrameGeometry, Preprocessor, resize

__all__ = ['OUTPUT_SIZES', 'DepthEstimator', 'DepthFrame', 'DepthSettings', 'PreparedFrame']

OUTPUT_SIZES = ('image', 'model')
_UNLIMITED = DepthSettings(min_depth=0.0, max_depth=float('inf'))


@dataclass
class DepthFrame:
    """
    Depth of one image: ``depth`` (h, w) float32 along the optical axis, REP 117 invalids.

    ``unit`` is 'm' or 'relative'. ``K`` (3x3) is of these pixels, which are rectified; None
    when the camera is uncalibrated. ``timings`` are seconds for preprocess, engine and
    postprocess. ``scale`` is the factor of card and settings that is in ``depth``.
    """

    depth: NDArray[np.float32]
    unit: str
    K: Matrix | None
    timings: dict[str, float]
    _rgb: NDArray[np.uint8] = field(repr=False)
    geometry: FrameGeometry = field(repr=False)
    scale: float = 1.0
    _model_depth: Callable[[], NDArray[np.float32]] | None = field(default=None, repr=False)
    _color: NDArray[np.uint8] | None = field(default=None, repr=False)

    def color(self) -> NDArray[np.uint8]:
        """Give the image (h, w, 3) uint8 RGB on the pixels of ``depth``, made when asked."""
        if self._color is None:
            rgb = self.geometry.rectify(self._rgb)
            size = (self.depth.shape[1], self.depth.shape[0])
            self._color = rgb if rgb.shape[1::-1] == size else resize(rgb, size)
        return self._color

    def model_depth(self) -> NDArray[np.float32]:
        """
        Make the depth of the model alone, (h, w) on the pixels of the rectified image.

        No factor of card or settings is in it, and no limits cut it; NaN where there is none.
        """
        assert self._model_depth is not None
        return self._model_depth()


@dataclass(frozen=True, eq=False)
class PreparedFrame:
    """
    One image that is ready for the engine, and what is needed to make depth of its answer.

    ``tensor`` (1, ...) is the network input of ``rgb``, ``seconds`` what it took to make it.
    ``names`` are those of its camera, which may have a scale of its own in the card.
    """

    tensor: NDArray[Any]
    rgb: NDArray[np.uint8]
    geometry: FrameGeometry
    settings: DepthSettings
    seconds: float
    names: tuple[str, ...] = ()


class DepthEstimator:
    """
    A depth model with its card, engine and pre- and postprocessing, for one or more cameras.

    ``settings`` may be assigned at any time and holds from the next frame on, and so may ``card``,
    with another scale. Not for use by several threads at once.
    """

    def __init__(
        self, model: Path, *, backend: str = 'auto',
        options: EngineOptions = EngineOptions(),  # noqa: B008
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
        if options.probe is None:
            options = replace(
                options, probe=lambda metadata: make_probe(card_of(model, metadata)))
        self.engine = open_engine(model, backend, options)
        self.card = card_of(model, self.engine.metadata)
        self.settings = DepthSettings()
        self._full_size = output_size == 'image'
        self._rectify = rectify
        self._preprocessors: dict[str, Preprocessor] = {}
        check_input(self.card, self.engine)
        self._most = self._best_batch(options)
        self._timed = self.engine.name

    @property
    def batch(self) -> int:
        """Tell how many frames go into one inference."""
        # A backend that took over from a lost device was not timed: one by one is never slow.
        return min(self._most, self.engine.max_batch) if self.engine.name == self._timed else 1

    def estimate(self, rgb: NDArray[np.uint8], camera: CameraModel | None) -> DepthFrame:
        """
        Give the depth of ``rgb`` (h, w, 3) uint8 taken by ``camera`` (None: uncalibrated).

        Raises FrameError when the two do not fit, ModelError when the engine fails.
        """
        return self.infer([self.prepare(rgb, camera)])[0]

    def prepare(
        self, rgb: NDArray[np.uint8], camera: CameraModel | None,
        settings: DepthSettings | None = None, stream: str = '', frame_id: str = '',
    ) -> PreparedFrame:
        """
        Make the network input of ``rgb`` (h, w, 3) uint8, for ``infer``.

        ``settings`` are of this frame, None for those of the estimator. Frames of one camera
        have one ``stream`` name, so that the maps of its lens are made once. By that name, or by
        ``frame_id``, the card may hold a scale of this camera. Raises FrameError when image and
        camera do not fit.
        """
        check_image(rgb, camera)
        start = perf_counter()
        if camera is not None and not self._rectify:
            camera = camera.as_rectified()
        if stream not in self._preprocessors:
            self._preprocessors[stream] = Preprocessor(
                self.card.input_height, self.card.input_width)
        image, geometry = self._preprocessors[stream](rgb, camera)
        tensor = to_tensor(image, self.card)
        return PreparedFrame(tensor, rgb, geometry, settings or self.settings,
                             perf_counter() - start, (stream, frame_id))

    def infer(self, frames: Sequence[PreparedFrame]) -> list[DepthFrame]:
        """
        Give the depth of each frame, up to ``batch`` of them in one inference.

        Raises ModelError when the engine fails; then there is no depth of any of them.
        """
        return list(self.infer_each(frames))

    def infer_each(self, frames: Sequence[PreparedFrame]) -> Iterator[DepthFrame]:
        """Do as ``infer``, but give the depth of each frame as soon as it is there."""
        rest = list(frames)
        while rest:
            together, rest = rest[:self.batch], rest[self.batch:]
            yield from self._infer_together(together)

    def close(self) -> None:
        """Free the engine."""
        self.engine.close()

    def _infer_together(self, frames: Sequence[PreparedFrame]) -> Iterator[DepthFrame]:
        start = perf_counter()
        tensors = [frame.tensor for frame in frames]
        tensor = tensors[0] if len(tensors) == 1 else np.concatenate(tensors)
        maps = self.engine.infer(tensor, self.card.output_name)
        engine = perf_counter() - start
        for frame, output in zip(frames, maps):
            yield self._finished(frame, output, engine)

    def _finished(
        self, frame: PreparedFrame, output: NDArray[np.float32], engine: float,
    ) -> DepthFrame:
        start = perf_counter()
        settings = self._settings(frame)
        depth = self._depth(output, frame.geometry, settings, self._full_size)
        timings = {'preprocess': frame.seconds, 'engine': engine,
                   'postprocess': perf_counter() - start}
        return DepthFrame(
            depth, self._unit(frame), self._matrix(frame.geometry), timings, frame.rgb,
            frame.geometry, settings.scale,
            partial(self._depth, output, frame.geometry, _UNLIMITED, True))

    def _depth(
        self, output: NDArray[np.float32], geometry: FrameGeometry, settings: DepthSettings,
        full_size: bool,
    ) -> NDArray[np.float32]:
        factor = settings.scale
        if self.card.canonical_focal > 0 and geometry.K_network is not None:
            factor *= float(geometry.K_network[0, 0]) / self.card.canonical_focal
        depth = to_depth(output, self.card, factor)
        size = (self.card.input_width, self.card.input_height)
        if depth.shape != size[::-1]:
            depth = cv2.resize(depth, size)  # type: ignore[assignment]
        return finish(depth, geometry, settings, full_size)

    def _settings(self, frame: PreparedFrame) -> DepthSettings:
        scale = frame.settings.scale * self.card.scale_of(*frame.names)
        # Limits are metres; what has no metric scale could lie anywhere.
        if self._unit(frame) == 'm':
            return replace(frame.settings, scale=scale)
        return replace(frame.settings, scale=scale, min_depth=0.0, max_depth=float('inf'))

    def _unit(self, frame: PreparedFrame) -> str:
        # Without a focal length a canonical depth cannot be brought to metres.
        unknown = self.card.canonical_focal > 0 and frame.geometry.camera is None
        return 'relative' if unknown else self.card.unit_of(*frame.names)

    def _matrix(self, geometry: FrameGeometry) -> Matrix | None:
        if geometry.camera is None:
            return None
        ratios = (1.0, 1.0) if self._full_size else geometry.ratios
        return scaled_intrinsics(geometry.camera.P, ratios)

    def _best_batch(self, options: EngineOptions) -> int:
        size = (self.card.input_height, self.card.input_width)
        blank = to_tensor(np.zeros((*size, 3), dtype=np.uint8), self.card)
        return best_batch(
            self.engine, blank, self.card.output_name, options.batch, options.report)
