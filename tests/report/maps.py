"""A scene of fields, its map and its certainty, small and made in code."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.raster import GeoTiffDraft, MapLayout, SceneSource, describe_scene
from magnet_geo.records.segment_result import SegmentResult
from magnet_geo.report import ReportSources
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene
from tests.scene.stub_model import stub_model, texture, write_scene

HEIGHT, WIDTH = 180, 260
SCHEME = ClassScheme(
    (
        LandClass(1, "water", "#3b7dc4"),
        LandClass(2, "<b>wood & scrub</b>", "#2f6b35"),
        LandClass(7, "town", "#c8443c"),
    )
)


@dataclass(frozen=True)
class MadeMap:
    """Files of one run."""

    scene: Path
    classes: Path
    confidence: Path
    result: SegmentResult

    def sources(self, **changes: object) -> ReportSources:
        given = {
            "classes": SceneSource(str(self.classes)),
            "scene": SceneSource(str(self.scene)),
            "confidence": SceneSource(str(self.confidence)),
        }
        return ReportSources(**(given | changes))  # type: ignore[arg-type]


def make_map(folder: Path, *, refine: str = "fast", **manifest: object) -> MadeMap:
    """Segments a scene with the stub model."""
    scene = folder / "fields.tif"
    values = texture(3, HEIGHT, WIDTH)
    values[:, :30, :40] = 0
    write_scene(scene, values, nodata=0, colors=("red", "green", "blue"))
    confidence = folder / "certainty.tif"
    result = segment_scene(
        str(scene),
        output=folder / "map.tif",
        model=stub_model(radius=1, **manifest),
        options=SegmentOptions(confidence=confidence, refine=RefineMode.parse(refine)),
    )
    return MadeMap(scene, folder / "map.tif", confidence, result)


def write_classes(path: Path, values: NDArray[np.uint8], scene: Path) -> Path:
    """Writes (H, W) values of `SCHEME` on a scene's grid, without the record of a run."""
    layout = MapLayout.of_classes(describe_scene(SceneSource(str(scene))), SCHEME)
    with GeoTiffDraft(path, layout) as draft:
        draft.write(layout.grid.rect, values)
        draft.finish()
    return path


def quadrants(height: int, width: int) -> NDArray[np.uint8]:
    """Water above, wood lower left, town lower right."""
    values = np.full((height, width), 1, np.uint8)
    values[height // 2 :, : width // 2] = 2
    values[height // 2 :, width // 2 :] = 7
    return values
