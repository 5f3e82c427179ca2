"""MagNet Geo: progressive land-cover maps in QGIS, computed by the program magnet-geo in its own environment."""


def classFactory(iface):  # noqa: D103
    from .plugin import MagnetGeoPlugin

    return MagnetGeoPlugin(iface)
