"""`Manifest`: everything a model file says about itself, valid once it exists."""

from __future__ import annotations

from collections.abc import Mapping
from json import loads
from typing import Any

from pydantic import Field, ValidationError, model_validator

from magnet_geo.classes import ClassScheme
from magnet_geo.errors import ModelError
from magnet_geo.grid import PyramidManner
from magnet_geo.model.manifest_parts import (
    Architecture,
    ClassField,
    GraphEntry,
    Line,
    NormalizationField,
    Paragraph,
    Part,
    PyramidField,
    ScalingField,
    Selection,
)
from magnet_geo.model.model_card import BandStatistics, MetricsTable

FORMAT_VERSION = 1
RGB = ("red", "green", "blue")
#: Name of the backbone of a foreign model, which is no network of ours.
GRAPH_BACKBONE = "onnx"


class Manifest(Part):
    """What a model is, wants and promises.

    Attributes:
        format_version: Version of this record.
        name: Short name, as given to ``--model``.
        title: One line for people.
        version: The model's own version.
        description: What it maps, in a few sentences.
        domain: Where it can be trusted and where not.
        architecture: The networks.
        graph: How a foreign ONNX graph is run in their place; None for networks of our own.
        classes: Classes in channel order.
        nodata: Pixel value where the scene is not valid.
        uncounted_values: Class values left out of the mean IoU.
        bands: Names of the bands, in channel order.
        scaling: Native values to 0-255.
        normalization: Mean and standard deviation of values divided by 255.
        gsd_m: Pixel size the model was trained at, in metres; None takes pixels as they are.
        pyramid: Levels and patches.
        halo_px: Pixels dropped on each inner side of a window, in model pixels.
        selection: Rules of full MagNet and MagNet-Fast; None for a coarse-only model.
        temperature: Divides the logarithm of the final probabilities; 1 leaves them as they are.
        training_statistics: Per band, empty where unknown.
        training_spread: Of the difference between a pixel's highest and lowest band, in values scaled to 0-255:
            how colorful the training data are; None where unknown.
        expected_certainty: Mean certainty of maps of the validation scenes, 0-1; None where unknown.
        licence: Terms of the weights.
        data: What it was trained on, and its terms.
        card: Measured results.
    """

    format_version: int = Field(default=FORMAT_VERSION, ge=1, le=FORMAT_VERSION)
    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._+-]*$")
    title: Line
    version: Line
    description: Paragraph = ""
    domain: Paragraph = ""
    architecture: Architecture
    graph: GraphEntry | None = None
    classes: tuple[ClassField, ...]
    nodata: int = 255
    uncounted_values: tuple[int, ...] = ()
    bands: tuple[Line, ...] = RGB
    scaling: ScalingField
    normalization: NormalizationField
    gsd_m: float | None = Field(default=None, gt=0)
    pyramid: PyramidField
    halo_px: int = Field(default=0, ge=0)
    selection: Selection | None = None
    temperature: float = Field(default=1.0, gt=0)
    training_statistics: tuple[BandStatistics, ...] = ()
    training_spread: BandStatistics | None = None
    expected_certainty: float | None = Field(default=None, gt=0, le=1)
    licence: Paragraph
    data: Paragraph = ""
    card: tuple[MetricsTable, ...] = ()

    @classmethod
    def from_json(cls, text: str, *, source: str = "The manifest") -> Manifest:
        """Read a manifest.

        Args:
            text: JSON object.
            source: What an error message calls it, at the start of a sentence.

        Raises:
            ModelError: It is no manifest, of a newer version, or a field is wrong.
        """
        try:
            values = loads(text)
        except (ValueError, RecursionError) as error:
            raise ModelError(f"{source} is not JSON ({error}); write the model file again.") from error
        return cls.from_values(values, source=source)

    @classmethod
    def from_values(cls, values: object, *, source: str = "The manifest") -> Manifest:
        """Check values and make a manifest of them.

        Args:
            values: Mapping from field names to plain values.
            source: What an error message calls it, at the start of a sentence.

        Raises:
            ModelError: It is no mapping, of a newer version, or a field is wrong.
        """
        found = values.get("format_version", FORMAT_VERSION) if isinstance(values, Mapping) else None
        if isinstance(found, int) and found > FORMAT_VERSION:
            raise ModelError(
                f"{source} is a manifest of a newer version ({found}; this package reads up to "
                f"{FORMAT_VERSION}); update magnet-geo."
            )
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            raise ModelError(f"{source} is not valid: {_first_fault(error)}") from error

    def changed(self, **updates: Any) -> Manifest:
        """Return a checked copy with some fields replaced.

        Args:
            updates: New values by field name.

        Raises:
            ModelError: The new values do not fit.
        """
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).from_values(values | updates, source=f"The changed manifest of '{self.name}'")

    def without_refinement(self) -> Manifest:
        """Return the same model, coarse only."""
        values = self.architecture.model_dump() | {"refinement": None, "refinement_per_level": False}
        return self.changed(architecture=values, selection=None)

    def to_json(self) -> str:
        """Return the manifest as one line of JSON."""
        return self.model_dump_json()

    @property
    def refined_levels(self) -> range:
        """Levels that are refined: from 1 on, none for a coarse-only model."""
        return range(1, len(self.pyramid.levels) if self.architecture.refinement else 1)

    @property
    def counted_indices(self) -> tuple[int, ...]:
        """Class indices that count in the mean IoU."""
        return tuple(index for index, entry in enumerate(self.classes) if entry.value not in self.uncounted_values)

    def class_scheme(self) -> ClassScheme:
        """Classes and nodata as the package's own value."""
        return ClassScheme(self.classes, self.nodata)

    @model_validator(mode="after")
    def _check_classes(self) -> Manifest:
        scheme = self.class_scheme()
        if len(scheme) != self.architecture.num_classes:
            raise ValueError(f"{len(scheme)} classes do not fit num_classes {self.architecture.num_classes}.")
        unknown = sorted(set(self.uncounted_values) - {entry.value for entry in self.classes})
        if unknown:
            raise ValueError(f"uncounted_values {unknown} are no class's value.")
        if not self.counted_indices:
            raise ValueError("uncounted_values leaves no class to count.")
        return self

    @model_validator(mode="after")
    def _check_bands(self) -> Manifest:
        bands = self.architecture.in_channels
        if len(set(self.bands)) != len(self.bands):
            raise ValueError(f"bands must be unique, not {', '.join(self.bands)}.")
        counts = {
            "bands": len(self.bands),
            "scaling": len(self.scaling.low),
            "normalization": len(self.normalization.mean),
            "training_statistics": len(self.training_statistics) or bands,
        }
        for field, count in counts.items():
            if count != bands:
                raise ValueError(f"{field} speaks of {count} bands, but in_channels is {bands}.")
        return self

    @model_validator(mode="after")
    def _check_graph(self) -> Manifest:
        if (self.graph is None) == (self.architecture.backbone == GRAPH_BACKBONE):
            raise ValueError(f"a graph and the backbone '{GRAPH_BACKBONE}' belong together: give both or neither.")
        if self.graph is not None and (self.architecture.refinement or len(self.pyramid.levels) > 1):
            raise ValueError("a foreign graph has one level and no refinement.")
        return self

    @model_validator(mode="after")
    def _check_levels(self) -> Manifest:
        window = self.pyramid.window
        if 4 * self.halo_px > min(window.height, window.width):
            raise ValueError(
                f"halo_px {self.halo_px} is more than a quarter of a window of {window.height} x {window.width} pixels."
            )
        if (self.architecture.refinement is None) != (self.selection is None):
            raise ValueError("a refinement and a selection belong together: give both or neither.")
        rules = (self.selection.full, self.selection.fast) if self.selection else ()
        points = {rule.points_per for rule in rules if rule is not None}
        published = self.pyramid.manner is PyramidManner.PUBLISHED
        if points - {"image" if published else "patch"}:
            raise ValueError(
                "points_per 'image' and a pyramid of manner 'published' belong together, and so do 'patch' and "
                f"'decimation', whose patches never overlap; this pyramid is of manner '{self.pyramid.manner}'."
            )
        fades = [rule.fade_px for rule in rules if rule is not None and rule.fade_px]
        if fades and ("image" in points or 2 * max(fades) > min(self.pyramid.patch.height, self.pyramid.patch.width)):
            raise ValueError(f"fade_px {max(fades)} needs points_per 'patch' and patches of twice that side.")
        thresholds = self.selection.fast.patch_thresholds if self.selection and self.selection.fast else None
        if thresholds is not None and len(thresholds) != len(self.refined_levels):
            raise ValueError(
                f"{len(thresholds)} patch_thresholds do not fit {len(self.refined_levels)} refined levels."
            )
        return self


def _first_fault(error: ValidationError) -> str:
    faults = error.errors(include_url=False)
    place = ".".join(str(step) for step in faults[0]["loc"]) or "the fields together"
    text = faults[0]["msg"].removeprefix("Value error, ").rstrip(".")
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{place}: {text}{more}."
