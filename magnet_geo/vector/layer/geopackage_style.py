"""The style of a layer inside its GeoPackage, where QGIS looks for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30),
  update_time DATETIME DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')));
"""
_CONTENTS = """
INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id)
VALUES ('layer_styles', 'attributes', 'layer_styles', '', 0);
"""
_ROW = """
INSERT INTO layer_styles
  (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, styleSLD, useAsDefault)
VALUES ('', '', ?, 'geom', 'default', ?, '', 1);
"""


def add_geopackage_style(path: Path, layer: str, style: str) -> None:
    """Make a QML style the default of a layer.

    Args:
        path: A GeoPackage that has no styles yet.
        layer: Name of the layer; its geometry column is ``geom``.
        style: The QML.

    Raises:
        sqlite3.Error: The file cannot be written.
    """
    with closing(sqlite3.connect(path)) as database, database:
        database.execute(_TABLE)
        database.execute(_CONTENTS)
        database.execute(_ROW, (layer, style))
