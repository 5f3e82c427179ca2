"""Writes the page of the Python functions from their docstrings: python docs/make_python_reference.py.

The examples follow each other, in one folder; tests/test_docs.py runs them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import magnet_geo

PAGE = Path(__file__).parent / "reference" / "python.md"
_INTRODUCTION = """# Python

Every step is a function; written by `docs/make_python_reference.py` from the docstrings. The examples follow each
other and run as they stand (`tests/test_docs.py` does), in a folder with the repository's example scene (`scene.tif`)
and its labels (`labels.gpkg`). Paths may be texts or `pathlib.Path`s. Errors are `magnet_geo.MagnetGeoError`s with a
sentence for people; `magnet_geo.errors` holds the tree. `progress=` takes a function that is called with events,
`cancel=` a `CancelToken` that another thread may raise."""

#: What the examples are about, in order, each with what is shown and what of it is not run.
EXAMPLES: dict[str, str] = {
    "describe_scene": """
scene = magnet_geo.describe_scene("scene.tif")
print(scene.grid.width, scene.grid.height, scene.grid.ground_sample_distance_m)""",
    "load_model": """
model = magnet_geo.load_model("landcover", device="cpu")
print(model.manifest.title)""",
    "segment_scene": """
options = magnet_geo.SegmentOptions(refine="fast", confidence="certainty.tif")
result = magnet_geo.segment_scene("scene.tif", output="map.tif", model=model, options=options)
print(result.areas)""",
    "SceneMap": """
with result.open() as dataset:
    values = dataset.read(1)
water = result.polygons(magnet_geo.PolygonOptions(classes=("water",)))
print(values.shape, len(water), result.seconds)
result.write("map.json")  # magnet_geo.SceneMap.read("map.json") is the same again""",
    "SegmentOptions": """
quarter = magnet_geo.SegmentOptions(refine=0.25, min_confidence=0.1, area=magnet_geo.Area(vector="labels.gpkg"))""",
    "polygonize": """
layer = magnet_geo.polygonize("map.tif", "map.gpkg", options=magnet_geo.PolygonOptions(min_area="200m2", simplify="2m"))
print(layer.features)""",
    "sieve": """
magnet_geo.sieve("map.tif", "large_patches.tif", min_area="200m2")""",
    "measure_areas": """
for entry in magnet_geo.measure_areas("large_patches.tif").classes:
    print(entry.name, entry.area_m2)""",
    "evaluate": """
scores = magnet_geo.evaluate("large_patches.tif", "map.tif").scores
print(scores.overall_accuracy, scores.mean_iou)""",
    "draw_sample": """
design = magnet_geo.draw_sample("map.tif", magnet_geo.SampleOptions(size=250), output="points.gpkg")
print(len(design.points))""",
    "estimate_accuracy": """
import geopandas

points = geopandas.read_file("points.gpkg", layer="sample")
points["reference"] = points["map_class"]  # an interpreter fills this in, looking at better imagery
points.to_file("points.gpkg", layer="sample")
estimate = magnet_geo.estimate_accuracy(magnet_geo.read_sample("points.gpkg", design=design))
print(estimate.overall_accuracy.value, estimate.overall_accuracy.margin)""",
    "read_sample": """
answers = magnet_geo.read_sample("points.gpkg", design=design)
print(len(answers.reference))""",
    "write_report": """
magnet_geo.write_report("map.tif", "report.html")""",
    "stac_item": """
item = magnet_geo.stac_item("map.tif", "map_item.json", scene="scene.tif", taken="2024-06-01")
print(item.bbox)""",
    "train_backbone": "",
    "train_refinement": "",
}
_TRAINING = """No example: a training takes minutes. It needs labelled images opened, a network to begin with and
settings brought together; `magnet-geo train` does that from files and options, and `cli/commands/train_backbone.py` and
`train_refinement.py` show it in a few lines each."""


def reference() -> str:
    """The page: a list of the functions, then a section for each."""
    contents = "\n".join(f"- [`{name}`](#{name.lower()}): {_summary(getattr(magnet_geo, name))}" for name in EXAMPLES)
    return "\n\n".join([_INTRODUCTION, contents, *map(_section, EXAMPLES)]) + "\n"


def examples() -> str:
    """All examples as one program."""
    return "import magnet_geo\n" + "\n".join(EXAMPLES.values()) + "\n"


def _summary(thing: Any) -> str:
    return inspect.cleandoc(thing.__doc__).split("\n")[0]


def _section(name: str) -> str:
    thing = getattr(magnet_geo, name)
    parts = [f"## {name}", f"```python\n{_signature(name, thing)}\n```", *_paragraphs(inspect.cleandoc(thing.__doc__))]
    if inspect.isclass(thing):
        parts += _methods(thing)
    example = EXAMPLES[name].strip()
    parts.append(f"```python\n{example}\n```" if example else _TRAINING)
    return "\n\n".join(parts)


def _signature(name: str, thing: Any) -> str:
    signature = inspect.signature(thing)
    arguments = ",\n    ".join(map(_argument, (each for each in signature.parameters.values() if each.name != "self")))
    returns = "" if inspect.isclass(thing) else f" -> {signature.return_annotation!s}"
    stars = [each.kind for each in signature.parameters.values()]
    if inspect.Parameter.KEYWORD_ONLY in stars:
        names = list(signature.parameters)
        first = names[stars.index(inspect.Parameter.KEYWORD_ONLY)]
        arguments = re.sub(rf"(^|\n    ){first}:", rf"\g<1>*,\n    {first}:", arguments, count=1)
    return f"{name}(\n    {arguments},\n){returns}"


def _argument(parameter: inspect.Parameter) -> str:
    text = f"{parameter.name}: {parameter.annotation}"
    if parameter.default is inspect.Parameter.empty:
        return text
    # Defaults that are objects of our own say nothing here: the docstring does.
    plain = parameter.default is None or isinstance(parameter.default, str | int | float | tuple)
    return f"{text} = {parameter.default!r}" if plain else f"{text} = ..."


def _paragraphs(text: str) -> Iterator[str]:
    """A docstring as Markdown: sections of names become lists."""
    for paragraph in text.split("\n\n"):
        head, *lines = paragraph.split("\n")
        if head in ("Args:", "Attributes:", "Raises:"):
            yield f"{head.replace('Args', 'Arguments')}\n\n" + "\n".join(_entries(lines))
        elif head in ("Returns:", "Yields:"):
            yield f"{head} {' '.join(line.strip() for line in lines)}"
        else:
            yield _code(" ".join(line.strip() for line in (head, *lines)))


def _entries(lines: list[str]) -> Iterator[str]:
    entry = ""
    for line in lines:
        if line.startswith("    ") and not line.startswith("     "):
            if entry:
                yield entry
            name, _, meaning = line.strip().partition(": ")
            entry = f"- `{name}`: {_code(meaning)}"
        else:
            entry += " " + _code(line.strip())
    yield entry


def _code(text: str) -> str:
    return text.replace("``", "`")


def _methods(thing: type[Any]) -> list[str]:
    rows = []
    for name, method in vars(thing).items():
        found = method.__func__ if isinstance(method, classmethod) else method
        if name.startswith("_") or not (inspect.isfunction(found) or isinstance(found, property)):
            continue
        call = f".{name}" if isinstance(found, property) else f".{name}()"
        rows.append(f"- `{call}`: {_code(_summary(found))}")
    return ["\n".join(rows)] if rows else []


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
