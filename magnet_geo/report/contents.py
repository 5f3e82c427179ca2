"""What a report says, as values ready to be set in type."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what it stands for; the note, if any, says how to read it."""

    label: str
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning.

    Attributes:
        title: What it is about.
        text: The warning as the run gave it.
        meaning: What follows from it for the reader of the map.
    """

    title: str
    text: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """Length of the whole picture on the ground, and the bar drawn at first."""

    across_m: float
    share: float
    label: str


@dataclass(frozen=True, slots=True)
class MapPicture:
    """The scene, the map and its certainty, all of one size.

    Attributes:
        width: Columns of the pictures.
        height: Rows.
        aspect: Width to height on the ground.
        classes: Data URI of the map, a PNG of class values.
        empty: Value in it of what is not mapped.
        scene: Data URI of the scene; empty without one.
        certainty: Data URI of the certainty; empty without one.
        scale_bar: Its bar; None where nothing is known of the ground.
        upper_left: Coordinates of the corner, in words; empty without a georeference.
        lower_right: Likewise.
        transform: World coordinates of a place in the picture, from 0 to 1 across and down: x = a u + b v + c, then y.
        decimals: Of the coordinates.
        turned: Whether north is not up.
        reduced: How many pixels of the map make one of the picture.
        credit: Who made what is seen.
    """

    width: int
    height: int
    aspect: float
    classes: str
    empty: int
    scene: str
    certainty: str
    scale_bar: ScaleBar | None
    upper_left: str
    lower_right: str
    transform: tuple[float, float, float, float, float, float] | None
    decimals: int
    turned: bool
    reduced: float
    credit: str


@dataclass(frozen=True, slots=True)
class PatchBin:
    """Patches of one class within one power of ten: how many, and their share of the class's area, 0-1."""

    count: int
    share: float


@dataclass(frozen=True, slots=True)
class ClassCertainty:
    """How sure the model is of a class: mean certainty, share below a half, and the share of each tenth, all 0-1."""

    mean: float
    unsure: float
    tenths: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class.

    Attributes:
        value: On the map.
        name: What people call it.
        color: ``#rrggbb``.
        pixels: How many.
        share: Of the mapped area, 0-1.
        length: Of its bar, 0-1: the largest class's is 1.
        area: In the report's unit.
        patches: Connected regions.
        largest: Area of the largest one.
        bins: Its patches by power of ten.
        certainty: None without a certainty raster.
    """

    value: int
    name: str
    color: str
    pixels: int
    share: float
    length: float
    area: str
    patches: int
    largest: str
    bins: tuple[PatchBin, ...]
    certainty: ClassCertainty | None


@dataclass(frozen=True, slots=True)
class RefinedLevel:
    """What was refined at one level.

    Attributes:
        title: The level in words.
        text: How much of it.
        share: Of its patches, 0-1.
        picture: Data URI of where; empty where all or nothing was refined.
    """

    title: str
    text: str
    share: float
    picture: str


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table of text; in a numeric column everything is set to the right."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReportContents:
    """A whole report.

    Attributes:
        title: Headline.
        subtitle: Facts under it.
        made: When and by what the report was made.
        figures: The few numbers everyone wants.
        notices: Warnings; None where no record of a run says whether there were any.
        picture: The map.
        area_unit: Of the areas.
        area_note: How they were measured.
        total: Mapped area and pixels, as in the class table.
        classes: By area, largest first.
        decades: Heads of the patch-size columns.
        refined: Level by level, coarse to fine.
        refined_note: How much was refined, in words.
        accuracy: Tables of measured accuracy.
        accuracy_note: How to read them, or that there are none.
        run: How the map was made.
        model: The model.
        model_tables: Its own measured results.
        caveats: What the reader should keep in mind.
    """

    title: str
    subtitle: tuple[str, ...]
    made: str
    figures: tuple[Fact, ...]
    notices: tuple[Notice, ...] | None
    picture: MapPicture
    area_unit: str
    area_note: str
    total: tuple[str, str]
    classes: tuple[ClassRow, ...]
    decades: tuple[str, ...]
    refined: tuple[RefinedLevel, ...]
    refined_note: str
    accuracy: tuple[DataTable, ...]
    accuracy_note: str
    run: tuple[Fact, ...]
    model: tuple[Fact, ...]
    model_tables: tuple[DataTable, ...]
    caveats: tuple[str, ...]
