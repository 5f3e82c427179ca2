"""``magnet-geo model``: list, show, import and export models."""

from __future__ import annotations

from pathlib import Path

import click

from magnet_geo.errors import OutputError
from magnet_geo.model import (
    Manifest,
    ModelDescription,
    PresetOverrides,
    apply_overrides,
    create_preset,
    describe_model,
    find_model,
    list_models,
    preset_names,
    read_manifest,
)
from magnet_geo.model.manifest_text import read_manifest_fields

from ..errors import MagnetGroup
from ..options.preset_options import preset_knobs
from ..output.console import VisibleConsole
from ..output.shown import echo, echo_json, echo_record

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_TARGET = click.Path(path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Write JSON to stdout.")
_OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace existing files.")


@click.group(cls=MagnetGroup)
def model() -> None:
    """List, show, import and export models.

    Example: magnet-geo model show landcover
    """


@model.command(name="list")
@_JSON
def list_(as_json: bool) -> None:
    """List the bundled models.

    Example: magnet-geo model list --json
    """
    from pydantic import TypeAdapter

    descriptions = [describe_model(path) for path in list_models().values()]
    if as_json:
        echo_json(TypeAdapter(list[ModelDescription]).dump_json(descriptions))
    elif descriptions:
        from ..output.model_card import model_list

        VisibleConsole().print(model_list(descriptions))
    else:
        echo("This installation bundles no model; give a model file, or import one.", err=True)


@model.command()
@click.argument("name_or_file", metavar="NAME|FILE")
@_JSON
def show(name_or_file: str, as_json: bool) -> None:
    """Show a model's card.

    \b
    Examples:
      magnet-geo model show landcover.safetensors
      magnet-geo model show landcover --json > landcover.json
    """
    description = describe_model(find_model(name_or_file))
    if as_json:
        echo_record(description)
        return

    from ..output.model_card import model_card

    VisibleConsole(highlight=False).print(model_card(description))


@model.command(name="import")
@click.argument("file", metavar="OUTPUT|GRAPH.onnx", type=_TARGET)
@click.option("--backbone", type=_FILE, help="Checkpoint of the backbone (.pth).")
@click.option("--refinement", "refinements", type=_FILE, multiple=True, help="One for all levels, or one per level.")
@click.option("--preset", type=click.Choice(preset_names()), help="Published configuration.")
@click.option(
    "--manifest",
    "manifest_file",
    type=_FILE,
    help="Manifest, in place of a preset: YAML, JSON, or what 'model show --json' prints.",
)
@click.option(
    "-o", "--output", type=_TARGET, help="Model file of a GRAPH.  [default: its name with .safetensors, here]"
)
@click.option("--coarse-only", is_flag=True, help="Import the backbone alone.")
@click.option("--name", help="Name of the model.")
@click.option("--title", help="One line about it.")
@click.option("--licence", help="Terms of the weights.")
@preset_knobs
@_OVERWRITE
def import_(
    file: Path,
    backbone: Path | None,
    refinements: tuple[Path, ...],
    preset: str | None,
    manifest_file: Path | None,
    output: Path | None,
    coarse_only: bool,
    name: str | None,
    title: str | None,
    licence: str | None,
    overrides: PresetOverrides,
    overwrite: bool,
) -> None:
    """Make the model file OUTPUT of published checkpoints, or a model file of a foreign GRAPH.

    A GRAPH is an ONNX file with one level; its manifest may leave out what follows from it.

    \b
    Examples:
      magnet-geo model import deepglobe.safetensors --preset deepglobe --backbone fpn.pth --refinement refinement.pth
      magnet-geo model import clouds.onnx --manifest clouds.yaml
    """
    if file.suffix == ".onnx":
        if manifest_file is None or backbone or refinements or preset or coarse_only or name or title or licence:
            raise click.UsageError("A graph is imported with --manifest FILE.yaml, which says all about it.")
        _import_graph(file, manifest_file, output or Path(f"{file.stem}.safetensors"), overwrite=overwrite)
        return
    if backbone is None:
        raise click.UsageError("Give the checkpoint of the backbone: --backbone FILE.")
    if output is not None:
        raise click.UsageError("--output goes with a GRAPH; checkpoints are imported into OUTPUT.")
    output = file
    manifest = apply_overrides(_chosen_manifest(preset, manifest_file), overrides)
    if coarse_only:
        manifest = manifest.without_refinement()
    texts = {"name": name, "title": title, "licence": licence}
    manifest = manifest.changed(**{field: text for field, text in texts.items() if text is not None})
    _refuse_existing(overwrite, output)
    from magnet_geo.model.exchange import import_model

    import_model(backbone, refinements, manifest, output)
    echo(f"Wrote {output}.", err=True)


def _import_graph(graph: Path, manifest: Path, output: Path, *, overwrite: bool) -> None:
    _refuse_existing(overwrite, output)
    from magnet_geo.model.graph_import import import_graph

    import_graph(graph, manifest, output)
    echo(f"Wrote {output}.", err=True)


@model.command()
@click.argument("name_or_file", metavar="NAME|FILE")
@click.argument("output", type=_TARGET)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["safetensors", "pth", "onnx"]),
    default="safetensors",
    show_default=True,
    help="The model file as it is; published checkpoints, OUTPUT_backbone.pth and OUTPUT_refinement.pth; or the "
    "graph of a foreign model.",
)
@click.option("--stac", type=_TARGET, help="Write a STAC Item of the model here too (.json).")
@_OVERWRITE
def export(name_or_file: str, output: Path, file_format: str, stac: Path | None, overwrite: bool) -> None:
    """Write a model to OUTPUT for other programs.

    \b
    Examples:
      magnet-geo model export landcover landcover --format pth
      magnet-geo model export landcover landcover.safetensors --stac landcover.json
    """
    path = find_model(name_or_file)
    if stac is not None:
        from magnet_geo.stac import check_item_path

        check_item_path(stac, str(path), overwrite=overwrite)
    from magnet_geo.model.exchange import export_model, exported_files

    if file_format == "pth":
        _refuse_existing(overwrite, *exported_files(read_manifest(path), output))
        written = export_model(path, output, format="pth")
    else:
        _refuse_existing(overwrite, output)
        written = export_model(path, output, format="onnx" if file_format == "onnx" else "safetensors")
    if stac is not None:
        from magnet_geo.stac import make_model_item, write_item

        write_item(make_model_item(path, stac, files=written), stac)
        written = (*written, stac)
    echo(f"Wrote {', '.join(str(file) for file in written)}.", err=True)


def _chosen_manifest(preset: str | None, manifest_file: Path | None) -> Manifest:
    if preset is not None and manifest_file is None:
        return create_preset(preset)
    if preset is not None or manifest_file is None:
        raise click.UsageError("Give either --preset or --manifest.")
    return Manifest.from_values(read_manifest_fields(manifest_file), source=f"The manifest {manifest_file}")


def _refuse_existing(overwrite: bool, *paths: Path) -> None:
    existing = [str(path) for path in paths if path.exists()]
    if existing and not overwrite:
        raise OutputError(f"{', '.join(existing)} exists; choose another name or add --overwrite.")


command = model
