"""`RunRecord`: what a run leaves in its map, so that a report can be made of the map alone.

It holds only what follows from scene, model, options and device: the same run gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from magnet_geo._version import __version__
from magnet_geo.errors import SceneError
from magnet_geo.records.refinement_record import LevelRecord, RefinedGrid
from magnet_geo.records.segment_result import ModelRecord

RUN_TAG = "MAGNET_GEO_RUN"
_VERSION = 1


class RunRecord(BaseModel):
    """A run, as its class raster carries it in a tag.

    Attributes:
        version: Of this record.
        software: Name and version of the program.
        gdal: Version of GDAL that wrote the map; null in maps of older versions of the program.
        scene: Name of the scene's file.
        model: The model.
        model_gsd_m: Pixel size of the model in metres; null for any.
        networks: Backbone and refinement module.
        domain: Where the model can be trusted.
        licence: Terms of the model's weights.
        data: What the model was trained on.
        bands: Scene bands for the model's bands, 1-based.
        band_names: The model's bands.
        scaling: How values were scaled, in words.
        gsd_m: Pixel size of the scene; null where unknown.
        scene_pixels_per_model_pixel: 1 where pixels were taken as they are.
        refine: ``full``, ``fast``, ``off``, a share, or ``budget`` for what a budget of time allowed.
        ranked_share: Share of the patches that was refined, 0-1, where they were ranked over the whole run: by a share
            or a budget.
        min_confidence: Certainty below which pixels were left unclassified; 0 for none.
        part_of_scene: Whether an area of interest limited the run.
        windows: Windows of the plan.
        window: Height and width of a window in scene pixels.
        halo: Pixels of a window dropped on each inner side.
        device: Where the networks ran.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        levels: What was refined, level by level.
        refined: Where; null for a coarse-only model.
        warnings: Sentences for the user.
    """

    model_config = ConfigDict(frozen=True)

    version: int = _VERSION
    software: str = f"magnet-geo {__version__}"
    gdal: str | None = None
    scene: str
    model: ModelRecord
    model_gsd_m: float | None
    networks: str
    domain: str
    licence: str
    data: str
    bands: tuple[int, ...]
    band_names: tuple[str, ...]
    scaling: str
    gsd_m: float | None
    scene_pixels_per_model_pixel: float
    refine: str
    ranked_share: float | None = None
    min_confidence: float
    part_of_scene: bool
    windows: int
    window: tuple[int, int]
    halo: int
    device: str
    precision: str
    levels: tuple[LevelRecord, ...]
    refined: RefinedGrid | None
    warnings: tuple[str, ...]

    @model_validator(mode="after")
    def _lists_agree(self) -> Self:
        if len(self.bands) != len(self.band_names):
            raise ValueError(f"{len(self.bands)} bands have {len(self.band_names)} names")
        if self.refined is not None and len(self.refined.levels) != len(self.levels):
            raise ValueError(f"{len(self.refined.levels)} levels are drawn and {len(self.levels)} told")
        return self


def read_run_record(tags: Mapping[str, str], *, name: str) -> RunRecord | None:
    """Return the record among the tags of a raster; None where there is none.

    Args:
        tags: Of the dataset.
        name: What a message calls the raster.

    Raises:
        SceneError: It is of a newer version, or damaged.
    """
    text = tags.get(RUN_TAG)
    if text is None:
        return None
    try:
        return RunRecord.model_validate_json(text)
    except ValidationError as error:
        raise SceneError(
            f"The record of its run in '{name}' cannot be read: it is damaged, or of another version of magnet-geo "
            f"than this one ({__version__})."
        ) from error
