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

"""What a model file says of itself."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
import json
from pathlib import Path
from typing import Any

from sa4depth_ros.errors import ModelError

METADATA_KEY = 'sa4depth_card'
# Of int8 files: what their Q/DQ nodes are laid out for, 'gpu' (TensorRT) or 'cpu'.
INT8_TARGET_KEY = 'sa4depth_int8_target'
# Beside the card: the SHA-256 of the checkpoint that a file was exported from. Files with the
# same one belong together.
CHECKPOINT_KEY = 'sa4depth_checkpoint'
KINDS = ('depth', 'features', 'align', 'pose')
OUTPUTS = ('metric_depth', 'relative_depth', 'disparity')
LAYOUTS = ('NHWC', 'NCHW')
DTYPES = ('uint8', 'float32')
PRECISIONS = ('fp32', 'fp16', 'int8')


@dataclass(frozen=True)
class ScaleRecord:
    """
    A factor on depth and how it was found, as `sa4depth calibrate` notes it.

    ``scale`` is the whole factor on the model's output, not one on top of another; ``low`` and
    ``high`` hold the true one with 95 % probability (0: unknown). ``reference`` is what it was
    compared with, ``topic`` where that came from, ``date`` that of the recording. ``frame_id`` and
    ``camera`` (size, K, distortion) say of which camera the images were. ``spread`` is the robust
    standard deviation of single measurements as a fraction; ``used`` is their number, ``refused``
    counts the others by cause.
    """

    scale: float
    low: float = 0.0
    high: float = 0.0
    reference: str = ''
    topic: str = ''
    bag: str = ''
    bag_sha256: str = ''
    date: str = ''
    frame_id: str = ''
    camera: str = ''
    spread: float = 0.0
    used: int = 0
    refused: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.scale < float('inf'):
            raise ModelError(f'model card: a scale must be positive, got {self.scale}')

    @classmethod
    def of(cls, values: Any, where: str) -> 'ScaleRecord':
        """Make a record of a mapping, as JSON and YAML hold it; ModelError names a wrong key."""
        if isinstance(values, ScaleRecord):
            return values
        known = [f.name for f in fields(cls)]
        if not isinstance(values, Mapping) or 'scale' not in values or set(values) - set(known):
            raise ModelError(f"model card: expected {where} to be a mapping with the key 'scale' "
                             f"and perhaps others of {', '.join(known)}, got {values!r}")
        return cls(**values)


@dataclass(frozen=True)
class ModelCard:
    """
    The self-description of one model, kept in ONNX metadata or in a YAML file beside it.

    Sizes are pixels of the network input. ``min_depth`` and ``max_depth`` bound the output in
    its own unit, metres for ``metric_depth``. With ``output='disparity'`` depth is
    ``1 / (disparity_scale * y + disparity_shift)``. ``mean`` and ``std`` are in units of
    [0, 1] RGB and used for float32 inputs only; uint8 inputs are normalised in the graph.
    With ``canonical_focal > 0`` (pixels at network input) metric depth is
    ``y * fx / canonical_focal``, fx that of the network input. ``scale`` is a calibrated
    factor on depth and ``calibration`` how it was found; ``cameras`` holds factors that take its
    place for single cameras, by their name in the node or their frame_id.
    ``output_name`` picks one of several outputs, the first when empty.
    ``precision`` is that of the arithmetic in the graph; inputs and outputs are as said above.
    Values that cannot be are ModelErrors.
    """

    name: str
    input_height: int
    input_width: int
    kind: str = 'depth'
    output: str = 'metric_depth'
    input_layout: str = 'NHWC'
    input_dtype: str = 'uint8'
    output_name: str = ''
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    min_depth: float = 0.1
    max_depth: float = 100.0
    disparity_scale: float = 1.0
    disparity_shift: float = 0.0
    canonical_focal: float = 0.0
    scale: float = 1.0
    calibrated: bool = False
    training_data: str = ''
    licence: str = ''
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    notes: str = ''
    precision: str = 'fp32'
    version: str = '1'
    calibration: ScaleRecord | None = None
    cameras: dict[str, ScaleRecord] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.calibration is not None:
            record = ScaleRecord.of(self.calibration, "'calibration'")
            object.__setattr__(self, 'calibration', record)
        if not isinstance(self.cameras, Mapping):
            raise ModelError("model card: expected 'cameras' to map names of cameras to their "
                             f'scales, got {self.cameras!r}')
        object.__setattr__(self, 'cameras', {
            str(name): ScaleRecord.of(values, f"camera '{name}'")
            for name, values in self.cameras.items()})
        object.__setattr__(self, 'mean', tuple(self.mean))
        object.__setattr__(self, 'std', tuple(self.std))
        for name, allowed in (('kind', KINDS), ('output', OUTPUTS),
                              ('input_layout', LAYOUTS), ('input_dtype', DTYPES),
                              ('precision', PRECISIONS)):
            if getattr(self, name) not in allowed:
                raise ModelError(f"model card: '{name}' must be one of {', '.join(allowed)}, "
                                 f"but is '{getattr(self, name)}'")
        self._check_numbers()

    def _check_numbers(self) -> None:
        checks = {
            'input_height and input_width must be positive':
                self.input_height > 0 and self.input_width > 0,
            'mean and std need three numbers each, std positive':
                len(self.mean) == 3 and len(self.std) == 3 and min(self.std) > 0,
            'min_depth and max_depth need 0 < min_depth < max_depth':
                0 < self.min_depth < self.max_depth,
            'scale must be positive': self.scale > 0,
            'canonical_focal must be 0 (unused) or positive': self.canonical_focal >= 0,
        }
        failed = [text for text, good in checks.items() if not good]
        if failed:
            raise ModelError(f"model card of '{self.name}': {'; '.join(failed)}")

    @property
    def unit(self) -> str:
        """Tell the unit of the depth that comes of this model: 'm' or 'relative'."""
        return self.unit_of()

    def unit_of(self, *names: str) -> str:
        """Tell the unit for the camera that goes by these names (its name, its frame_id)."""
        metric = self.output == 'metric_depth' or self.is_calibrated(*names)
        return 'm' if metric else 'relative'

    def scale_of(self, *names: str) -> float:
        """Give the factor on depth of that camera; the first name that is known counts."""
        own = (self.cameras[name].scale for name in names if name in self.cameras)
        return next(own, self.scale)

    def is_calibrated(self, *names: str) -> bool:
        """Tell whether a scale was found for that camera, or for all."""
        return self.calibrated or any(name in self.cameras for name in names)

    def with_scale(self, record: ScaleRecord, camera: str = '') -> 'ModelCard':
        """Give this card with a calibrated scale: of one camera, or without a name of all."""
        if camera:
            return replace(self, cameras={**self.cameras, camera: record})
        return replace(self, scale=record.scale, calibrated=True, calibration=record)

    def to_metadata(self) -> dict[str, str]:
        """Give the card as the key and value that a model file carries."""
        return {METADATA_KEY: json.dumps(asdict(self), sort_keys=True)}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> 'ModelCard':
        """Read the card from a model file's metadata; ModelError when there is none."""
        if METADATA_KEY not in metadata:
            raise ModelError(
                f"the model carries no card (metadata key '{METADATA_KEY}'). For a foreign "
                'model write a YAML card with the same name beside it, see docs/models.md.')
        try:
            values = json.loads(metadata[METADATA_KEY])
        except json.JSONDecodeError as error:
            raise ModelError(f'the card in the model file is not JSON: {error}') from error
        return cls._from_values(values, 'the card in the model file')

    def to_yaml(self, path: Path) -> None:
        """Write the card as YAML."""
        path.write_text(self.to_yaml_text(), encoding='utf-8')

    def to_yaml_text(self) -> str:
        """Give the card as YAML."""
        import yaml
        values = asdict(self) | {'mean': list(self.mean), 'std': list(self.std)}
        return yaml.safe_dump(values, sort_keys=False)

    @classmethod
    def from_yaml(cls, path: Path) -> 'ModelCard':
        """Read a YAML card; ModelError for a wrong or unknown key."""
        import yaml
        try:
            values = yaml.safe_load(path.read_text(encoding='utf-8'))
        except (OSError, yaml.YAMLError) as error:
            raise ModelError(f"cannot read the model card '{path}': {error}") from error
        return cls._from_values(values, f"'{path}', read as the card of the model beside it")

    @classmethod
    def _from_values(cls, values: Any, where: str) -> 'ModelCard':
        if not isinstance(values, dict):
            raise ModelError(f'{where}: expected a mapping of keys, got {type(values).__name__}')
        known = [f.name for f in fields(cls)]
        unknown = sorted(set(values) - set(known))
        missing = sorted({'name', 'input_height', 'input_width'} - set(values))
        if unknown or missing:
            raise ModelError(f'{where}: unknown keys {unknown}, missing keys {missing}. '
                             f"Known keys: {', '.join(known)}")
        try:
            return cls(**values)
        except TypeError as error:
            raise ModelError(f'{where}: a value has the wrong type: {error}') from error
