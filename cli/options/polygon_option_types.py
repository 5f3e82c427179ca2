"""Sizes and class lists as the polygon commands take them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import click
from typing_extensions import override

from magnet_geo.errors import OptionError

if TYPE_CHECKING:
    from click import ParamType as _Type

    from magnet_geo.vector.polygon_options import BorderTolerance, PatchSize
else:

    class _Type(click.ParamType):
        """`click.ParamType`, which takes a type argument from click 8.2 on only."""

        def __class_getitem__(cls, item: object) -> type:
            return cls


class PatchArea(_Type["PatchSize"]):
    """An area such as ``50m2``."""

    name = "50m2|20px"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> PatchSize:
        from magnet_geo.vector.polygon_options import PatchSize

        try:
            return PatchSize.parse(str(value))
        except OptionError as error:
            self.fail(str(error), param, ctx)


class Tolerance(_Type["BorderTolerance"]):
    """A length such as ``1.5m``."""

    name = "1.5m|2px"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> BorderTolerance:
        from magnet_geo.vector.polygon_options import BorderTolerance

        try:
            return BorderTolerance.parse(str(value))
        except OptionError as error:
            self.fail(str(error), param, ctx)


class ClassNames(_Type[tuple[str, ...]]):
    """Names or values of classes, parted by commas; quoted ones, as in CSV, may hold some."""

    name = "water,road"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        try:
            (parts,) = csv.reader([str(value)], skipinitialspace=True, strict=True)
        except (csv.Error, ValueError):
            self.fail(f"'{value}' is no list of classes; write it like water,\"cropland, irrigated\".", param, ctx)
        names = tuple(part.strip() for part in parts if part.strip())
        if not names:
            self.fail("No class is named; write names or values like water,road.", param, ctx)
        return names
