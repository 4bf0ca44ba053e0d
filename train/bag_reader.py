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

"""The messages of a bag, read safely by several processes."""

from collections.abc import Iterator
import os
from pathlib import Path
from typing import Any

from rosbags.highlevel import AnyReader, AnyReaderError
from rosbags.typesys import get_typestore, Stores
from sa4depth_ros.errors import BagError


class BagReader:
    """
    A ROS 1 ``.bag`` file or a rosbag2 folder (sqlite3 or mcap), opened when first read.

    Each process opens the files anew: after a fork two processes would otherwise move one
    file position. Raises BagError when the bag cannot be read.
    """

    def __init__(self, path: Path) -> None:
        must_exist(path)
        self.path = path
        self._open: dict[int, AnyReader] = {}

    def types(self) -> dict[str, str]:
        """Give topic -> message type (ROS 2 names, also for ROS 1 bags)."""
        return {c.topic: c.msgtype for c in self._reader.connections}

    def messages(
        self, topic: str | None, start: int | None = None, stop: int | None = None,
    ) -> Iterator[tuple[int, Any]]:
        """Yield record time [ns] and message of a topic, from ``start`` to before ``stop``."""
        reader = self._reader
        connections = [c for c in reader.connections if c.topic == topic]
        if connections:
            for connection, time, raw in reader.messages(connections, start, stop):
                yield time, reader.deserialize(raw, connection.msgtype)

    def close(self) -> None:
        """Close the files that this process has opened; reading opens them again."""
        reader = self._open.pop(os.getpid(), None)
        if reader is not None:
            reader.close()

    @property
    def _reader(self) -> AnyReader:
        # Readers of other processes stay in the table: closing them is not ours to do.
        reader = self._open.get(os.getpid())
        if reader is None:
            reader = self._open[os.getpid()] = _opened(self.path)
        return reader

    def __getstate__(self) -> dict[str, Any]:
        """Leave open files behind when sent to another process."""
        return {'path': self.path, '_open': {}}


def must_exist(path: Path) -> None:
    """Raise BagError when there is nothing at ``path``."""
    if not path.exists():
        raise BagError(f"expected a bag at '{path}', but there is nothing")


def _opened(path: Path) -> AnyReader:
    if path.is_file() and path.suffix in ('.mcap', '.db3') and (
            path.parent / 'metadata.yaml').is_file():
        path = path.parent
    try:
        reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
        reader.open()
    except (AnyReaderError, OSError) as error:
        raise BagError(f"cannot read '{path}' as a bag: {error}. Expected a ROS 1 .bag file or a "
                       'rosbag2 folder with metadata.yaml') from error
    return reader
