"""Decisions about a run, as the user makes them; the command makes its options of the fields."""

# ruff: noqa: RUF009 - `setting` gives a dataclass field, as `field` does

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Literal

from rasterio.crs import CRS

from magnet_geo.errors import OptionError
from magnet_geo.option_fields import setting
from magnet_geo.sensors import Sensor, find_sensor

_LOCAL, _REMOTE = "local:", ("tcp://", "tls://", "ucx://", "ws://", "wss://")


@dataclass(frozen=True, slots=True)
class WorkerPlace:
    """Workers to be started here, or a cluster that runs already.

    Attributes:
        local: Processes to start on this machine; 0 for a cluster.
        address: Of the cluster's scheduler; empty for this machine.
    """

    local: int
    address: str

    @classmethod
    def parse(cls, text: str) -> WorkerPlace:
        """From ``local:N`` or ``tcp://HOST:PORT``.

        Raises:
            OptionError: It is neither.
        """
        count = text.removeprefix(_LOCAL)
        if text.startswith(_LOCAL) and count.isdecimal() and int(count) > 0:
            return cls(int(count), "")
        if text.startswith(_REMOTE):
            return cls(0, text)
        raise OptionError(f"'{text}' names no workers; give local:N, such as local:2, or tcp://HOST:PORT.")


RefineName = Literal["full", "fast", "off"]


@dataclass(frozen=True, slots=True)
class RefineMode:
    """How much of a run is refined.

    Attributes:
        mode: ``full`` MagNet, ``fast`` by the model's own rule, ``off`` for coarse only, ``share`` for the
            patches of the whole run that cover most uncertain ground.
        share: Share of the run's patches, 0-1, for mode ``share``.
    """

    mode: Literal["full", "fast", "off", "share"]
    share: float | None = None

    def __post_init__(self) -> None:
        if (self.mode == "share") != (self.share is not None):
            raise OptionError(f"A share of patches belongs to the mode 'share', not to '{self.mode}'.")
        if self.share is not None and not 0 <= self.share <= 1:
            raise OptionError(f"The share of patches to refine must lie between 0 and 1, not {self.share:g}.")

    @classmethod
    def of(cls, value: RefineMode | str | float) -> RefineMode:
        """Take a mode as it is, as text or as a number: ``"full"``, ``"fast"``, ``"off"``, ``"0.3"`` or ``0.3``.

        Raises:
            OptionError: It is none of these.
        """
        if isinstance(value, RefineMode):
            return value
        return cls("share", float(value)) if isinstance(value, int | float) else cls.parse(value)

    @classmethod
    def parse(cls, text: str) -> RefineMode:
        """From ``full``, ``fast``, ``off`` or a share between 0 and 1.

        Raises:
            OptionError: It is none of these.
        """
        for mode in ("full", "fast", "off"):
            if text == mode:
                return cls(mode)
        try:
            return cls("share", float(text))
        except ValueError as error:
            if isinstance(error, OptionError):
                raise
            raise OptionError(f"'{text}' is neither full, fast, off nor a share between 0 and 1.") from error


def _take_texts_as_paths(record: object, *names: str) -> None:
    """Whoever has no type checker writes ``confidence="certainty.tif"``."""
    for name in names:
        value = getattr(record, name)
        object.__setattr__(record, name, None if value is None else Path(value))


