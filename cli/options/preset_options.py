"""The knobs of the published scripts as options, gathered into one `PresetOverrides`."""

from __future__ import annotations

import click

from magnet_geo.errors import OptionError
from magnet_geo.grid import Size
from magnet_geo.model import PresetOverrides
from magnet_geo.model.presets import parse_scales

from .gathered_options import gathered_options


def _parsed_scales(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[Size, ...] | None:
    try:
        return None if value is None else parse_scales(value)
    except OptionError as error:
        raise click.BadParameter(str(error), ctx, param) from error


def _size(pair: tuple[int, int] | None) -> Size | None:
    return None if pair is None else Size(width=pair[0], height=pair[1])


def _overrides(
    *,
    network: str | None,
    scales: tuple[Size, ...] | None,
    crop_size: tuple[int, int] | None,
    input_size: tuple[int, int] | None,
    n_points: float | None,
    n_patches: int | None,
    smooth_kernel: int | None,
) -> dict[str, PresetOverrides]:
    crop, given = _size(crop_size), _size(input_size)
    return {"overrides": PresetOverrides(network, scales, crop, given, n_points, n_patches, smooth_kernel)}


# Adds the knobs to a command; its function receives them as the one argument ``overrides``.
preset_knobs = gathered_options(
    (
        click.option("--network", metavar="NAME", help="Backbone network in place of the preset's."),
        click.option(
            "--scales",
            callback=_parsed_scales,
            metavar="W-H,W-H,...",
            help="Size of the whole image at each level, coarse to fine.",
        ),
        click.option("--crop-size", type=click.IntRange(1), nargs=2, metavar="W H", help="Size of a patch."),
        click.option(
            "--input-size", type=click.IntRange(1), nargs=2, metavar="W H", help="Size of a patch before the network."
        ),
        click.option(
            "--n-points", type=click.FloatRange(0, min_open=True), help="Points to replace: share, or count > 1."
        ),
        click.option("--n-patches", type=click.IntRange(-1), help="Patches to refine at each level; -1 for all."),
        click.option("--smooth-kernel", type=click.IntRange(1), help="Side of the median filter over the error score."),
    ),
    _overrides,
)
