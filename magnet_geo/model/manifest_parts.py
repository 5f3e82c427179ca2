"""The parts of a manifest: what a model file says about its network, classes, pixels and rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any, Literal, NotRequired, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    ValidatorFunctionWrapHandler,
    model_validator,
)
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict

from magnet_geo.classes import LandClass
from magnet_geo.grid import MagnificationPyramid, PyramidManner, Size
from magnet_geo.normalization import Normalization, TrainedScaling

OwnT = TypeVar("OwnT")

# Model files come from strangers: text without control characters cannot steer a terminal.
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]
Paragraph = Annotated[str, Field(pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$")]
Pixels = Annotated[int, Field(ge=1, le=65536)]


class Part(BaseModel):
    """Base of everything in a manifest: frozen, no unknown fields, finite numbers."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Architecture(Part):
    """Which networks the weights belong to.

    Attributes:
        backbone: Name of the segmentation backbone.
        refinement: Name of the refinement module; None for a coarse-only model.
        refinement_per_level: True where each level from 1 on has weights of its own.
        num_classes: Channels of the logits.
        in_channels: Bands of the images.
    """

    backbone: Line
    refinement: Line | None
    refinement_per_level: bool = False
    num_classes: int = Field(ge=2, le=255)
    in_channels: int = Field(default=3, ge=1, le=64)


class GraphEntry(Part):
    """A foreign ONNX graph in the place of networks.

    Attributes:
        layout: How its images and maps lie: ``nchw`` (channels, rows, columns) or ``nhwc``.
        output: What it gives: ``logits`` or ``probabilities`` of the classes; one channel alone speaks of the second of
            two classes.
    """

    layout: Literal["nchw", "nhwc"] = "nchw"
    output: Literal["logits", "probabilities"]


class _Entry(TypedDict):
    """A value of the package as a manifest writes it: no unknown fields, finite numbers."""

    __pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)  # type: ignore[misc]


class ClassEntry(_Entry):
    """One class; the list's order is the order of the network's channels.

    Attributes:
        value: Pixel value in the output, 0-255.
        name: What people call it.
        color: ``#rrggbb``, lower case.
    """

    value: int
    name: Line
    color: Line


class ScalingEntry(_Entry):
    """Native pixel values of the training data and how they became 0-255.

    Attributes:
        dtype: Pixel type of the training data, as numpy names it.
        low: Value that became 0, per band.
        high: Value that became 255, per band.
        unit: Whether these are native values or reflectances, 0-1, which a sensor or the scene's file turns into native
            ones.
    """

    dtype: NotRequired[
        Annotated[
            Literal["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"],
            Field(json_schema_extra={"default": "uint8"}),
        ]
    ]
    low: tuple[float, ...]
    high: tuple[float, ...]
    unit: NotRequired[Annotated[Literal["native", "reflectance"], Field(json_schema_extra={"default": "native"})]]


