"""The rasters of a run: where they go, what they are, and what is written into them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from magnet_geo.classes import ClassScheme, LandClass
from magnet_geo.errors import OptionError, OutputError
from magnet_geo.grid import PixelAreas
from magnet_geo.model import Manifest
from magnet_geo.raster import MapLayout, check_creation_options, check_output_path, class_map_side_files, gdal_sidecars
from magnet_geo.scene.map_writer import MapWriter
from magnet_geo.scene.options import SegmentOptions
from magnet_geo.scene.run_plan import RunPlan
from magnet_geo.scene.segmenter import Segmenter
from magnet_geo.scene.work_folder import published_outputs

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
        raise OutputError(f"'{folder}' is a file; --stages needs the name of a folder.")
    if not folder.absolute().parent.is_dir():
        raise OutputError(f"The folder '{folder.absolute().parent}' does not exist; create it first.")


def written_scheme(manifest: Manifest, options: SegmentOptions) -> ClassScheme:
    """The model's classes, and "unclassified" where the options can make it occur."""
    scheme = manifest.class_scheme()
    if options.min_confidence == 0 or scheme.unclassified is None:
        return scheme
    unclassified = LandClass(scheme.unclassified, "unclassified", _UNCLASSIFIED_COLOR)
    return replace(scheme, classes=(*scheme.classes, unclassified))


def map_writer(output: Path, plan: RunPlan, model: Segmenter, options: SegmentOptions, workspace: Path) -> MapWriter:
    """The writer of a run's rasters."""
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
    """The writer of the coarse map."""
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
    """What measures the map's areas; None where nothing is known of the ground."""
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
