"""What `magnet-geo segment` is asked for: from the user's choices to its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

DEFAULT_MODEL = "landcover"


@dataclass(frozen=True)
class SceneSource:
    """A raster as the engine opens it.

    Attributes:
        path: File, or GDAL's name for something else.
        open_options: GDAL open options, ``NAME=VALUE``.
        crs: CRS that the user gave the layer where the file says another or none; empty otherwise.
    """

    path: str
    open_options: tuple[str, ...] = ()
    crs: str = ""

    def arguments(self) -> list[str]:
        """The scene with its options, as `segment` and `info` take them."""
        arguments = [argument for option in self.open_options for argument in ("--oo", option)]
        if self.crs:
            arguments += ["--crs", self.crs]
        return [*arguments, "--", self.path]


@dataclass(frozen=True)
class Box:
    """A rectangle in a CRS, west and south first."""

    left: float
    bottom: float
    right: float
    top: float
    crs: str = ""

    def arguments(self) -> list[str]:
        """As `--bbox`; with an equals sign, since a negative number looks like an option."""
        numbers = ",".join(f"{value:.12g}" for value in (self.left, self.bottom, self.right, self.top))
        return [f"--bbox={numbers}", *(["--bbox-crs", self.crs] if self.crs else [])]


@dataclass(frozen=True)
class SegmentRequest:
    """One run of `magnet-geo segment`.

    Attributes:
        scene: What to map.
        output: The class raster.
        model: Bundled name or file.
        bands: Scene bands for the model's, 1-based; empty lets the engine find them.
        box: Rectangle to map.
        polygons_area: Vector file whose polygons are mapped.
        refine: full, fast, off, a share such as 0.25, or empty for the model's own choice.
        min_confidence: Certainty below which a pixel is left unclassified.
        gsd: Pixel size where the file is silent: metres or native.
        scaling: Native values to the model's; empty for the engine's own choice.
        device: Where to compute; empty for the engine's own choice.
        max_memory: Limit such as 4GB; empty for none.
        preview: File for the coarse map.
        confidence: File for the certainty.
        probabilities: File for the classes' probabilities.
        overwrite: Whether existing outputs are replaced.
        resume: Whether the run goes on where an interrupted one stopped.
    """

    scene: SceneSource
    output: str
    model: str = DEFAULT_MODEL
    bands: tuple[int, ...] = ()
    box: Optional[Box] = None
    polygons_area: str = ""
    refine: str = ""
    min_confidence: float = 0.0
    gsd: str = ""
    scaling: str = ""
    device: str = ""
    max_memory: str = ""
    preview: str = ""
    confidence: str = ""
    probabilities: str = ""
    overwrite: bool = True
    resume: bool = True

    def arguments(self) -> list[str]:
        """The command's arguments, without those for progress."""
        arguments = ["segment", "-o", self.output, *self.reading_arguments()]
        if self.polygons_area:
            arguments += ["--aoi", self.polygons_area]
        elif self.box is not None:
            arguments += self.box.arguments()
        if self.min_confidence > 0:
            arguments += ["--min-confidence", f"{self.min_confidence:.6g}"]
        named = {
            "--refine": self.refine,
            "--scaling": self.scaling,
            "--device": self.device,
            "--max-memory": self.max_memory,
            "--preview": self.preview,
            "--confidence": self.confidence,
            "--probabilities": self.probabilities,
        }
        arguments += [part for name, value in named.items() if value for part in (name, value)]
        if self.overwrite:
            arguments.append("--overwrite")
        if not self.resume:
            arguments.append("--no-resume")
        return arguments + self.scene.arguments()

    def reading_arguments(self) -> list[str]:
        """What `info` takes too: model, bands, pixel size."""
        arguments = ["--model", self.model or DEFAULT_MODEL]
        if self.bands:
            arguments += ["--bands", ",".join(map(str, self.bands))]
        if self.gsd:
            arguments += ["--gsd", self.gsd]
        return arguments

    def info_arguments(self) -> list[str]:
        """How the scene would be read."""
        return ["info", "--json", *self.reading_arguments(), *self.scene.arguments()]


def refine_argument(choice: str, share: float) -> str:
    """The value of `--refine` for a choice: model, full, fast, off or share (0-1)."""
    if choice == "model":
        return ""
    return f"{share:.4g}" if choice == "share" else choice


def slider_refinement(position: int, steps: int) -> str:
    """The value of `--refine` for a slider's position, from 0 (coarse) to ``steps`` (full)."""
    if position <= 0:
        return "off"
    return "full" if position >= steps else f"{position / steps:.4g}"