class NormalizationEntry(_Entry):
    """Mean and standard deviation of the training data, of values divided by 255.

    Attributes:
        mean: One value per band.
        std: One positive value per band.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]


class PyramidEntry(_Entry):
    """Levels of one MagNet image; every pair is ``[height, width]`` in model pixels.

    Attributes:
        levels: Whole image at each level, coarse to fine.
        patch: What is cut out of a level.
        network_input: What a patch is resized to before the network.
        manner: ``published`` or ``decimation``.
    """

    levels: tuple[tuple[Pixels, Pixels], ...]
    patch: tuple[Pixels, Pixels]
    network_input: tuple[Pixels, Pixels]
    manner: PyramidManner


def _written_as(
    entry: type[Any], own: type[OwnT], *, read: Callable[..., OwnT], write: Callable[[OwnT], Mapping[str, Any]]
) -> GetPydanticSchema:
    """Have a field hold a value of the package, and a file its entry.

    Args:
        entry: What a file holds.
        own: Type of the value.
        read: Makes the value of the entry's fields; a ValueError is the entry's fault.
        write: Makes an entry of the value.
    """

    def check(value: object, as_entry: ValidatorFunctionWrapHandler) -> OwnT:
        return value if isinstance(value, own) else read(**as_entry(value))

    def schema(_: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        written = core_schema.plain_serializer_function_ser_schema(write)
        return core_schema.no_info_wrap_validator_function(check, handler.generate_schema(entry), serialization=written)

    return GetPydanticSchema(schema)


def _read_pyramid(
    levels: Sequence[tuple[int, int]], patch: tuple[int, int], network_input: tuple[int, int], manner: PyramidManner
) -> MagnificationPyramid:
    sizes = tuple(Size(height, width) for height, width in levels)
    return MagnificationPyramid(sizes, Size(*patch), Size(*network_input), manner)


def _write_pyramid(pyramid: MagnificationPyramid) -> dict[str, Any]:
    return {
        "levels": tuple((level.height, level.width) for level in pyramid.levels),
        "patch": (pyramid.patch.height, pyramid.patch.width),
        "network_input": (pyramid.network_input.height, pyramid.network_input.width),
        "manner": pyramid.manner,
    }


def _write_scaling(scaling: TrainedScaling) -> dict[str, Any]:
    return {"dtype": scaling.dtype, "low": scaling.low, "high": scaling.high, "unit": scaling.unit}


ClassField = Annotated[LandClass, _written_as(ClassEntry, LandClass, read=LandClass, write=asdict)]
ScalingField = Annotated[
    TrainedScaling, _written_as(ScalingEntry, TrainedScaling, read=TrainedScaling, write=_write_scaling)
]
NormalizationField = Annotated[
    Normalization, _written_as(NormalizationEntry, Normalization, read=Normalization, write=asdict)
]
PyramidField = Annotated[
    MagnificationPyramid,
    _written_as(PyramidEntry, MagnificationPyramid, read=_read_pyramid, write=_write_pyramid),
]


class PointSelection(Part):
    """How many points of a level take the refined prediction.

    Attributes:
        n_points: At most 1: a share of the refined patches' pixels; above 1: a count of pixels.
        smooth_kernel: Side of the median filter over the error score, odd, in score cells.
        points_per: Whether the points of all patches compete (``image``, where the pyramid's manner is published) or
            those of each patch (``patch``, where it is decimation).
        cell_px: Side of a score cell in pixels, where points compete per patch.
        fade_px: Pixels inside a border with another patch over which the refined prediction fades to the
            cumulative one, where points compete per patch.
    """

    n_points: float = Field(gt=0)
    smooth_kernel: int = Field(ge=1, le=31)
    points_per: Literal["image", "patch"]
    cell_px: int = Field(default=4, ge=1)
    fade_px: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _check(self) -> PointSelection:
        if self.n_points > 1 and self.n_points != int(self.n_points):
            raise ValueError(f"n_points above 1 is a count of pixels and must be whole, not {self.n_points}.")
        if self.smooth_kernel % 2 == 0:
            raise ValueError(f"smooth_kernel must be odd, not {self.smooth_kernel}.")
        return self


class FastSelection(PointSelection):
    """Point selection of MagNet-Fast and its choice of patches: a count or thresholds, one of the two.

    Attributes:
        n_patches: Patches refined at each level, the most uncertain first.
        patch_thresholds: Mean uncertainty from which a patch is refined, one per level from 1 on.
    """

    n_patches: int | None = Field(default=None, ge=1)
    patch_thresholds: tuple[Annotated[float, Field(ge=0, le=1)], ...] | None = None

    @model_validator(mode="after")
    def _check_patches(self) -> FastSelection:
        if (self.n_patches is None) == (self.patch_thresholds is None):
            raise ValueError("give either n_patches or patch_thresholds, not both and not neither.")
        return self


class Selection(Part):
    """The rules of full MagNet and MagNet-Fast.

    Attributes:
        default: The mode used when the user names none.
        full: Every patch is refined.
        fast: Only the most uncertain patches are refined; None where the model offers no such mode.
    """

    default: Literal["full", "fast"] = "full"
    full: PointSelection
    fast: FastSelection | None = None

    @model_validator(mode="after")
    def _check(self) -> Selection:
        if self.default == "fast" and self.fast is None:
            raise ValueError("the default mode is fast, but there is no rule for it.")
        return self
