"""The files that a run writes: checked before it, drafted while it goes on, and filled from the finished chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.errors import OptionError, OutputError
from magnet_geo.grid import PixelAreas, Window, WindowPlan
from magnet_geo.inference.segmenter import Segmenter
from magnet_geo.model import Manifest
from magnet_geo.raster import (
    GeoTiffDraft,
    MapLayout,
    check_creation_options,
    check_output_path,
    class_map_side_files,
    gdal_sidecars,
)
from magnet_geo.scene.checkpoint.array_file import Arrays
from magnet_geo.scene.checkpoint.chunk_store import ChunkStore
from magnet_geo.scene.checkpoint.work_folder import published_outputs
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.plan import RunPlan
from magnet_geo.scene.window.chunk import MapChunk, MapProduct


class MapWriter:
    """The rasters of one map, written part by part within a ``with`` block.

    Attributes:
        pixels: (256,) int64, how often each value was written.
        areas_m2: (256,) float64, their areas; None without a CRS.
        measured: What measures them; None without a CRS.
    """

    def __init__(
        self,
        classes: tuple[Path, MapLayout],
        *,
        confidence: tuple[Path, MapLayout] | None = None,
        probabilities: tuple[Path, MapLayout] | None = None,
        areas: PixelAreas | None = None,
        workspace: Path,
    ) -> None:
        """Name the outputs.

        Args:
            classes: Target and layout of the class raster.
            confidence: Likewise of the certainty, if wanted.
            probabilities: Likewise of the probabilities, if wanted.
            areas: Measures the classes; None to count pixels only.
            workspace: An existing folder for what is not complete yet.
        """
        self._classes = GeoTiffDraft(*classes, workspace=workspace)
        self._confidence = GeoTiffDraft(*confidence, workspace=workspace) if confidence else None
        self._probabilities = GeoTiffDraft(*probabilities, workspace=workspace) if probabilities else None
        self.measured = areas
        self._open_drafts = ExitStack()
        self.pixels: NDArray[np.int64] = np.zeros(256, np.int64)
        self.areas_m2: NDArray[np.float64] | None = np.zeros(256) if areas else None

    def __enter__(self) -> MapWriter:
        with ExitStack() as opened:
            for draft in self._drafts():
                opened.enter_context(draft)
            self._open_drafts = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open_drafts.__exit__(kind, error, trace)

    @property
    def targets(self) -> list[Path]:
        """Where the rasters appear at last, the class raster first."""
        return [draft.target for draft in self._drafts()]

    def write(self, chunk: MapChunk) -> None:
        """Add a chunk.

        Raises:
            OutputError: It could not be written.
        """
        self._classes.write(chunk.rect, chunk.classes)
        if self._confidence is not None and chunk.confidence is not None:
            self._confidence.write(chunk.rect, chunk.confidence)
        if self._probabilities is not None and chunk.probabilities is not None:
            self._probabilities.write(chunk.rect, chunk.probabilities)
        self.pixels += np.bincount(chunk.classes.ravel(), minlength=256)
        if self.measured is not None and self.areas_m2 is not None:
            self.areas_m2 += self.measured.class_areas_m2(chunk.classes, chunk.rect)

    def count_valid(self) -> int:
        """Pixels written with a class so far."""
        return int(self.pixels.sum() - self.pixels[self._classes.layout.nodata])

    def tag(self, key: str, text: str) -> None:
        """Add a tag to the class raster.

        Raises:
            OutputError: It could not be written.
        """
        self._classes.tag(key, text)

    def prepare(self) -> None:
        """Complete the outputs under other names.

        Raises:
            OutputError: Something could not be written; no output is there then.
        """
        for draft in self._drafts():
            draft.prepare()

    def publish(self) -> None:
        """Give the prepared outputs their names, the class raster last.

        Raises:
            OutputError: A name could not be given.
        """
        for draft in reversed(self._drafts()):
            draft.publish()

    def _drafts(self) -> list[GeoTiffDraft]:
        return [draft for draft in (self._classes, self._confidence, self._probabilities) if draft is not None]


def assemble(
    store: ChunkStore,
    windows: WindowPlan,
    *,
    products: Mapping[str, MapProduct],
    writers: Mapping[str, MapWriter],
    on_share: Callable[[float], None],
) -> Iterator[tuple[Window, Arrays]]:
    """Write all chunks; the order is the plan's, so that every sum and byte is that of a run without a break.

    Args:
        store: The chunks.
        windows: The plan.
        products: The maps by name.
        writers: Their rasters, open, by the same names.
        on_share: Called, after each chunk, with the share of them that is written.

    Yields:
        Each window and the arrays of its chunk, once it is written.

    Raises:
        OutputError: A chunk cannot be read, or a raster not written.
    """
    indices = store.chunks()
    for number, index in enumerate(indices, 1):
        arrays, window = store.read(index), windows[index]
        for name, writer in writers.items():
            writer.write(products[name].unpack(window.write, arrays))
        on_share(number / len(indices))
        yield window, arrays


_UNCLASSIFIED_COLOR = "#808080"


def check_outputs(output: Path, scene: str, options: SegmentOptions) -> None:
    """Refuse outputs that cannot or must not be written, before any work is done.

    What an interrupted run has published already may be replaced by the run that continues it.

    Raises:
        OutputError: One exists, has no folder, or is the scene; or a creation option is not possible.
        OptionError: Two are the same file.
    """
    given = [p for p in (output, options.confidence, options.probabilities, options.preview) if p is not None]
    if len({path.absolute() for path in given}) < len(given):
        raise OptionError("Two outputs have the same name; give each its own.")
    own = published_outputs(output) if options.resume else frozenset()
    class_maps = {output, options.preview}
    for path in given:
        beside = class_map_side_files(path) if path in class_maps else gdal_sidecars(path)
        check_output_path(path, scene, options.overwrite or path.absolute() in own, side_files=beside)
    check_creation_options(options.creation_options)
    if options.stages is not None:
        _check_stages_folder(options.stages)
        # A style alone is another's as well.
        stages = {found.name.partition(".")[0] for found in options.stages.glob("stage_*")}
        for path in sorted(options.stages / f"{stage}.tif" for stage in stages):
            check_output_path(
                path, scene, options.overwrite or path.absolute() in own, side_files=class_map_side_files(path)
            )


def _check_stages_folder(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"'{folder}' is a file; `stages` needs the name of a folder.")
    if not folder.absolute().parent.is_dir():
        raise OutputError(f"The folder '{folder.absolute().parent}' does not exist; create it first.")


def written_scheme(manifest: Manifest, options: SegmentOptions) -> ClassScheme:
    """Return the model's classes, and "unclassified" where the options can make it occur."""
    scheme = manifest.class_scheme()
    if options.min_confidence == 0 or scheme.unclassified is None:
        return scheme
    unclassified = LandClass(scheme.unclassified, "unclassified", _UNCLASSIFIED_COLOR)
    return replace(scheme, classes=(*scheme.classes, unclassified))


