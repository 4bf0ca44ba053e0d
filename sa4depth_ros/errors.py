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

"""All errors that the package raises on purpose."""


class Sa4DepthError(Exception):
    """Root of every error of this package; its message is meant for the user."""


class ConfigError(Sa4DepthError):
    """A parameter, option or configuration file says something impossible."""


class ModelError(Sa4DepthError):
    """A model file, its card or the engine that runs it cannot be used."""


class BackendMissingError(ModelError):
    """A backend has no package or no device on this machine; nothing is broken."""


class DeviceError(ModelError):
    """The device that runs the model fails: lost, out of memory, a kernel that ends in error."""


class BagError(Sa4DepthError):
    """A recording cannot be read, or lacks what the task needs."""


class CalibrationError(Sa4DepthError):
    """The metric scale does not follow from what was seen: too little, or contradictory."""


class FrameError(Sa4DepthError):
    """
    One image or its calibration is refused; the next one may be fine.

    ``cause`` is a short slug under which such frames are counted in diagnostics.
    """

    def __init__(self, message: str, cause: str) -> None:
        super().__init__(message)
        self.cause = cause
