"""What a run writes: the scene's own grid, agreeing rasters, the same bytes every time."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from numpy.typing import NDArray
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import RPCTransformer

from magnet_geo.errors import MemoryLimitError, OptionError, OutputError
from magnet_geo.progress import Event, PreviewEvent, ProgressEvent
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene
from tests.raster.rasters import pushbroom_rpcs
from tests.scene.stub_model import TRANSFORM, hashes, read, stub_model, texture, write_scene

ROTATED = Affine.translation(400_001, 5_000_000) @ Affine.rotation(-17) @ Affine.scale(2, -3)


@pytest.fixture
def scene(tmp_path: Path) -> str:
    values = texture(3, 147, 235)
    values[:, 100:, 150:190] = 0
    return write_scene(tmp_path / "scene.tif", values, nodata=0)


def _map(scene: str, target: Path, **options: object) -> NDArray[np.uint8]:
    segment_scene(scene, output=target, model=stub_model(radius=1), options=SegmentOptions(**options))
    return read(target)


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:32633", TRANSFORM),
        ("EPSG:32633", ROTATED),
        ("EPSG:4326", Affine(3e-5, 0, 13.7, 0, -2e-5, 51.1)),
        (None, None),
    ],
    ids=["utm", "rotated", "degrees", "plain"],
)
def test_the_map_lies_on_the_grid_of_the_scene(
    tmp_path: Path, folder: Path, crs: str | None, transform: Affine | None
) -> None:
    scene = write_scene(tmp_path / "scene.tif", texture(3, 131, 77), crs=crs, transform=transform)
    _map(scene, folder / "map.tif", confidence=folder / "sure.tif", probabilities=folder / "shares.tif")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(scene) as expected:
            for name in ("map.tif", "sure.tif", "shares.tif"):
                with rasterio.open(folder / name) as found:
                    assert (found.crs, found.transform, found.shape) == (
                        expected.crs,
                        expected.transform,
                        expected.shape,
                    )


def test_control_points_are_carried_over(tmp_path: Path, folder: Path) -> None:
    points = [GroundControlPoint(row=r, col=c, x=14 + c / 1e4, y=51 - r / 1e4) for r in (0, 90) for c in (0, 120)]
    path = write_scene(
        tmp_path / "scene.tif", texture(3, 90, 120), transform=None, gcps=points, crs=CRS.from_epsg(4326)
    )
    _map(path, folder / "map.tif")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(folder / "map.tif") as found:
            carried, crs = found.gcps
            assert (crs, found.shape) == (CRS.from_epsg(4326), (90, 120))
    assert [(p.row, p.col, p.x, p.y) for p in carried] == [(p.row, p.col, p.x, p.y) for p in points]


def test_control_points_of_a_scene_with_a_crs_are_carried_over(tmp_path: Path, folder: Path) -> None:
    source = write_scene(tmp_path / "pixels.tif", texture(3, 90, 120), transform=None, crs=None)
    points = "".join(f'<GCP Pixel="{c}" Line="{r}" X="{14 + c}" Y="{51 - r}"/>' for r in (0, 90) for c in (0, 120))
    bands = "".join(
        f'<VRTRasterBand dataType="Byte" band="{band}"><SimpleSource><SourceFilename>{source}</SourceFilename>'
        f"<SourceBand>{band}</SourceBand></SimpleSource></VRTRasterBand>"
        for band in (1, 2, 3)
    )
    (tmp_path / "scan.vrt").write_text(
        f'<VRTDataset rasterXSize="120" rasterYSize="90"><SRS>EPSG:32633</SRS><GCPList>{points}</GCPList>{bands}'
        "</VRTDataset>"
    )
    result = segment_scene(str(tmp_path / "scan.vrt"), output=folder / "map.tif", model=stub_model())
    assert (result.grid.crs, result.classes[0].area_m2) == (None, None)
    with rasterio.open(folder / "map.tif") as found:
        carried, crs = found.gcps
        assert (found.crs, found.transform.is_identity) == (None, True)
    assert (len(carried), crs) == (4, CRS.from_epsg(32633))


def test_rpcs_are_carried_over_into_every_output(tmp_path: Path, folder: Path) -> None:
    path = write_scene(tmp_path / "scene.tif", texture(3, 90, 120), transform=None, crs=None, rpcs=pushbroom_rpcs())
    _map(path, folder / "map.tif", confidence=folder / "sure.tif", probabilities=folder / "shares.tif")
    for name in ("map.tif", "sure.tif", "shares.tif"):
        with rasterio.open(folder / name) as found, RPCTransformer(found.rpcs) as carried:
            assert (found.rpcs, found.crs) == (pushbroom_rpcs(), None)
            with RPCTransformer(pushbroom_rpcs()) as expected:
                np.testing.assert_array_equal(carried.xy([0, 89], [119, 3]), expected.xy([0, 89], [119, 3]))


def test_two_runs_write_the_same_bytes(scene: str, folder: Path) -> None:
    found = []
    for _ in range(2):
        _map(
            scene,
            folder / "map.tif",
            preview=folder / "preview.tif",
            confidence=folder / "sure.tif",
            probabilities=folder / "shares.tif",
            overwrite=True,
        )
        found.append(hashes(folder))
    assert found[0] == found[1]
    assert len(found[0]) > 4


def test_the_batch_size_changes_no_pixel(scene: str, folder: Path) -> None:
    one, five = (_map(scene, folder / f"{n}.tif", batch_size=n) for n in (1, 5))
    np.testing.assert_array_equal(one, five)


def test_nodata_stays_nodata_in_every_raster(scene: str, folder: Path) -> None:
    classes = _map(scene, folder / "map.tif", confidence=folder / "sure.tif", probabilities=folder / "shares.tif")
    empty = (read(scene) == 0).all(axis=0)
    np.testing.assert_array_equal(classes == 255, empty)
    np.testing.assert_array_equal(read(folder / "sure.tif") == 255, empty)
    np.testing.assert_array_equal(read(folder / "shares.tif") == 255, np.broadcast_to(empty, (3, *empty.shape)))


def test_the_three_rasters_agree(scene: str, folder: Path) -> None:
    classes = _map(scene, folder / "map.tif", confidence=folder / "sure.tif", probabilities=folder / "shares.tif")
    valid = classes != 255
    shares, sure = read(folder / "shares.tif").astype(int), read(folder / "sure.tif").astype(int)
    ordered = np.sort(shares, axis=0)
    untied = valid & (ordered[-1] > ordered[-2])
    winners = np.array([3, 1, 7])[shares.argmax(0)]
    np.testing.assert_array_equal(winners[untied], classes[untied])
    assert abs(shares.sum(0) - 254)[valid].max() <= 1
    assert abs(ordered[-1] - ordered[-2] - sure)[valid].max() <= 1


@pytest.mark.parametrize(("share", "mode"), [("0", "off"), ("1", "full")])
def test_the_ends_of_the_share_are_off_and_full(scene: str, folder: Path, share: str, mode: str) -> None:
    by_share = _map(scene, folder / "share.tif", refine=RefineMode.parse(share))
    np.testing.assert_array_equal(by_share, _map(scene, folder / "mode.tif", refine=RefineMode.parse(mode)))


def test_a_share_refines_that_share_of_the_patches(scene: str, folder: Path) -> None:
    options = SegmentOptions(refine=RefineMode.parse("0.3"))
    result = segment_scene(scene, output=folder / "map.tif", model=stub_model(), options=options)
    assert result.refined_share == pytest.approx(0.3, abs=0.02)


def test_unsure_pixels_become_unclassified(scene: str, folder: Path) -> None:
    plain = _map(scene, folder / "plain.tif", confidence=folder / "sure.tif")
    options = SegmentOptions(min_confidence=0.4)
    result = segment_scene(scene, output=folder / "map.tif", model=stub_model(radius=1), options=options)
    found, sure = read(folder / "map.tif"), read(folder / "sure.tif")
    unsure = (sure < 0.4 * 254 - 0.5) & (plain != 255)
    assert 0.05 < unsure.mean() < 0.95
    assert (found[unsure] == 0).all()
    certain = (sure > 0.4 * 254 + 0.5) | (plain == 255)
    np.testing.assert_array_equal(found[certain], plain[certain])
    unclassified = next(c for c in result.classes if c.name == "unclassified")
    assert (unclassified.value, unclassified.pixels) == (0, np.count_nonzero(found == 0))


def test_unclassified_needs_a_free_value(scene: str, folder: Path) -> None:
    with pytest.raises(OptionError, match="uses the value 0"):
        segment_scene(
            scene, output=folder / "map.tif", model=stub_model(nodata=0), options=SegmentOptions(min_confidence=0.4)
        )
    assert not list(folder.iterdir())


def test_another_nodata_value_of_the_scheme_is_written(scene: str, folder: Path) -> None:
    result = segment_scene(scene, output=folder / "map.tif", model=stub_model(radius=1, nodata=0))
    classes = read(folder / "map.tif")
    np.testing.assert_array_equal(classes == 0, (read(scene) == 0).all(axis=0))
    assert result.valid_pixels == np.count_nonzero(classes)


def test_the_preview_is_there_before_the_map_and_is_the_coarse_map(scene: str, folder: Path) -> None:
    found: list[tuple[bool, bool]] = []

    def listen(event: Event) -> None:
        if isinstance(event, PreviewEvent):
            found.append((event.raster.exists(), (folder / "map.tif").exists()))

    options = SegmentOptions(preview=folder / "preview.tif")
    segment_scene(scene, output=folder / "map.tif", model=stub_model(radius=1), options=options, progress=listen)
    assert found == [(True, False)]
    coarse = _map(scene, folder / "coarse.tif", refine=RefineMode.parse("off"))
    np.testing.assert_array_equal(read(folder / "preview.tif"), coarse)


@pytest.mark.parametrize("options", [{}, {"refine": RefineMode.parse("0.5")}, {"refine": RefineMode.parse("off")}])
def test_progress_never_falls_and_ends_at_one(scene: str, folder: Path, options: dict[str, object]) -> None:
    fractions: list[float] = []

    def listen(event: Event) -> None:
        if isinstance(event, ProgressEvent):
            fractions.append(event.fraction)

    segment_scene(
        scene, output=folder / "map.tif", model=stub_model(), options=SegmentOptions(**options), progress=listen
    )
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(fractions) > 5


def test_the_result_counts_what_the_map_holds(scene: str, folder: Path) -> None:
    result = segment_scene(scene, output=folder / "map.tif", model=stub_model())
    classes = read(folder / "map.tif")
    assert {c.value: c.pixels for c in result.classes} == {v: np.count_nonzero(classes == v) for v in (3, 1, 7)}
    assert result.valid_pixels == np.count_nonzero(classes != 255)
    assert sum(c.share for c in result.classes) == pytest.approx(1)
    # UTM's scale is off by less than 1e-3 inside its zone.
    assert sum(c.area_m2 or 0 for c in result.classes) == pytest.approx(4 * result.valid_pixels, rel=1.5e-3)


def test_full_and_off_say_how_much_was_refined(scene: str, folder: Path) -> None:
    for mode, share in (("full", 1.0), ("off", 0.0)):
        options = SegmentOptions(refine=RefineMode.parse(mode))
        result = segment_scene(scene, output=folder / f"{mode}.tif", model=stub_model(), options=options)
        assert result.refined_share == share


def test_too_little_memory_is_refused_with_what_would_do(scene: str, folder: Path) -> None:
    with pytest.raises(MemoryLimitError, match=r"`max_memory` \d") as caught:
        _map(scene, folder / "map.tif", max_memory=100 * 10**6)
    enough = float(str(caught.value).rsplit("`max_memory` ", 1)[1].removesuffix("GB."))
    _map(scene, folder / "map.tif", max_memory=int(enough * 1e9))


def test_outputs_that_exist_or_collide_are_refused_before_any_work(scene: str, folder: Path) -> None:
    (folder / "map.tif").write_text("mine")
    with pytest.raises(OutputError, match="exists already"):
        _map(scene, folder / "map.tif")
    with pytest.raises(OutputError, match="is the scene itself"):
        _map(scene, Path(scene), overwrite=True)
    with pytest.raises(OptionError, match="same name"):
        _map(scene, folder / "a.tif", confidence=folder / "a.tif")
    assert (folder / "map.tif").read_text() == "mine"