def map_writer(output: Path, plan: RunPlan, model: Segmenter, options: SegmentOptions, workspace: Path) -> MapWriter:
    """Return the writer of a run's rasters."""
    manifest = model.manifest
    tags = _tags(model)
    classes = MapLayout.of_classes(
        plan.description, written_scheme(manifest, options), tags=tags, creation_options=options.creation_options
    )
    certainty = MapLayout.of_shares(plan.description, ("certainty",), tags=tags)
    shares = MapLayout.of_shares(plan.description, tuple(c.name for c in manifest.classes), tags=tags)
    return MapWriter(
        (output, classes),
        confidence=(options.confidence, certainty) if options.confidence else None,
        probabilities=(options.probabilities, shares) if options.probabilities else None,
        areas=pixel_areas(plan),
        workspace=workspace,
    )


def preview_writer(preview: Path, plan: RunPlan, model: Segmenter, workspace: Path) -> MapWriter:
    """Return the writer of the coarse map."""
    tags = (*_tags(model), ("MAGNET_GEO_STAGE", "coarse preview"))
    layout = MapLayout.of_classes(plan.description, model.manifest.class_scheme(), tags=tags)
    return MapWriter((preview, layout), workspace=workspace)


def stage_writers(plan: RunPlan, model: Segmenter, options: SegmentOptions, workspace: Path) -> tuple[MapWriter, ...]:
    """One writer per stage, coarse to fine, of the maps in the stages' folder; none where it is not wanted.

    Raises:
        OutputError: The folder cannot be made.
    """
    if options.stages is None:
        return ()
    try:
        options.stages.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder '{options.stages}' cannot be made ({error.strerror}); name another.") from error
    writers = []
    for level in range(len(model.manifest.pyramid.levels)):
        path = options.stages / f"stage_{level}.tif"
        tags = (*_tags(model), ("MAGNET_GEO_STAGE", str(level)))
        layout = MapLayout.of_classes(plan.description, model.manifest.class_scheme(), tags=tags)
        writers.append(MapWriter((path, layout), workspace=workspace))
    return tuple(writers)


def pixel_areas(plan: RunPlan) -> PixelAreas | None:
    """Return what measures the map's areas; None where nothing is known of the ground."""
    try:
        return PixelAreas(plan.description.grid)
    except ValueError:
        return None


def _tags(model: Segmenter) -> tuple[tuple[str, str], ...]:
    manifest = model.manifest
    return (
        ("MAGNET_GEO_MODEL", f"{manifest.name} {manifest.version}"),
        ("MAGNET_GEO_MODEL_SHA256", model.model_hash),
        ("MAGNET_GEO_LICENCE", manifest.licence),
    )