@dataclass(frozen=True, slots=True)
class Area:
    """An area of interest, as a box or as a vector file.

    Attributes:
        bounds: Left, bottom, right, top.
        bounds_crs: CRS of the box; None for the scene's.
        vector: Vector file with polygons, in any CRS.
    """

    bounds: tuple[float, float, float, float] | None = setting(None, "Area of interest: left, bottom, right, top.")
    bounds_crs: CRS | None = setting(None, "CRS of `bounds`.  [default: the scene's]")
    vector: Path | None = setting(None, "Area of interest: polygons of a vector file.", kind="file")

    def __post_init__(self) -> None:
        _take_texts_as_paths(self, "vector")
        if self.bounds_crs is not None and self.bounds is None:
            raise OptionError("`bounds_crs` needs `bounds`.")
        if self.bounds is not None and self.vector is not None:
            raise OptionError("Give either `bounds` or `vector`, not both.")
        if self.bounds is None and self.vector is None:
            raise OptionError("Give the area of interest as `bounds` or as `vector`.")


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """Decisions about one run of `segment_scene`.

    Attributes:
        bands: Scene bands for the model's bands, 1-based; None to find them.
        sensor: Name of what took the scene, which says what undescribed bands are, what values mean and which value is
            missing; None where the file says enough.
        gsd: Pixel size of the scene in metres where the file is silent, ``"native"`` to take pixels as they
            are, None to measure it.
        crs: Replaces the scene's CRS.
        open_options: GDAL open options.
        scaling: ``"auto"``, ``"none"`` or (min, max) of the native values.
        nodata: Replaces the scene's nodata value.
        area: What to map; None for the whole scene.
        refine: How much is refined: ``"full"``, ``"fast"``, ``"off"``, or a share of the patches such as ``0.3``; None
            for the model's default.
        budget_s: Seconds a run may take: as many patches are refined as fit, most uncertain ground first; None for no
            limit.
        min_confidence: Certainty below which a pixel becomes unclassified, 0-1.
        preview: Where to write the coarse map before refinement.
        confidence: Where to write the certainty.
        probabilities: Where to write the probabilities of the classes.
        stages: Folder for the map after every stage.
        batch_size: Patches per forward pass; None to choose.
        max_memory: Limit of main memory in bytes; None for no limit.
        max_vram: Limit of GPU memory in bytes; None for what is free.
        threads: CPU threads of the networks; None for PyTorch's choice.
        overwrite: Whether existing outputs may be replaced.
        resume: Whether to go on where an interrupted run of the same map stopped.
        creation_options: GDAL creation options of the class raster.
    """

    bands: tuple[int, ...] | None = setting(
        None, "Scene bands for the model's, such as 3,2,1.  [default: found by name]"
    )
    sensor: str | None = setting(
        None,
        "What took the scene: says what undescribed bands are, what values mean, which value is missing.",
    )
    gsd: float | Literal["native"] | None = setting(
        None, "Pixel size where the file is silent; 'native' takes pixels as they are."
    )
    crs: CRS | None = setting(None, "CRS where the file's is missing or wrong.")
    open_options: tuple[tuple[str, str], ...] = setting((), "GDAL open option.")
    scaling: Literal["auto", "none"] | tuple[float, float] = setting("auto", "Native values to the model's.")
    nodata: float | None = setting(None, "Nodata value in place of the file's.")
    area: Area | None = setting(None, "Area of interest.")
    refine: RefineMode | Literal["full", "fast", "off"] | float | None = setting(
        None, "How much is refined; full is most accurate.  [default: the model's]"
    )
    budget_s: float | None = setting(None, "Time for a scene, spent on its least certain ground.", kind="seconds")
    min_confidence: float = setting(
        0.0, "Certainty below which a pixel is left unclassified (value 0).", least=0, most=1
    )
    preview: Path | None = setting(None, "Write the coarse map here first.")
    confidence: Path | None = setting(None, "Write the certainty here (0-254 = 0-1, 255 nodata).")
    probabilities: Path | None = setting(None, "Write the classes' probabilities here, same scale.")
    stages: Path | None = setting(None, "Folder for the map after every stage.")
    batch_size: int | None = setting(None, "Patches per network pass.  [default: chosen]", least=1)
    max_memory: int | None = setting(None, "Limit of main memory, kept whatever the scene's size.", kind="bytes")
    max_vram: int | None = setting(None, "Limit of GPU memory.", kind="bytes")
    threads: int | None = setting(None, "CPU threads of the networks.", least=1)
    overwrite: bool = setting(False, "Replace existing outputs.")
    resume: bool = setting(True, "Go on where an interrupted run of the same map stopped.")
    creation_options: tuple[tuple[str, str], ...] = setting((), "GDAL creation option (COG driver).")

    @property
    def known_sensor(self) -> Sensor | None:
        """The sensor that is named, or None."""
        return None if self.sensor is None else find_sensor(self.sensor)

    def __post_init__(self) -> None:
        mode = None if self.refine is None else RefineMode.of(self.refine)
        object.__setattr__(self, "refine", mode)
        _take_texts_as_paths(self, "preview", "confidence", "probabilities", "stages")
        if self.sensor is not None:
            find_sensor(self.sensor)
        if not 0 <= self.min_confidence <= 1:
            raise OptionError(f"The least confidence must lie between 0 and 1, not {self.min_confidence:g}.")
        if self.budget_s is not None and not 0 < self.budget_s < inf:
            raise OptionError(f"The time budget must be a positive number of seconds, not {self.budget_s:g}.")
        if self.budget_s is not None and mode is not None and mode.mode != "full":
            raise OptionError("`budget_s` decides how much is refined: leave `refine` out, or write `refine='full'`.")
        if isinstance(self.gsd, float | int) and not self.gsd > 0:
            raise OptionError(f"The pixel size must be a positive number of metres, not {self.gsd:g}.")
        for name, number in (("batch size", self.batch_size), ("number of threads", self.threads)):
            if number is not None and number < 1:
                raise OptionError(f"The {name} must be at least 1, not {number}.")
