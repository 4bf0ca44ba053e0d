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

"""The page of `sa4depth evaluate --html`, opened in a real browser."""

from browser import Browser
import cv2
import numpy as np
import pytest
from sa4depth_ros.cli.main import main
from walk_bag import HEIGHT, WIDTH, write_walk

torch = pytest.importorskip('torch')

# What is drawn as predicted, scaled (and refined), and of depth alone; see error_plots and plots.
ORANGE, BLUE, GREEN = (217, 95, 2), (31, 120, 180), (51, 128, 58)
# In the order of the page.
KINDS = {
    'walk.png': (), 'walk_worst.png': (), 'walk_errors.png': (ORANGE, BLUE, GREEN),
    'walk_curves.png': (ORANGE, BLUE), 'walk_trajectory.png': (ORANGE, BLUE),
    'walk_scale.png': (ORANGE, BLUE, GREEN)}

# Every picture as the browser has decoded it: its size, where it is, how many colours it has, and
# what share of it is of the most frequent one.
PICTURES = """
Promise.all([...document.images].map(async image => {
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth; canvas.height = image.naturalHeight;
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const colors = new Map();
  const wanted = [[217, 95, 2], [31, 120, 180], [51, 128, 58]].map(color => ({color, pixels: 0}));
  for (let i = 0; i < data.length; i += 4) {
    const key = (data[i] >> 4) << 8 | (data[i + 1] >> 4) << 4 | data[i + 2] >> 4;
    colors.set(key, (colors.get(key) || 0) + 1);
    for (const line of wanted)
      if (line.color.every((level, k) => Math.abs(level - data[i + k]) < 30)) line.pixels += 1;
  }
  const box = image.getBoundingClientRect();
  return {text: image.alt, caption: image.parentNode.querySelector('figcaption').innerText,
          width: image.naturalWidth, height: image.naturalHeight, colors: colors.size,
          frequent: 4 * Math.max(...colors.values()) / data.length,
          lines: wanted.map(line => line.pixels),
          box: [box.left + scrollX, box.top + scrollY, box.width, box.height]};
}))
"""


@pytest.fixture(scope='module')
def report(tmp_path_factory):
    """Give the page of a model of depth and motion, alone in its folder, and its pictures."""
    from sa4depth_ros.model_card import ModelCard
    from sa4depth_ros.networks.depth_net import DepthNet, DepthNetConfig
    from sa4depth_ros.networks.factory import save_checkpoint
    from sa4depth_ros.networks.motion_net import MotionConfig, MotionNet
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp('report')
    # An untrained network says 2 m: another scale and another one in each frame make the lines
    # of plain and scaled errors different ones.
    slope = np.linspace(1.5, 5, HEIGHT * WIDTH).reshape(HEIGHT, WIDTH)
    rng = np.random.default_rng(0)
    pictures = [(rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8),
                 slope * (1 + 0.3 * np.sin(number))) for number in range(8)]
    bag = write_walk(folder / 'walk', frames=8, pictures=pictures)
    depth = DepthNet(DepthNetConfig(input_height=64, input_width=96,
                                    decoder_channels=(8, 8, 8, 8, 8)))
    model = folder / 'full.safetensors'
    save_checkpoint(model, depth, ModelCard('tiny', 64, 96, output='metric_depth'),
                    MotionNet(MotionConfig()))
    page = folder / 'sent' / 'to' / 'somebody.html'
    assert main(['evaluate', '--model', str(model), '--bag', str(bag), '--threads', '1',
                 '--output', str(folder / 'figures'), '--html', str(page)]) == 0
    assert [path.name for path in page.parent.iterdir()] == ['somebody.html']
    return page, folder / 'figures'


@pytest.fixture(scope='module')
def browser(report, tmp_path_factory):
    with Browser(tmp_path_factory.mktemp('browser')) as browser:
        browser.resize(1280, 900)
        browser.show(report[0])
        yield browser


@pytest.fixture(scope='module')
def pictures(browser, report):
    """Give what the browser sees of each picture, by the name of its file, and the file's."""
    files = {name: cv2.imread(str(report[1] / name)) for name in KINDS}
    seen = browser.ask(PICTURES)
    assert [(s['height'], s['width']) for s in seen] == [f.shape[:2] for f in files.values()]
    return dict(zip(KINDS, zip(seen, files.values())))


def test_every_picture_is_decoded_and_none_is_blank(pictures) -> None:
    for name, (seen, _) in pictures.items():
        assert seen['width'] > 300 and seen['height'] > 200, name
        assert seen['colors'] > 20, f'{name} has {seen["colors"]} colours'
        assert seen['frequent'] < 0.95, f'{name} is nearly all of one colour'
        assert seen['caption'] == seen['text'] != ''
    assert len({seen['text'] for seen, _ in pictures.values()}) == len(KINDS)


def test_every_plot_has_its_lines(pictures) -> None:
    for name, wanted in KINDS.items():
        for color, pixels in zip((ORANGE, BLUE, GREEN), pictures[name][0]['lines']):
            assert color not in wanted or pixels > 150, f'{name}: {pixels} pixels of {color}'


def test_pictures_are_where_they_can_be_seen(browser, pictures) -> None:
    screen = cv2.imdecode(np.frombuffer(browser.screenshot(), np.uint8), cv2.IMREAD_COLOR)
    for name, (seen, image) in pictures.items():
        left, top, width, height = (round(value) for value in seen['box'])
        shown = screen[top:top + height, left:left + width]
        assert shown.shape == (height, width, 3), f'{name} is cut off'
        expected = cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA)
        alike = np.corrcoef(*(cv2.blur(part, (5, 5)).ravel() for part in (shown, expected)))[0, 1]
        assert alike > 0.95, f'{name} looks different in the page, correlation {alike:.2f}'


def test_tables_and_headings_are_there(browser) -> None:
    captions = browser.ask('[...document.querySelectorAll("caption")].map(c => c.innerText)')
    assert captions[:3] == ['Depth', 'Motion', 'Over frames']
    assert captions[3].startswith('By true depth')
    rows = browser.ask('[...document.querySelectorAll("table")].map(t => t.rows.length)')
    assert rows[:2] == [2, 3] and min(rows) >= 2
    assert browser.ask('[...document.querySelectorAll("nav a")].every(a => '
                       'document.getElementById(a.hash.slice(1)))')


def test_nothing_is_loaded_and_nothing_goes_wrong(browser, report) -> None:
    asked = [event['params']['request']['url'] for event in browser.events
             if event['method'] == 'Network.requestWillBeSent']
    assert [url for url in asked if not url.startswith('data:')] == [report[0].as_uri()]
    problems = [event for event in browser.events
                if event['method'] in ('Log.entryAdded', 'Runtime.exceptionThrown')]
    assert not problems


def test_a_phone_shows_the_page_without_scrolling_sideways(browser) -> None:
    browser.resize(390, 800)
    try:
        assert browser.ask('document.documentElement.scrollWidth') <= 390
        assert browser.ask('Math.min(...[...document.images].map(i => i.width))') > 250
    finally:
        browser.resize(1280, 900)
