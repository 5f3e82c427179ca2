"""How a map was made, in labels and words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from magnet_geo.model import Manifest, list_models, model_hash, read_manifest
from magnet_geo.model.model_card import Cell, MetricsTable
from magnet_geo.records.refinement_record import LevelRecord
from magnet_geo.records.run_record import RunRecord
from magnet_geo.records.segment_result import ModelRecord, SegmentResult
from magnet_geo.report.contents import DataTable, Fact, RefinedLevel
from magnet_geo.report.pictures import refined_uri
from magnet_geo.report.wording import bytes_text, percent, seconds_text, side_text

_REFINE_WORDS = {
    "full": "full: every patch looked at closely",
    "fast": "fast: only patches whose coarse map was unsure",
    "off": "off: the coarse map alone",
}
_HASH_DIGITS = 16


def run_facts(record: RunRecord | None, result: SegmentResult | None, tags: dict[str, str]) -> tuple[Fact, ...]:
    """Return the facts of a run; of a map without a record, what its tags say."""
    if record is None:
        named = (("Software", tags.get("TIFFTAG_SOFTWARE")), ("Model", tags.get("MAGNET_GEO_MODEL")))
        return tuple(Fact(label, text) for label, text in named if text)
    return tuple(_of_record(record, result))


def model_facts(record: RunRecord | None) -> tuple[Fact, ...]:
    """Return the facts of the model behind a run."""
    if record is None:
        return ()
    model = record.model
    facts = [
        Fact("Model", f"{model.name} {model.version}", model.title),
        Fact("Networks", record.networks),
        Fact("Pixel size", "any" if record.model_gsd_m is None else f"{record.model_gsd_m:g} m"),
        Fact("Where it can be trusted", record.domain),
        Fact("Trained on", record.data),
        Fact("Licence", record.licence),
        Fact("SHA-256", f"{model.sha256[:_HASH_DIGITS]}…" if len(model.sha256) > _HASH_DIGITS else model.sha256),
    ]
    return tuple(fact for fact in facts if fact.text)


def find_manifest(model: ModelRecord) -> Manifest | None:
    """Return the bundled model that made a map, if it is the very same."""
    path = list_models().get(model.name)
    return read_manifest(path) if path is not None and model_hash(path) == model.sha256 else None


def model_tables(manifest: Manifest | None) -> tuple[DataTable, ...]:
    """Return the results that a model's card holds."""
    return () if manifest is None else tuple(_table(table) for table in manifest.card)


def refined_levels(record: RunRecord | None) -> tuple[RefinedLevel, ...]:
    """Return what was refined, level by level."""
    return () if record is None else tuple(_level(record, level) for level in record.levels)


def refined_counts(record: RunRecord | None) -> tuple[int, int]:
    """Return the patches of all levels, and how many of them were refined."""
    levels = () if record is None else record.levels
    return sum(level.patches for level in levels), sum(level.refined for level in levels)


def refined_note(record: RunRecord | None) -> str:
    """Return in words how much was refined."""
    if record is None:
        return "The map carries no record of how it was made, so nothing is known of its refinement."
    patches, refined = refined_counts(record)
    if not record.levels:
        return "This model has no refinement: the map is what it saw at one look."
    if refined == 0:
        return "Nothing was refined: the map is the coarse one."
    if refined == patches:
        return f"All {patches:,} patches were looked at closely, at every level."
    share = percent(refined / patches)
    return f"{refined:,} of {patches:,} patches ({share}) were looked at closely: the least sure ones."


def _of_record(record: RunRecord, result: SegmentResult | None) -> Iterator[Fact]:
    names = zip(record.band_names, record.bands, strict=True)
    yield Fact("Scene", record.scene, "" if record.gsd_m is None else f"pixels of {side_text(record.gsd_m)}")
    yield Fact("Bands", ", ".join(f"{name} from {band}" for name, band in names))
    yield Fact("Values", record.scaling)
    ratio = record.scene_pixels_per_model_pixel
    yield Fact("Read as", "pixels as they are" if ratio == 1 else f"{ratio:.3g} scene pixels per model pixel")
    yield Fact("Refinement", _refine_text(record))
    if record.min_confidence > 0:
        yield Fact("Least certainty", f"{record.min_confidence:g}; below it pixels were left unclassified")
    yield Fact("Mapped", "a part of the scene" if record.part_of_scene else "the whole scene")
    height, width = record.window
    yield Fact("Windows", f"{record.windows:,}, each {width:,} × {height:,} px, overlapping by {2 * record.halo:,} px")
    if result is not None:
        yield Fact("Time", seconds_text(result.seconds))
        yield Fact("Peak memory", bytes_text(result.peak_memory_bytes))
    yield Fact("Device", f"{record.device}, {record.precision}")
    yield Fact("Software", record.software if record.gdal is None else f"{record.software}, GDAL {record.gdal}")


def _refine_text(record: RunRecord) -> str:
    """The mode in words; what is no name is a share."""
    mode = record.refine
    if mode == "budget":
        return f"as much as a budget of time allowed: the least sure {percent(record.ranked_share or 0)} of all patches"
    return _REFINE_WORDS[mode] if mode in _REFINE_WORDS else f"the least sure {100 * float(mode):g} % of all patches"


def _level(record: RunRecord, level: LevelRecord) -> RefinedLevel:
    size = "" if level.pixel_m is None else f", pixels of {side_text(level.pixel_m)}"
    all_or_nothing = level.refined in (0, level.patches)
    return RefinedLevel(
        title=f"Level {level.level} of {len(record.levels)}{size}",
        text=f"{level.refined:,} of {level.patches:,} patches",
        share=level.share,
        picture="" if all_or_nothing or record.refined is None else refined_uri(record.refined.percents(level.level)),
    )


def _table(table: MetricsTable) -> DataTable:
    numeric = tuple(
        any(isinstance(row[index], int | float) for row in table.rows) for index in range(len(table.columns))
    )
    decimals = [_decimals([row[index] for row in table.rows]) for index in range(len(table.columns))]
    rows = tuple(tuple(_cell(cell, places) for cell, places in zip(row, decimals, strict=True)) for row in table.rows)
    return DataTable(table.title, table.columns, rows, numeric, table.note)


def _decimals(column: Sequence[Cell]) -> int:
    """Decimals that the numbers of a column need, at most four."""
    tails = (f"{cell:.4f}".rstrip("0").partition(".")[2] for cell in column if isinstance(cell, int | float))
    return max(map(len, tails), default=0)


def _cell(cell: Cell, decimals: int) -> str:
    return f"{cell:,.{decimals}f}" if isinstance(cell, int | float) else cell or ""
