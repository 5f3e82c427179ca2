"""The desktop's parts without a screen: dialog, background run, results, options page, with a fake engine."""

import pytest
from conftest import VILLAGE
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsLayerTreeGroup,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.gui import QgsMapCanvas, QgsMessageBar
from qgis.PyQt.QtWidgets import QMainWindow
from test_layers import xyz_layer

WAIT_MS = 40_000


class Iface:
    """What the plugin asks of QGIS's window."""

    def __init__(self):
        self.window, self.canvas, self.bar = QMainWindow(), QgsMapCanvas(), QgsMessageBar()
        self.added, self.options_shown = [], []

    def mainWindow(self):
        return self.window

    def mapCanvas(self):
        return self.canvas

    def messageBar(self):
        return self.bar

    def activeLayer(self):
        return None

    def showOptionsDialog(self, parent, page):
        self.options_shown.append(page)

    def __getattr__(self, name):
        # toolbar, menus, factories: each is added and taken away
        return lambda *arguments: self.added.append(name)

    def texts(self):
        return " | ".join(item.text() for item in self.bar.items())


@pytest.fixture
def scene(qgis_new_project):
    layer = QgsRasterLayer(str(VILLAGE), "village")
    QgsProject.instance().addMapLayer(layer)
    return layer


@pytest.fixture
def desktop(fake_engine, scene):
    from magnet_geo_qgis.gui.desktop import Desktop

    made = Desktop(Iface())
    made.add()
    yield made
    made.remove()


@pytest.fixture
def dialog(desktop, scene, qtbot):
    found = desktop.open_dialog(scene)
    qtbot.waitUntil(lambda: found.facts.run_time is not None, timeout=WAIT_MS)
    return found


def wait_for(desktop, qtbot, text):
    qtbot.waitUntil(lambda: text in desktop._iface.texts(), timeout=WAIT_MS)


def layers():
    return [layer for layer in QgsProject.instance().mapLayers().values() if layer.name() != "village"]


def test_everything_that_is_added_is_taken_away(desktop):
    desktop.remove()
    names = desktop._iface.added
    assert {"addToolBarIcon", "addPluginToRasterMenu", "addCustomActionForLayerType"} <= set(names)
    assert {"removeToolBarIcon", "removePluginRasterMenu", "removeCustomActionForLayerType"} <= set(names)
    assert "unregisterOptionsWidgetFactory" in names


def test_the_dialog_shows_the_card_the_guessed_bands_the_warning_and_the_time(dialog):
    assert "Fake land cover" in dialog.card.text()
    assert [choice.currentBand() for choice in dialog.band_choices] == [1, 2, 3]
    assert dialog.notes.text() == "⚠ The pixels are large.<br>⚠ Values (uint16) were stretched."
    dialog.refinement.setValue(10)
    assert "50 %" in dialog.refinement_text.text()
    assert "about 60 s" in dialog.refinement_text.text()
    assert dialog.request(None).refine == "0.5"
    for position, text in ((0, "coarse map only; about 40 s"), (20, "everywhere; about 70 s")):
        dialog.refinement.setValue(position)
        assert dialog.refinement_text.text() == text
    dialog.fast.setChecked(True)
    assert dialog.refinement_text.text() == "where the coarse map is unsure; about 50 s"
    assert dialog.run_button.isEnabled()


def test_choices_are_remembered(dialog, desktop, scene, qtbot):
    dialog.refinement.setValue(7)
    dialog.report.setChecked(True)
    dialog.model.setCurrentIndex(1)
    dialog.model_file.setFilePath("/models/mine.safetensors")
    desktop.remove()
    desktop.add()
    again = desktop.open_dialog(scene)
    assert again.refinement.value() == 7
    assert again.report.isChecked()
    assert again.model_name() == "/models/mine.safetensors"
    again.model.setCurrentIndex(0)
    again.report.setChecked(False)
    again.refinement.setValue(20)


def test_the_coarse_map_is_refined_in_its_place(dialog, desktop, fake_engine, qtbot, tmp_path):
    output = str(tmp_path / "Karte é.tif")
    dialog.output.setFilePath(output)
    seen = []
    task = desktop.run()
    task.preview_ready.connect(lambda path: seen.extend(layers()))
    wait_for(desktop, qtbot, "The map is ready: ")
    [made] = layers()
    assert seen == [made]
    assert made.source() == output
    assert made.name() == "village: land cover"
    assert [c.label for c in made.renderer().classes()] == ["water", "land", "végétation"]
    group = QgsProject.instance().layerTreeRoot().children()[0]
    assert isinstance(group, QgsLayerTreeGroup)
    assert group.isExpanded()


