"""Writes the cards of the bundled models as pages: python docs/make_model_cards.py."""

from __future__ import annotations

from pathlib import Path

from magnet_geo.model import Manifest, list_models, read_manifest

FOLDER = Path(__file__).parent / "models"
#: What was found out after a model was made; its file stays as it is, for maps name it by its hash.
NOTES = {
    "landcover": "In the training of this model a black pixel of an image, 0 in a band, counted as 1 there (0 was kept "
    "for padding). Maps are made of the pixels as they are: on scenes with deep shadow the two differ by 1 of 255."
}


def cards() -> dict[str, str]:
    """Text of each page by file name."""
    return {f"{name}.md": card(read_manifest(path)) for name, path in list_models().items()}


def card(manifest: Manifest) -> str:
    """One model's page."""
    facts = [
        ("bands", ", ".join(manifest.bands)),
        ("pixel size", f"{manifest.gsd_m:g} m" if manifest.gsd_m else "any"),
        (
            "window",
            f"{manifest.pyramid.window.height} x {manifest.pyramid.window.width}"
            + f" px, {len(manifest.pyramid.levels)} levels",
        ),
        ("networks", f"{manifest.architecture.backbone}, refinement: {manifest.architecture.refinement}"),
        ("temperature of the probabilities", f"{manifest.temperature:g}"),
    ]
    tables = [_table(t.title, t.columns, t.rows, t.note) for t in manifest.card]
    classes = [(str(c.value), c.name, c.color) for c in manifest.classes]
    pictures = [
        f"![{path.stem.replace('_', ', ')}]({path.name})" for path in sorted(FOLDER.glob(f"{manifest.name}_*.png"))
    ]
    sections = [
        f"# {manifest.name} {manifest.version}",
        manifest.title + ".",
        manifest.description,
        _table("Facts", ("", ""), facts, ""),
        _table("Classes", ("value", "name", "color"), classes, ""),
        f"## Where it can be trusted\n\n{manifest.domain}",
        *tables,
        *pictures,
        *([f"## Since\n\n{NOTES[manifest.name]}"] if manifest.name in NOTES else []),
        f"## Data\n\n{manifest.data}",
        f"## Licence\n\n{manifest.licence}",
    ]
    return "\n\n".join(sections) + "\n"


def _table(title: str, columns: tuple[str, ...], rows: list | tuple, note: str) -> str:
    head = f"| {' | '.join(columns)} |\n|{' --- |' * len(columns)}"
    body = "\n".join(f"| {' | '.join(map(str, row))} |" for row in rows)
    return f"## {title}\n\n{head}\n{body}" + (f"\n\n{note}" if note else "")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, text in cards().items():
        (FOLDER / name).write_text(text)
