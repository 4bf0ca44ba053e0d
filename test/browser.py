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

"""A headless Chromium that tests can open pages in and ask what they see."""

import base64
import json
import os
from pathlib import Path
import select
import subprocess
from typing import Any

# The page is ours and lies on the disk: no sandbox is needed, which root would not get, and
# nothing may be looked for on the network.
FLAGS = (
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
    '--disable-dev-shm-usage', '--remote-debugging-pipe',
    # A picture of the whole page has none, and all lies elsewhere then.
    '--hide-scrollbars')
# The pipe of the DevTools protocol is 3 and 4; what Chromium prints goes elsewhere.
SHELL = 'exec "$@" 3<&0 4>&1 0</dev/null 1>&2'
PATIENCE = 240


class Browser:
    """Speaks the DevTools protocol, https://chromedevtools.github.io/devtools-protocol/."""

    def __init__(self, profile: Path) -> None:
        self._log = profile / 'stderr.txt'
        self._rest = b''
        self._last = 0
        self._session: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        with self._log.open('wb') as log:
            self._process = subprocess.Popen(
                ['sh', '-c', SHELL, 'sh', 'chromium', *FLAGS,
                 f'--user-data-dir={profile / "profile"}', 'about:blank'],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)

    def __enter__(self) -> 'Browser':
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        self._session = {'sessionId': session}
        for domain in ('Page', 'Network', 'Runtime', 'Log'):
            self.call(f'{domain}.enable')
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask for something and give the answer; events that come before it are kept."""
        self._last += 1
        message = {'id': self._last, 'method': method, 'params': parameters, **self._session}
        self._process.stdin.write(json.dumps(message).encode() + b'\0')
        self._process.stdin.flush()
        while True:
            answer = self._read()
            if answer.get('id') == self._last:
                assert 'error' not in answer, f'{method}: {answer["error"]}'
                return answer['result']

    def show(self, page: Path) -> None:
        """Show a file, and wait until it and its pictures are loaded."""
        self.events.clear()
        self.call('Page.navigate', url=page.resolve().as_uri())
        while not any(event['method'] == 'Page.loadEventFired' for event in self.events):
            self._read()

    def ask(self, expression: str) -> Any:
        """Give the value of a JavaScript expression; a promise is waited for."""
        answer = self.call('Runtime.evaluate', expression=expression, returnByValue=True,
                           awaitPromise=True)
        assert 'exceptionDetails' not in answer, answer['exceptionDetails']
        return answer['result']['value']

    def resize(self, width: int, height: int) -> None:
        """Make the window so many pixels large."""
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def screenshot(self) -> bytes:
        """Give all of the page, what would have to be scrolled to as well, as PNG."""
        answer = self.call('Page.captureScreenshot', captureBeyondViewport=True)
        return base64.b64decode(answer['data'])

    def _read(self) -> dict[str, Any]:
        source = self._process.stdout.fileno()
        while b'\0' not in self._rest:
            ready, _, _ = select.select([source], [], [], PATIENCE)
            data = os.read(source, 1 << 20) if ready else b''
            assert data, f'chromium says nothing more: {self._log.read_text()[-2000:]}'
            self._rest += data
        message, _, self._rest = self._rest.partition(b'\0')
        answer: dict[str, Any] = json.loads(message)
        if 'method' in answer:
            self.events.append(answer)
        return answer