def test_the_user_may_remove_the_coarse_map_meanwhile(dialog, desktop, fake_engine, qtbot, tmp_path):
    dialog.output.setFilePath(str(tmp_path / "o.tif"))
    task = desktop.run()
    root = QgsProject.instance().layerTreeRoot()
    task.preview_ready.connect(lambda path: root.removeChildNode(root.children()[0]))
    wait_for(desktop, qtbot, "The map is ready: ")
    assert [layer.source() for layer in layers()] == [str(tmp_path / "o.tif")]


@pytest.mark.parametrize(("mode", "sentence"), [("sigkill", "crashed"), ("oom", "memory ran out"), ("old", "0.0.9")])
def test_a_failure_is_a_message_with_ways_out_and_leaves_no_layer(dialog, desktop, fake_engine, qtbot, mode, sentence):
    fake_engine(mode)
    desktop.run()
    wait_for(desktop, qtbot, sentence)
    assert layers() == []


def test_a_cancelled_run_takes_the_coarse_map_away(dialog, desktop, fake_engine, qtbot, tmp_path):
    fake_engine("slow")
    dialog.output.setFilePath(str(tmp_path / "o.tif"))
    task = desktop.run()
    qtbot.waitUntil(lambda: len(layers()) == 1, timeout=WAIT_MS)
    task.cancel()
    wait_for(desktop, qtbot, "Cancelled; nothing was written.")
    assert layers() == []
    assert list(tmp_path.iterdir()) == []
    assert len(QgsProject.instance().layerTreeRoot().children()) == 1


def test_an_interrupted_run_is_offered_to_go_on_or_to_start_over(dialog, desktop, fake_engine, qtbot, tmp_path):
    fake_engine("interrupted")
    dialog.output.setFilePath(str(tmp_path / "o.tif"))
    assert dialog.start_over.isHidden()
    desktop.run()
    wait_for(desktop, qtbot, "The same run would go on where this one stopped.")
    dialog.ask_soon()
    qtbot.waitUntil(lambda: not dialog.start_over.isHidden(), timeout=WAIT_MS)
    assert dialog.request(None).resume
    dialog.start_over.setChecked(True)
    assert not dialog.request(None).resume
    dialog.output.setFilePath(str(tmp_path / "other.tif"))
    assert dialog.request(None).resume


def test_what_the_map_shows_is_the_area(dialog, desktop, scene):
    from magnet_geo_qgis.gui.area_choice import CANVAS

    canvas = desktop._iface.canvas
    canvas.setDestinationCrs(scene.crs())
    canvas.setExtent(QgsRectangle(321100, 129500, 321500, 129900))
    dialog.area.kind.setCurrentIndex(dialog.area.kind.findData(CANVAS))
    found = dialog.area.extent(scene)
    assert found.contains(QgsRectangle(321200, 129600, 321400, 129800))
    assert scene.extent().contains(found) or not found.contains(scene.extent())


def test_an_area_that_is_not_chosen_yet_is_not_the_whole_layer(dialog, qtbot):
    from magnet_geo_qgis.gui.area_choice import POLYGONS, RECTANGLE

    for kind, text in ((RECTANGLE, "Draw the rectangle"), (POLYGONS, "Choose a layer with polygons")):
        dialog.area.kind.setCurrentIndex(dialog.area.kind.findData(kind))
        qtbot.waitUntil(lambda text=text: text in dialog.notes.text(), timeout=WAIT_MS)
        assert not dialog.run_button.isEnabled()


