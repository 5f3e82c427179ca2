"""``python -m magnet_geo``: the same as ``magnet-geo``."""

from importlib import import_module

if __name__ == "__main__":
    import_module("magnet_geo.cli.main").main(prog_name="magnet-geo")
