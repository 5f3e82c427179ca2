"""Draws the pictures of the report's tutorial from a run on the example scene: python docs/make_report_pictures.py.

Needs Chromium (Debian package chromium) and the `test` extra.
"""

from __future__ import annotations

import io
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from magnet_geo.raster import SceneSource
from magnet_geo.report import ReportSources, write_report
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene

ROOT = Path(__file__).parents[1]
SCENE = ROOT / "examples" / "village" / "village_rgb_2m.tif"
IMAGES = Path(__file__).parent / "images"
COLORS = 256
A4_WIDTH_PX, A4_HEIGHT_PX = 794, 1123


def main() -> None:
    """Makes the report and draws all pictures."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("Chromium is needed: apt-get install chromium")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        report = make_report(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        save("report-desk.png", visit(browser, report, 1120, 1000).screenshot())
        save("report-figures.png", figures(visit(browser, report, 1120, 1000)))
        save("report-dark.png", dark(visit(browser, report, 1120, 760, color_scheme="dark")))
        save("report-phone.png", phone(visit(browser, report, 390, 844, device_scale_factor=1.5)))
        save("report-paper.png", paper(visit(browser, report, A4_WIDTH_PX, A4_HEIGHT_PX)))
        browser.close()


def make_report(folder: Path) -> Path:
    """Gives the report of a fast run."""
    options = SegmentOptions(confidence=folder / "certainty.tif", refine=RefineMode("fast"))
    result = segment_scene(SCENE, output=folder / "classes.tif", options=options)
    sources = ReportSources(
        classes=SceneSource(result.raster),
        scene=SceneSource(str(SCENE)),
        confidence=SceneSource(str(options.confidence)),
        result=result,
        title="Land cover of a village in Somerset",
        attribution="the QGIS project and its contributors",
    )
    return write_report(sources, folder / "report.html")


def visit(browser: Browser, report: Path, width: int, height: int, **context: object) -> Page:
    """The report in a new window."""
    page: Page = browser.new_context(viewport={"width": width, "height": height}, **context).new_page()
    page.goto(report.as_uri())
    return page


def figures(page: Page) -> bytes:
    """Areas, patch sizes and certainty."""
    boxes = [page.locator(f"section:has(#{name})").bounding_box() for name in ("h-areas", "h-certainty")]
    top, bottom = boxes[0]["y"], boxes[1]["y"] + boxes[1]["height"]
    clip = {"x": 0, "y": top, "width": 1120, "height": bottom - top}
    return page.screenshot(full_page=True, clip=clip)


def dark(page: Page) -> bytes:
    """The certainty, enlarged, in dark colors."""
    page.get_by_text("Certainty", exact=True).first.click()
    page.locator("#stage").scroll_into_view_if_needed()
    for _ in range(2):
        page.get_by_role("button", name="Zoom in").click()
    page.evaluate("window.scrollTo(0, document.getElementById('h-map').getBoundingClientRect().top + scrollY - 20)")
    return page.screenshot()


def phone(page: Page) -> bytes:
    """The map on a small screen."""
    page.evaluate("window.scrollTo(0, document.getElementById('h-map').getBoundingClientRect().top - 20)")
    return page.screenshot()


def paper(page: Page) -> bytes:
    """The first page as it is printed."""
    page.emulate_media(media="print")
    page.add_style_tag(content="main { padding: 15mm 14mm !important; }")
    return page.screenshot()


def save(name: str, shot: bytes) -> None:
    """Write a picture in few colors."""
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    path = IMAGES / name
    picture.quantize(COLORS, Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