def test_polygons_are_the_area_of_the_time_and_of_the_run(dialog, desktop, qtbot, tmp_path):
    from magnet_geo_qgis.gui.area_choice import POLYGONS

    area = QgsVectorLayer("Polygon?crs=EPSG:27700", "fields", "memory")
    for left in (321100, 321400):
        feature = QgsFeature()
        feature.setGeometry(QgsGeometry.fromRect(QgsRectangle(left, 129500, left + 200, 129700)))
        area.dataProvider().addFeature(feature)
    QgsProject.instance().addMapLayer(area)
    dialog.area.kind.setCurrentIndex(dialog.area.kind.findData(POLYGONS))
    qtbot.waitUntil(lambda: dialog.facts.run_time.full_seconds == 30, timeout=WAIT_MS)
    dialog.area.selected_only.setChecked(True)
    qtbot.waitUntil(lambda: "no polygon to use" in dialog.notes.text(), timeout=WAIT_MS)
    area.selectByIds([2])
    qtbot.waitUntil(dialog.run_button.isEnabled, timeout=WAIT_MS)
    dialog.output.setFilePath(str(tmp_path / "o.tif"))
    task = desktop.run()
    copied = []
    task.preview_ready.connect(lambda path: copied.append(QgsVectorLayer(f"{task._folder}/area.gpkg", "", "ogr")))
    wait_for(desktop, qtbot, "The map is ready: ")
    assert [(layer.featureCount(), layer.extent().xMinimum()) for layer in copied] == [(1, 321400)]


def test_a_scene_that_only_qgis_can_read_is_exported(dialog, desktop, fake_engine, qtbot, tmp_path):
    fake_engine("unreadable")
    dialog.ask_soon()
    qtbot.waitUntil(lambda: "exported first" in dialog.notes.text(), timeout=WAIT_MS)
    assert dialog.run_button.isEnabled()
    dialog.output.setFilePath(str(tmp_path / "o.tif"))
    desktop.run()
    wait_for(desktop, qtbot, "The map is ready: ")


def test_a_map_service_without_an_area_is_told_before_the_run(dialog, qtbot, tmp_path):
    layer = xyz_layer(tmp_path)
    QgsProject.instance().addMapLayer(layer)
    dialog.choose_layer(layer)
    qtbot.waitUntil(lambda: "choose an area" in dialog.notes.text(), timeout=WAIT_MS)
    assert not dialog.run_button.isEnabled()


def test_a_file_that_a_run_would_replace_is_named(dialog, qtbot, tmp_path):
    (tmp_path / "o.tif").touch()
    dialog.output.setFilePath(str(tmp_path / "o.tif"))
    assert "o.tif exists; a run replaces it." in dialog.notes.text()


def test_without_an_engine_the_dialog_leads_to_the_options(desktop, scene, qtbot, monkeypatch):
    from magnet_geo_qgis.settings import ENGINE_PROGRAM, write_setting

    write_setting(ENGINE_PROGRAM, "")
    monkeypatch.setenv("PATH", "/nowhere")
    dialog = desktop.open_dialog(scene)
    qtbot.waitUntil(lambda: "no engine yet" in dialog.notes.text(), timeout=WAIT_MS)
    assert not dialog.run_button.isEnabled()
    dialog.notes.linkActivated.emit("options")
    assert desktop._iface.options_shown == ["magnetGeoOptions"]


def test_the_options_page_tests_the_engine_and_keeps_what_it_says(fake_engine, qtbot):
    from magnet_geo_qgis.gui.options_page import OptionsPage
    from magnet_geo_qgis.settings import EXPORT_LIMIT, TORCH_INDEX, read_setting

    page = OptionsPage()
    qtbot.addWidget(page)
    assert page.chosen.isChecked()
    assert "GB are free" in page.size.text()
    page.export_limit.setValue(12)
    page.start_test()
    qtbot.waitUntil(lambda: page.state.text().startswith("✔"), timeout=WAIT_MS)
    assert "fake_engine.py" in page.log.toPlainText()
    page.copy.click()
    assert QgsApplication.clipboard().text() == page.log.toPlainText()
    page.apply()
    assert read_setting(EXPORT_LIMIT, 64.0) == 12
    assert read_setting(TORCH_INDEX) == ""


def test_an_area_off_the_layer_is_told_before_the_run(dialog, desktop, scene, qtbot):
    from magnet_geo_qgis.gui.area_choice import CANVAS

    canvas = desktop._iface.canvas
    canvas.setDestinationCrs(scene.crs())
    canvas.setExtent(QgsRectangle(0, 0, 100, 100))
    dialog.area.kind.setCurrentIndex(dialog.area.kind.findData(CANVAS))
    qtbot.waitUntil(lambda: "does not meet the layer" in dialog.notes.text(), timeout=WAIT_MS)
    assert not dialog.run_button.isEnabled()
