"""The report in a real browser: headless Chromium, where it and Playwright are installed."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from magnet_geo.raster import SceneSource
from magnet_geo.report import ReportSources, write_report
from tests.report.maps import HEIGHT, WIDTH, MadeMap
from tests.scene.stub_model import read

CHROMIUM = shutil.which("chromium")
sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

WATER = (0, 0, 255)

# Draws the map as it is shown, without its CSS, and gives its pixels.
PIXELS = """async () => {
  const image = document.getElementById("classes");
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  let bytes = "";
  for (const byte of context.getImageData(0, 0, canvas.width, canvas.height).data) bytes += String.fromCharCode(byte);
  return btoa(bytes);
}"""
CONTRAST = """() => {
  const light = (color) => {
    const [r, g, b] = color.match(/[\\d.]+/g).slice(0, 3).map((v) => {
      const part = Number(v) / 255;
      return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const color = getComputedStyle(one).backgroundColor;
      if (!/rgba\\(.*, 0\\)|transparent/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const element of document.querySelectorAll("main *")) {
    if (element.closest(".stage, .hidden, [hidden]") || !element.getClientRects().length) continue;
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    found.push([(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.textContent.trim().slice(0, 30)]);
  }
  return found;
}"""


@dataclass
class Visit:
    """A page and what it did."""

    page: Any
    said: list[str] = field(default_factory=list)
    asked_for: list[str] = field(default_factory=list)

    def classes(self) -> NDArray[np.uint8]:
        """(H, W, 4) pixels of the map as shown."""
        return np.frombuffer(base64.b64decode(self.page.evaluate(PIXELS)), np.uint8).reshape(HEIGHT, WIDTH, 4)

    def clip(self) -> float:
        """How far the map is clipped, from 0 at the left to 1."""
        style = self.page.locator(".over").evaluate("element => getComputedStyle(element).clipPath")
        return float(style.split()[-1].removesuffix("%)")) / 100

    def zoom(self) -> float:
        style: str = self.page.locator(".pan").evaluate("element => element.style.transform")
        return float(style.partition("scale(")[2].partition(")")[0] or 1)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def report(made: MadeMap, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(made.sources(result=made.result), tmp_path_factory.mktemp("report") / "report.html")


def visit(browser: Any, path: Path, *, width: int = 1280, height: int = 900, **context: object) -> Visit:
    page = browser.new_context(viewport={"width": width, "height": height}, **context).new_page()
    seen = Visit(page)
    page.on("console", lambda message: seen.said.append(message.text))
    page.on("pageerror", lambda error: seen.said.append(str(error)))
    page.on("request", lambda request: seen.asked_for.append(request.url))
    page.goto(path.as_uri())
    return seen


@pytest.fixture(scope="module")
def tab(browser: Any, report: Path) -> Visit:
    return visit(browser, report)


@pytest.fixture
def desk(tab: Visit, report: Path) -> Iterator[Visit]:
    """The report on a wide screen, as it opens; nothing may go wrong whatever a test does."""
    seen = Visit(tab.page, tab.said, tab.asked_for)
    seen.asked_for.clear()
    seen.page.goto(report.as_uri())
    yield seen
    assert seen.said == []
    assert [url for url in seen.asked_for if not url.startswith(("data:", "blob:"))] == [report.as_uri()]


def test_the_slider_follows_the_mouse(desk: Visit) -> None:
    box = desk.page.locator("#stage").bounding_box()
    assert desk.clip() == pytest.approx(0.5, abs=0.01)
    middle = box["y"] + box["height"] / 2
    desk.page.mouse.move(box["x"] + box["width"] / 2, middle)
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] + box["width"] / 4, middle, steps=5)
    desk.page.mouse.up()
    assert desk.clip() == pytest.approx(0.25, abs=0.01)
    assert desk.page.locator("#swipe").get_attribute("aria-valuenow") == "25"


def test_the_slider_obeys_the_keys(desk: Visit) -> None:
    slider = desk.page.get_by_role("slider", name="Border between scene and map")
    slider.focus()
    for key, clip in (("ArrowLeft", 0.48), ("Shift+ArrowRight", 0.58), ("Home", 0.0), ("End", 1.0), ("PageDown", 0.9)):
        desk.page.keyboard.press(key)
        assert desk.clip() == pytest.approx(clip, abs=0.005)


def test_a_class_that_is_switched_off_is_hidden_on_the_map(desk: Visit) -> None:
    before = desk.classes()
    water = (before[..., :3] == WATER).all(axis=2) & (before[..., 3] == 255)
    assert water.any()
    desk.page.get_by_role("checkbox", name="water").uncheck()
    after = desk.classes()
    np.testing.assert_array_equal(after[water][:, 3], 0)
    np.testing.assert_array_equal(after[~water], before[~water])
    desk.page.get_by_role("button", name="None").click()
    assert not desk.classes().any()
    desk.page.get_by_role("button", name="All").click()
    np.testing.assert_array_equal(desk.classes(), before)


def test_certainty_takes_the_place_of_the_map(desk: Visit) -> None:
    assert not desk.page.locator("#certainty").is_visible()
    desk.page.get_by_text("Certainty", exact=True).first.click()
    assert desk.page.locator("#certainty").is_visible()
    assert not desk.page.locator("#classes").is_visible()


def test_opacity_makes_the_map_transparent(desk: Visit) -> None:
    desk.page.get_by_label("Opacity").fill("40")
    assert desk.page.locator("#classes").evaluate("element => getComputedStyle(element).opacity") == "0.4"


def test_zoom_and_pan_keep_the_border_where_it_is(desk: Visit) -> None:
    desk.page.get_by_role("button", name="Zoom in").click()
    desk.page.locator("#stage").focus()
    desk.page.keyboard.press("+")
    assert desk.zoom() == pytest.approx(2.25)
    assert desk.clip() == pytest.approx(0.5, abs=0.01)
    box = desk.page.locator("#stage").bounding_box()
    desk.page.mouse.move(box["x"] + 60, box["y"] + 60)
    desk.page.mouse.down()
    desk.page.mouse.move(box["x"] + 110, box["y"] + 60, steps=4)
    desk.page.mouse.up()
    shift = 50 / 2.25 / box["width"]
    assert desk.clip() == pytest.approx(0.5 - shift, abs=0.01)
    assert desk.page.locator("#scale").text_content() == "50 m"
    desk.page.get_by_role("button", name="Whole map").click()
    assert desk.zoom() == 1
    assert desk.page.locator("#scale").text_content() == "100 m"


def test_the_pointer_tells_where_it_is(desk: Visit, made: MadeMap) -> None:
    box = desk.page.locator("#stage").bounding_box()
    desk.page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.25)
    a, _, c, _, e, f = made.result.grid.transform
    name, _, place = desk.page.locator("#place").text_content().partition(" · ")
    x, y = (float(part) for part in place.split(","))
    assert (x, y) == pytest.approx((c + 0.75 * WIDTH * a, f + 0.25 * HEIGHT * e), abs=2)
    value = read(made.classes)[int(0.25 * HEIGHT), int(0.75 * WIDTH)]
    assert name == next(entry.name for entry in made.result.classes if entry.value == value)
    desk.page.mouse.move(box["x"] + 5, box["y"] + 5)
    assert desk.page.locator("#place").text_content().startswith("not mapped · ")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_both_themes(browser: Any, report: Path, scheme: str) -> None:
    seen = visit(browser, report, color_scheme=scheme)
    for themes in range(2):
        found = seen.page.evaluate(CONTRAST)
        assert len(found) > 50
        assert min(found)[0] >= 4.5, (themes, min(found))
        seen.page.locator("#theme").click()
    seen.page.context.close()


def test_the_theme_follows_the_system_and_the_button(browser: Any, report: Path) -> None:
    seen = visit(browser, report, color_scheme="dark")
    paper = "getComputedStyle(document.body).backgroundColor"
    assert seen.page.evaluate(paper) == "rgb(20, 24, 28)"
    seen.page.get_by_role("button", name="Light colors").click()
    assert seen.page.evaluate(paper) == "rgb(255, 255, 255)"
    seen.page.context.close()


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_does_not_scroll_sideways(browser: Any, report: Path, width: int) -> None:
    seen = visit(browser, report, width=width, height=800, has_touch=True)
    assert seen.page.evaluate("document.documentElement.scrollWidth") == width
    seen.page.context.close()


def test_paper_shows_scene_and_map_side_by_side(browser: Any, report: Path) -> None:
    seen = visit(browser, report, color_scheme="dark")
    seen.page.emulate_media(media="print")
    scene, classes = (seen.page.locator(name).bounding_box() for name in (".scene img", "#classes"))
    assert scene["y"] == pytest.approx(classes["y"], abs=1)
    assert scene["x"] + scene["width"] <= classes["x"]
    assert scene["width"] == pytest.approx(classes["width"], abs=1)
    assert not seen.page.locator("#swipe, #theme, .toolbar").locator("visible=true").count()
    assert seen.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert seen.page.pdf(prefer_css_page_size=True, print_background=True).startswith(b"%PDF-")
    seen.page.context.close()


def test_a_report_without_a_scene_works_too(browser: Any, foreign: Path, tmp_path: Path) -> None:
    path = write_report(ReportSources(SceneSource(str(foreign))), tmp_path / "report.html")
    seen = visit(browser, path)
    seen.page.get_by_role("checkbox", name="town").uncheck()
    shown = seen.classes()[..., 3]
    assert (shown[HEIGHT // 2 :, WIDTH // 2 :] == 0).all()
    assert (shown[: HEIGHT // 2] == 255).all()
    assert seen.page.locator(".over").evaluate("element => getComputedStyle(element).clipPath") == "none"
    assert seen.said == []
    seen.page.context.close()


def touch(page: Any, *steps: list[tuple[float, float]]) -> None:
    """Puts fingers down at the first step's places, moves them on, and lifts them."""
    session = page.context.new_cdp_session(page)
    for number, places in enumerate(steps):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        kind = "touchMove" if number else "touchStart"
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_fingers_move_the_slider_and_enlarge_the_map(browser: Any, report: Path) -> None:
    seen = visit(browser, report, width=390, height=844, has_touch=True, is_mobile=True)
    seen.page.locator("#stage").scroll_into_view_if_needed()
    box = seen.page.locator("#stage").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch(seen.page, [(x, y)], [(x + 20, y)], [(x + box["width"] / 4, y)])
    assert seen.clip() == pytest.approx(0.75, abs=0.02)
    row = box["y"] + box["height"] / 4
    left, right = box["x"] + 60, box["x"] + 120
    touch(seen.page, [(left, row), (right, row)], [(left - 20, row), (right + 20, row)])
    assert seen.zoom() == pytest.approx(100 / 60, abs=0.05)
    assert seen.said == []
    seen.page.context.close()
