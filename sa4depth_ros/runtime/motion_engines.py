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

"""The motion networks of a robot, in ONNX Runtime: features, alignment, first guess."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sa4depth_ros.errors import ModelError
from sa4depth_ros.model_card import CHECKPOINT_KEY, ModelCard
from sa4depth_ros.runtime.engines.onnx_session import OnnxSession

Array = NDArray[Any]


@dataclass(frozen=True)
class Alignment:
    """
    A motion between two frames and how well it fits; docs/models.md defines each number.

    ``T_target2source`` (4, 4) and ``information`` (6, 6), of the left twist [v, w], are float64.
    Where it ``failed`` the motion is the first guess, and the numbers judge that.
    """

    T_target2source: NDArray[np.float64]
    information: NDArray[np.float64]
    variance: float
    inlier_ratio: float
    overlap: float
    flow: float
    cost_before: float
    cost_after: float
    failed: bool


_OUTPUTS = [entry.name for entry in fields(Alignment)]
_NEEDED = {
    'features': {'image', 'gradient'},
    'align': {'target_gradient', 'depth', 'seen', 'K', 'T_initial', 'depth_sigma', 'relief_sigma',
              *_OUTPUTS},
    'pose': {'first', 'second', 'T_first2second'}}


class MotionEngines:
    """
    The three motion files of one export, loaded.

    ``card`` is that of the features, ``size`` (width, height) that of all images and maps;
    ``has_guess`` tells whether there is a PoseNet. All methods raise ModelError, or DeviceError
    when the device itself fails.
    """

    def __init__(
        self, model: Path, *, threads: int = 0, provider: str = 'CPUExecutionProvider',
    ) -> None:
        """
        Load the files beside ``model``: mine.onnx, or any of mine.{features,align,pose}.onnx.

        ``threads`` is the number of CPU threads inside one inference, 0 for one per core;
        ``provider`` is ONNX Runtime's name. Only the file of the kind pose may be missing.
        Raises ModelError for missing or damaged files and for such as do not belong together.
        """
        files = _motion_files(model)
        missing = [str(files[kind]) for kind in ('features', 'align') if not files[kind].is_file()]
        if missing:
            raise ModelError(
                f'expected the motion files of this model, but there is no {", ".join(missing)}; '
                'export them from a checkpoint that was trained with motion: '
                'sa4depth export --checkpoint best.safetensors --output mine.onnx')
        sessions = {kind: OnnxSession(path, provider, threads=threads)
                    for kind, path in files.items() if path.is_file()}
        self.card = _checked(sessions, files)
        self.size = self.card.input_width, self.card.input_height
        self.has_guess = 'pose' in sessions
        self._sessions = sessions
        self._maps = list(sessions['features'].outputs)
        # What the alignment needs of a frame, by the name that it has there.
        self._of = {role: [(name, f'{role}_{name}') for name in self._maps
                           if f'{role}_{name}' in sessions['align'].inputs]
                    for role in ('target', 'source')}

    def features(self, image: NDArray[np.uint8]) -> Mapping[str, Array]:
        """Give the maps of ``image`` (H, W, 3) RGB, which `align` takes as they are."""
        found = self._sessions['features'].run({'image': image[None]})
        return dict(zip(self._maps, found))

    def align(
        self, target: Mapping[str, Array], source: Mapping[str, Array],
        depth: NDArray[np.float32], seen: NDArray[np.float32], K: Array, T_initial: Array,
        depth_sigma: float, relief_sigma: float,
    ) -> Alignment:
        """
        Refine ``T_initial`` (4, 4) = T_target2source by the features of both frames.

        ``depth`` (H, W) is that of the target, 0 or no number where it is unknown, in the unit
        of the translations; ``seen`` (H, W) is 1 where frames show the world, 0 in the
        letterbox; ``K`` (3, 3) is of the network input. ``depth_sigma``, ``relief_sigma``:
        relative standard deviation of the depth of a point, 0 where it is exact, for the whole
        motion and for a last correction of its turn and direction.
        """
        feed = {name: target[key] for key, name in self._of['target']}
        feed |= {name: source[key] for key, name in self._of['source']}
        feed['depth'], feed['seen'] = _float32(depth)[None, None], _float32(seen)[None, None]
        feed['K'], feed['T_initial'] = _float32(K)[None], _float32(T_initial)[None]
        feed['depth_sigma'] = np.array([depth_sigma], np.float32)
        feed['relief_sigma'] = np.array([relief_sigma], np.float32)
        T, information, *others, failed = self._sessions['align'].run(feed, _OUTPUTS)
        variance, inliers, overlap, flow, before, after = (float(other[0]) for other in others)
        return Alignment(T[0].astype(np.float64), information[0].astype(np.float64), variance,
                         inliers, overlap, flow, before, after, bool(failed[0]))

    def guess(
        self, first: NDArray[np.uint8], second: NDArray[np.uint8],
    ) -> NDArray[np.float64]:
        """Give PoseNet's T_first2second (4, 4) of two images (H, W, 3), the earlier one first."""
        if not self.has_guess:
            raise ModelError('there is no first guess: the model has no file *.pose.onnx')
        feed = {'first': first[None], 'second': second[None]}
        (T,) = self._sessions['pose'].run(feed, ['T_first2second'])
        return np.asarray(T[0], np.float64)

    def close(self) -> None:
        """Free the networks; nothing runs afterwards."""
        for session in self._sessions.values():
            session.close()


def _motion_files(model: Path) -> dict[str, Path]:
    """Name the files, by kind, that belong to a depth model or to one of themselves."""
    own = Path(model.stem)
    base = model.with_name(own.stem + model.suffix) if own.suffix[1:] in _NEEDED else model
    return {kind: base.with_suffix(f'.{kind}.onnx') for kind in _NEEDED}


def _float32(values: Array) -> NDArray[np.float32]:
    return np.ascontiguousarray(values, np.float32)


def _checked(sessions: Mapping[str, OnnxSession], files: Mapping[str, Path]) -> ModelCard:
    """Give the card of the features, once all files are what they should be and belong to it."""
    cards = {kind: _card(session, kind, files[kind]) for kind, session in sessions.items()}
    card, origin = cards['features'], sessions['features'].metadata.get(CHECKPOINT_KEY)
    for kind, session in sessions.items():
        size = cards[kind].input_width, cards[kind].input_height
        if session.metadata.get(CHECKPOINT_KEY) != origin or size != (
                card.input_width, card.input_height):
            raise ModelError(f"'{files[kind]}' and '{files['features']}' are not of one export; "
                             'run sa4depth export once more, or copy all files of one model')
    return card


def _card(session: OnnxSession, kind: str, path: Path) -> ModelCard:
    card = ModelCard.from_metadata(session.metadata)
    if card.kind != kind:
        raise ModelError(f"expected a file of the kind '{kind}' at '{path}', got '{card.kind}'")
    lacking = _NEEDED[kind] - {*session.inputs, *session.outputs}
    if lacking:
        raise ModelError(f"'{path}' lacks {', '.join(sorted(lacking))}; export it once more")
    return card
