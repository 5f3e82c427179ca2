"""Option values as the library wants them; what cannot be read is wrong usage (exit 2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any, Literal

import click
from rasterio.crs import CRS
from rasterio.errors import CRSError
from typing_extensions import override

from magnet_geo.errors import OptionError
from magnet_geo.scene import RefineMode, WorkerPlace

if TYPE_CHECKING:
    from click import ParamType as _Type
else:

    class _Type(click.ParamType):
        """`click.ParamType`, which takes a type argument from click 8.2 on only."""

        def __class_getitem__(cls, item: object) -> type:
            return cls


_MULTIPLES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}
_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?:in)?)?(?:(\d+(?:\.\d+)?)s)?", re.IGNORECASE)
_BYTES = re.compile(r"(\d+(?:\.\d+)?)\s*([KMG]?I?B?)", re.IGNORECASE)


class FileOrName(_Type[str]):
    """The path of a file, with ``|layername=...`` perhaps, or a text that is none: a name, a word, an address."""

    name = "text"

    def __init__(self, names: Callable[[], Collection[str]] = tuple) -> None:
        """Remember what is no file.

        Args:
            names: Gives texts that mean something else, whatever files bear such names.
        """
        self.names = names

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return str(value)


class BandList(_Type[tuple[int, ...]]):
    """Band numbers such as ``3,2,1``."""

    name = "numbers"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        parts = str(value).split(",")
        if not all(part.strip().isdecimal() for part in parts):
            self.fail(f"'{value}' is no list of band numbers; write it like 3,2,1.", param, ctx)
        return tuple(int(part) for part in parts)


class Workers(_Type[WorkerPlace]):
    """``local:N`` or ``tcp://HOST:PORT``."""

    name = "local:N|tcp://HOST:PORT"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> WorkerPlace:
        if isinstance(value, WorkerPlace):
            return value
        try:
            return WorkerPlace.parse(str(value))
        except OptionError as error:
            self.fail(str(error), param, ctx)


class PixelSize(_Type[float | Literal["native"]]):
    """``native`` or metres."""

    name = "native|METRES"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float | Literal["native"]:
        if value == "native":
            return "native"
        try:
            metres = float(value)
        except ValueError:
            metres = 0.0
        if not 0 < metres < float("inf"):
            self.fail(f"'{value}' is neither 'native' nor a positive number of metres.", param, ctx)
        return metres


class ScalingRange(_Type[Literal["auto", "none"] | tuple[float, float]]):
    """``auto``, ``none`` or ``MIN,MAX``."""

    name = "auto|none|MIN,MAX"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Literal["auto", "none"] | tuple[float, float]:
        if value == "auto":
            return "auto"
        if value == "none":
            return "none"
        try:
            low, high = (float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"'{value}' is neither auto, none nor two numbers like 0,3000.", param, ctx)
        if not low < high:
            self.fail(f"The range {value} is empty; name the lower value first.", param, ctx)
        return low, high


class Refine(_Type[RefineMode]):
    """``full``, ``fast``, ``off`` or a share."""

    name = "full|fast|SHARE|off"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> RefineMode:
        try:
            return RefineMode.parse(str(value))
        except OptionError as error:
            self.fail(str(error), param, ctx)


class Box(_Type[tuple[float, float, float, float]]):
    """Left, bottom, right, top."""

    name = "L,B,R,T"

    @override
    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[float, float, float, float]:
        try:
            left, bottom, right, top = (float(part) for part in str(value).split(","))
        except ValueError:
            self.fail(f"'{value}' is no box; write left,bottom,right,top.", param, ctx)
        return left, bottom, right, top


class Crs(_Type[CRS]):
    """A coordinate reference system such as ``EPSG:32633``, WKT or a PROJ string."""

    name = "CRS"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> CRS:
        try:
            return CRS.from_user_input(value)
        except CRSError:
            self.fail(f"'{value}' is no coordinate reference system; write it like EPSG:32633.", param, ctx)


class KeyValue(_Type[tuple[str, str]]):
    """One ``KEY=VALUE`` pair for GDAL."""

    name = "KEY=VALUE"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        key, separator, setting = str(value).partition("=")
        if not separator or not key.strip():
            self.fail(f"'{value}' is no pair; write KEY=VALUE.", param, ctx)
        return key.strip(), setting


class Bytes(_Type[int]):
    """An amount of memory such as ``4GB``."""

    name = "4GB"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = _BYTES.fullmatch(str(value).strip())
        if found is None or found[2].upper() not in _MULTIPLES or float(found[1]) == 0:
            self.fail(f"'{value}' is no amount of memory; write it like 4GB or 800MB.", param, ctx)
        return int(float(found[1]) * _MULTIPLES[found[2].upper()])


class Duration(_Type[float]):
    """Seconds, from a text such as ``90s``, ``10min`` or ``1h30min``."""

    name = "10min"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        found = _DURATION.fullmatch("".join(str(value).split()))
        hours, minutes, seconds = (float(part or 0) for part in found.groups()) if found else (0.0, 0.0, 0.0)
        total = 3600 * hours + 60 * minutes + seconds
        if total == 0:
            self.fail(f"'{value}' is no length of time; write it like 90s, 10min or 1h.", param, ctx)
        return total


class ClassShare(_Type[tuple[str | None, float]]):
    """A share such as ``0.9``, or one of a class such as ``water=0.95``."""

    name = "[CLASS=]SHARE"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str | None, float]:
        head, separator, tail = str(value).rpartition("=")
        try:
            share = float(tail)
        except ValueError:
            share = -1.0
        if not 0 <= share <= 1 or (separator and not head.strip()):
            self.fail(
                f"'{value}' is neither a share between 0 and 1 nor one of a class; write 0.9 or water=0.9.", param, ctx
            )
        return (head.strip() if separator else None), share


class ModeList(_Type[tuple[str, ...]]):
    """Modes of a model such as ``coarse,0.25,full``, each once."""

    name = "coarse,fast,full,slid,share"

    @override
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        known = self.name.split(",")[:-1]
        modes = tuple(part.strip() for part in str(value).split(","))
        wrong = [mode for mode in modes if mode not in known and not _is_share(mode)]
        if wrong:
            self.fail(
                f"'{wrong[0]}' is no mode; choose from {', '.join(known)}, or a share of the patches such as 0.25.",
                param,
                ctx,
            )
        if len(set(modes)) < len(modes):
            self.fail(f"'{value}' names a mode twice.", param, ctx)
        return modes


def _is_share(text: str) -> bool:
    try:
        return 0 <= float(text) <= 1
    except ValueError:
        return False
