"""A run that fails or is cancelled says why and leaves no output: nothing at all before the first finished window."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import rasterio
from torch import Tensor

from magnet_geo.errors import CancelledError, OutputError, SceneError
from magnet_geo.inference import Segmenter
from magnet_geo.progress import CancelToken, Event, ProgressEvent
from magnet_geo.raster import GeoTiffDraft
from magnet_geo.scene import RefineMode, SegmentOptions, segment_scene
from tests.scene.stub_model import StubPredictor, stub_manifest, stub_model, texture, write_scene


@pytest.fixture
def scene(tmp_path: Path) -> str:
    # With a nodata value nothing is read before the first window.
    tiles = {"tiled": True, "blockxsize": 64, "blockysize": 64, "compress": "deflate"}
    return write_scene(tmp_path / "scene.tif", texture(3, 331, 235), nodata=0, **tiles)


def _options(folder: Path, **options: object) -> SegmentOptions:
    return SegmentOptions(confidence=folder / "sure.tif", probabilities=folder / "shares.tif", **options)


def _assert_nothing_left(folder: Path) -> None:
    assert not list(folder.iterdir())
    _assert_no_thread_left()


def _assert_only_work_left(folder: Path) -> None:
    (work,) = folder.iterdir()
    assert work.name == ".map.tif.magnet-geo"
    assert list(work.glob("*/*.part"))
    assert not list(folder.rglob("*.tif"))
    _assert_no_thread_left()


def _assert_no_thread_left() -> None:
    assert not [t.name for t in threading.enumerate() if t.name.startswith(("read", "begin", "write"))]


@pytest.mark.parametrize("refine", ["full", "0.5"])
@pytest.mark.parametrize("after", [0.0, 0.1, 0.5, 0.97])
def test_a_cancelled_run_leaves_no_output(scene: str, folder: Path, after: float, refine: str) -> None:
    cancel = CancelToken()

    def listen(event: Event) -> None:
        if isinstance(event, ProgressEvent) and event.fraction >= after:
            cancel.cancel()

    with pytest.raises(CancelledError) as caught:
        segment_scene(
            scene,
            output=folder / "map.tif",
            model=stub_model(),
            options=_options(folder, refine=RefineMode.parse(refine)),
            progress=listen,
            cancel=cancel,
        )
    if list(folder.iterdir()):
        _assert_only_work_left(folder)
        assert "the same command continues" in str(caught.value)
    else:
        assert after <= 0.1


def test_a_listener_that_raises_ends_the_run_cleanly(scene: str, folder: Path) -> None:
    def listen(event: Event) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        segment_scene(scene, output=folder / "map.tif", model=stub_model(), options=_options(folder), progress=listen)
    _assert_nothing_left(folder)


@pytest.mark.parametrize("preview", [False, True])
def test_a_corrupt_block_in_mid_run_is_named(scene: str, folder: Path, preview: bool) -> None:
    with rasterio.open(scene) as dataset:
        offset, size = (int(dataset.get_tag_item(f"BLOCK_{what}_3_4", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE"))
    with Path(scene).open("r+b") as file:
        file.seek(offset)
        file.write(b"\xa5" * size)
    options = _options(folder, preview=folder / "preview.tif" if preview else None)
    with pytest.raises(SceneError, match=r"Rows .* cannot be read .* damaged"):
        segment_scene(scene, output=folder / "map.tif", model=stub_model(), options=options)
    _assert_only_work_left(folder)


@pytest.mark.parametrize("good", [0, 2, 7])
def test_a_failing_writer_ends_the_run(scene: str, folder: Path, monkeypatch: pytest.MonkeyPatch, good: int) -> None:
    write, calls = GeoTiffDraft.write, []

    def failing(draft: GeoTiffDraft, rect: object, array: object) -> None:
        calls.append(rect)
        if len(calls) > good:
            raise OutputError("The disk is gone.")
        write(draft, rect, array)  # type: ignore[arg-type]

    monkeypatch.setattr(GeoTiffDraft, "write", failing)
    with pytest.raises(OutputError, match="disk is gone"):
        segment_scene(scene, output=folder / "map.tif", model=stub_model(), options=_options(folder))
    _assert_only_work_left(folder)


def test_a_draft_that_cannot_be_made_leaves_no_other(scene: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter = GeoTiffDraft.__enter__

    def failing(draft: GeoTiffDraft) -> GeoTiffDraft:
        if draft.target.name == "sure.tif":
            raise OutputError("No room for it.")
        return enter(draft)

    monkeypatch.setattr(GeoTiffDraft, "__enter__", failing)
    with pytest.raises(OutputError, match="No room"):
        segment_scene(scene, output=folder / "map.tif", model=stub_model(), options=_options(folder))
    _assert_only_work_left(folder)


def test_a_failing_network_ends_the_run(scene: str, folder: Path) -> None:
    class Broken(StubPredictor):
        def scale_specific(self, inputs: Tensor) -> Tensor:
            if self.forward_passes > 0:
                raise RuntimeError("out of luck")
            return super().scale_specific(inputs)

    with pytest.raises(RuntimeError, match="out of luck"):
        segment_scene(
            scene, output=folder / "map.tif", model=Segmenter(stub_manifest(), Broken()), options=_options(folder)
        )
    _assert_nothing_left(folder)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
@pytest.mark.parametrize("options", [{}, {"preview": True}])
def test_a_scene_without_data_is_refused(tmp_path: Path, folder: Path, dtype: str, options: dict[str, object]) -> None:
    scene = write_scene(tmp_path / "empty.tif", np.full((3, 150, 170), 9, dtype), nodata=9)
    preview = folder / "preview.tif" if options else None
    with pytest.raises(SceneError, match="nothing to segment"):
        segment_scene(scene, output=folder / "map.tif", model=stub_model(), options=_options(folder, preview=preview))
    _assert_nothing_left(folder)


def test_a_failed_run_leaves_an_older_map_as_it_is(scene: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "map.tif").write_bytes(b"older")

    def failing(draft: GeoTiffDraft, rect: object, array: object) -> None:
        raise OutputError("The disk is gone.")

    monkeypatch.setattr(GeoTiffDraft, "write", failing)
    with pytest.raises(OutputError):
        segment_scene(scene, output=folder / "map.tif", model=stub_model(), options=SegmentOptions(overwrite=True))
    assert [(p.name, p.read_bytes()) for p in folder.iterdir() if p.is_file()] == [("map.tif", b"older")]


def test_no_output_appears_unless_all_can_be_completed(
    scene: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = GeoTiffDraft.prepare

    def fail_on_shares(draft: GeoTiffDraft) -> None:
        if draft.target.name == "shares.tif":
            raise OutputError("The shares could not be written.")
        prepare(draft)

    monkeypatch.setattr(GeoTiffDraft, "prepare", fail_on_shares)
    with pytest.raises(OutputError, match="shares could not be written"):
        segment_scene(
            scene, output=folder / "map.tif", model=stub_model(), options=_options(folder, stages=folder / "stages")
        )
    assert not [path for path in folder.rglob("*.tif*") if path.is_file()]
