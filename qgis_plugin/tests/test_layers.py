"""What of a layer reaches the engine, and what is exported."""

import pytest
from conftest import VILLAGE, Feedback
from osgeo import gdal
from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransformContext,
    QgsProcessingException,
    QgsRasterBlockFeedback,
    QgsRasterLayer,
    QgsRectangle,
)

PART = QgsRectangle(321200, 129500, 321400, 129600)


@pytest.fixture
def source(plugin):
    from magnet_geo_qgis.layers.source import describe_layer

    return describe_layer


def xyz_layer(folder):
    """Gives a layer of map tiles without a network: one tile of the whole world, from a file."""
    for x in (0, 1):
        for y in (0, 1):
            made = gdal.GetDriverByName("MEM").Create("", 256, 256, 3, gdal.GDT_Byte)
            for band in (1, 2, 3):
                made.GetRasterBand(band).Fill(60 * band)
            gdal.GetDriverByName("PNG").CreateCopy(str(folder / f"1-{x}-{y}.png"), made)
    layer = QgsRasterLayer(f"type=xyz&url=file://{folder}/{{z}}-{{x}}-{{y}}.png&zmin=1&zmax=1", "tiles", "wms")
    assert layer.isValid()
    return layer


def test_a_file_is_passed_as_it_is(source):
    layer = QgsRasterLayer(str(VILLAGE), "village")
    found = source(layer)
    assert (found.scene.path, found.scene.open_options, found.scene.crs) == (str(VILLAGE), (), "")


def test_a_crs_assigned_in_qgis_wins(source):
    layer = QgsRasterLayer(str(VILLAGE), "village")
    layer.setCrs(QgsCoordinateReferenceSystem("EPSG:32630"))
    assert source(layer).scene.crs == "EPSG:32630"


def test_open_options_are_passed_apart(source, tmp_path):
    layer = QgsRasterLayer(f"{VILLAGE}|option:NUM_THREADS=2|option:IGNORE_COG_LAYOUT_BREAK=YES", "village")
    assert layer.isValid()
    scene = source(layer).scene
    assert scene.path == str(VILLAGE)
    assert scene.open_options == ("NUM_THREADS=2", "IGNORE_COG_LAYOUT_BREAK=YES")


def test_a_table_of_a_geopackage_keeps_its_whole_name(source, tmp_path):
    path = tmp_path / "rasters é.gpkg"
    gdal.Translate(
        str(path), str(VILLAGE), format="GPKG", creationOptions=["RASTER_TABLE=village"], width=90, height=90
    )
    layer = QgsRasterLayer(f"GPKG:{path}:village", "table")
    assert layer.isValid()
    assert source(layer).scene.path == f"GPKG:{path}:village"


def test_zip_and_vrt_pass_through(source, tmp_path):
    import zipfile

    with zipfile.ZipFile(tmp_path / "a b.zip", "w") as archive:
        archive.write(VILLAGE, "village.tif")
    name = f"/vsizip/{tmp_path}/a b.zip/village.tif"
    assert source(QgsRasterLayer(name, "zipped")).scene.path == name
    gdal.BuildVRT(str(tmp_path / "m.vrt"), [str(VILLAGE)]).FlushCache()
    assert source(QgsRasterLayer(str(tmp_path / "m.vrt"), "vrt")).scene.path == str(tmp_path / "m.vrt")


def test_a_raster_in_qgis_s_memory_is_exported(source, tmp_path):
    from magnet_geo_qgis.layers.export import export_layer

    gdal.Translate("/vsimem/v.tif", str(VILLAGE))
    layer = QgsRasterLayer("/vsimem/v.tif", "memory")
    found = source(layer)
    assert found.scene is None
    path = str(tmp_path / "exported.tif")
    scene = export_layer(
        found, path, extent=PART, context=QgsCoordinateTransformContext(), feedback=QgsRasterBlockFeedback()
    )
    made, original = gdal.Open(scene.path), gdal.Open(str(VILLAGE))
    assert (made.RasterXSize, made.RasterYSize, made.RasterCount) == (100, 50, 3)
    column, row = (321200 - 321000) // 2, round((130800.944427 - 129600) / 2)
    expected = original.GetRasterBand(1).ReadAsArray(column, row, 100, 50)
    assert (made.GetRasterBand(1).ReadAsArray() == expected).mean() > 0.95
    gdal.Unlink("/vsimem/v.tif")


def test_map_tiles_are_exported_for_the_area(source, tmp_path):
    from magnet_geo_qgis.layers.export import export_layer

    layer = xyz_layer(tmp_path)
    found = source(layer)
    assert found.is_web
    assert "terms of use" in found.export_reason
    area = QgsRectangle(1e5, 6.2e6, 1.02e5, 6.201e6)
    made = gdal.Open(
        export_layer(
            found,
            str(tmp_path / "tiles.tif"),
            extent=area,
            context=QgsCoordinateTransformContext(),
            feedback=QgsRasterBlockFeedback(),
            pixel_m=10,
        ).path
    )
    # 2000 units of Web Mercator at 48.6 degrees north are some 1320 m
    assert 125 < made.RasterXSize < 140
    assert made.GetRasterBand(2).ReadAsArray().max() == 120


@pytest.mark.parametrize(
    ("extent", "limit", "message"),
    [
        (None, 64, "is a map service; choose an area"),
        (QgsRectangle(0, 0, 1e6, 1e6), 1, "million pixels, but at most 1 are exported; choose a smaller area"),
        (QgsRectangle(9e7, 9e7, 9.1e7, 9.1e7), 64, "does not meet the layer"),
    ],
)
def test_exports_that_make_no_sense_are_refused(source, tmp_path, extent, limit, message):
    from magnet_geo_qgis.layers.export import ExportError, export_layer

    with pytest.raises(ExportError, match=message):
        export_layer(
            source(xyz_layer(tmp_path)),
            str(tmp_path / "o.tif"),
            extent=extent,
            context=QgsCoordinateTransformContext(),
            feedback=QgsRasterBlockFeedback(),
            limit_mpx=limit,
        )
    assert not (tmp_path / "o.tif").exists()


def test_the_algorithm_exports_map_tiles_and_says_so(fake_engine, run, tmp_path):
    layer = xyz_layer(tmp_path)
    feedback = Feedback()
    output = str(tmp_path / "o.tif")
    area = "100000,101000,6200000,6201000 [EPSG:3857]"
    assert run("segment", feedback, INPUT=layer, EXTENT=area, OUTPUT=output)["OUTPUT"] == output
    assert any("terms of use" in text for text in feedback.infos)
    assert feedback.commands[0].endswith("scene.tif")
    assert "--bbox" not in feedback.commands[0]
    with pytest.raises(QgsProcessingException, match="choose an area"):
        run("segment", INPUT=layer, OUTPUT=output)
