"""The provider: six algorithms that translate parameters, stream progress, cancel, and explain what went wrong."""

import os
import sys
import time
from pathlib import Path

import pytest
from conftest import FAKE, VILLAGE, Feedback
from qgis.core import (
    QgsApplication,
    QgsFeature,
    QgsGeometry,
    QgsPalettedRasterRenderer,
    QgsProcessingAlgorithm,
    QgsProcessingAlgRunnerTask,
    QgsProcessingContext,
    QgsProcessingException,
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelOutput,
    QgsProcessingModelParameter,
    QgsProcessingOutputLayerDefinition,
    QgsProcessingParameterRasterLayer,
    QgsProject,
    QgsRasterLayer,
    QgsVectorLayer,
)

NAMES = ["accuracyestimate", "accuracysample", "evaluate", "polygonize", "report", "segment"]


def test_the_provider_has_six_algorithms_with_help(algorithm):
    provider = QgsApplication.processingRegistry().providerById("magnetgeo")
    assert sorted(a.name() for a in provider.algorithms()) == NAMES
    for name in NAMES:
        found = algorithm(name)
        assert found.shortHelpString()
        assert found.tags()
        assert found.helpUrl().startswith("file:")
        assert not found.icon().isNull()


def test_nothing_heavy_is_loaded_into_qgis(plugin):
    assert not {"torch", "rasterio", "magnet_geo"} & set(sys.modules)


def test_without_an_engine_the_toolbox_says_what_to_do(plugin, algorithm, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    can, reason = algorithm("segment").canExecute()
    assert not can
    assert "Settings > Options > MagNet Geo" in reason


def test_a_scene_becomes_a_map(fake_engine, run, tmp_path):
    feedback = Feedback()
    output = tmp_path / "die Karte é.tif"
    results = run("segment", feedback, INPUT=str(VILLAGE), OUTPUT=str(output))
    assert results["OUTPUT"] == str(output)
    assert QgsRasterLayer(str(output)).isValid()
    assert feedback.fractions == sorted(feedback.fractions)
    assert len(feedback.fractions) >= 3
    assert feedback.stages == ["Segmenting"]
    [command] = feedback.commands
    assert command.startswith("magnet-geo segment -o ")
    assert str(VILLAGE) in command
    assert any("végétation" in info for info in feedback.infos)


def test_every_parameter_reaches_the_command_line(fake_engine, run, tmp_path):
    feedback = Feedback()
    layer = QgsRasterLayer(str(VILLAGE), "village")
    run(
        "segment",
        feedback,
        INPUT=layer,
        BANDS=[3, 2, 1],
        EXTENT="321100,321900,129500,130300 [EPSG:27700]",
        REFINE=3,
        SHARE=0.4,
        MIN_CONFIDENCE=0.2,
        SCALING="0,200",
        GSD="native",
        MAX_MEMORY="2GB",
        DEVICE=1,
        OUTPUT=str(tmp_path / "o.tif"),
        CONFIDENCE=str(tmp_path / "c.tif"),
    )
    command = feedback.commands[0]
    for part in (
        "--bands 3,2,1",
        "--bbox=321100,129500,321900,130300 --bbox-crs EPSG:27700",
        "--refine 0.4",
        "--min-confidence 0.2",
        "--scaling 0,200",
        "--gsd native",
        "--max-memory 2GB",
        "--device cpu",
        f"--confidence {tmp_path}/c.tif",
    ):
        assert part in command, command


def test_polygons_give_the_area(fake_engine, run, tmp_path):
    area = QgsVectorLayer("Polygon?crs=EPSG:27700", "area", "memory")
    feature = QgsFeature()
    feature.setGeometry(QgsGeometry.fromWkt("POLYGON((321100 129500, 321500 129500, 321500 130000, 321100 129500))"))
    area.dataProvider().addFeature(feature)
    feedback = Feedback()
    run("segment", feedback, INPUT=str(VILLAGE), AREA_POLYGONS=area, OUTPUT=str(tmp_path / "o.tif"))
    path = feedback.commands[0].split("--aoi ")[1].split(" ")[0]
    written = QgsVectorLayer(path, "written", "ogr")
    assert written.featureCount() == 1
    assert written.crs().authid() == "EPSG:27700"


def test_an_area_off_the_layer_is_refused(fake_engine, run, tmp_path):
    with pytest.raises(QgsProcessingException, match="does not meet the layer"):
        run("segment", INPUT=str(VILLAGE), EXTENT="0,10,0,10 [EPSG:27700]", OUTPUT=str(tmp_path / "o.tif"))


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("oom", "The memory ran out while reading. Close other programs"),
        ("sigkill", "ended from outside or crashed.*run again"),
        ("exit3", "stopped with code 3: something odd"),
        ("silent", "ended without a result"),
        ("old", "this plugin needs 0.1.0 or newer.*Update the engine"),
        ("future", "speaks protocol 2.*Update the plugin"),
        ("crash", "libcudart.so.12"),
        ("usage", "does not know what the plugin asks for"),
    ],
)
def test_a_failing_engine_leaves_a_sentence_and_no_file(fake_engine, run, tmp_path, mode, message):
    fake_engine(mode)
    with pytest.raises(QgsProcessingException, match=message):
        run("segment", INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "o.tif"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", ["noisy", "half"])
def test_noise_and_cut_lines_do_no_harm(fake_engine, run, tmp_path, mode):
    fake_engine(mode)
    assert run("segment", INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "o.tif"))["OUTPUT"]


def test_what_an_interrupted_run_finished_stays_for_the_same_run(fake_engine, run, tmp_path):
    fake_engine("interrupted")
    feedback = Feedback()
    with pytest.raises(QgsProcessingException, match="crashed"):
        run("segment", feedback, INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "o.tif"))
    assert [path.name for path in tmp_path.iterdir()] == [".o.tif.magnet-geo"]
    assert any("would go on where this one stopped" in info for info in feedback.infos)
    assert "--no-resume" not in feedback.commands[0]
    fake_engine("ok")
    run("segment", feedback, INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "o.tif"), RESUME=False)
    assert "--no-resume" in feedback.commands[1]


def test_of_a_temporary_map_nothing_stays(fake_engine, run):
    fake_engine("interrupted")
    feedback = Feedback()
    with pytest.raises(QgsProcessingException, match="crashed"):
        run("segment", feedback, INPUT=str(VILLAGE), OUTPUT="TEMPORARY_OUTPUT")
    output = Path(feedback.commands[0].split("-o ")[1].split(" ")[0])
    assert output.parent.is_dir()
    assert list(output.parent.iterdir()) == []


def test_a_scene_that_only_qgis_can_read_is_exported(fake_engine, run, tmp_path):
    fake_engine("unreadable")
    feedback = Feedback()
    assert run("segment", feedback, INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "o.tif"))["OUTPUT"]
    assert [command.endswith("scene.tif") for command in feedback.commands] == [False, True]
    assert any("it is exported first" in info for info in feedback.infos)


def test_an_engine_that_is_gone_is_named(fake_engine, run, tmp_path):
    from magnet_geo_qgis.settings import ENGINE_PROGRAM, write_setting

    write_setting(ENGINE_PROGRAM, str(tmp_path / "gone" / "python"))
    with pytest.raises(QgsProcessingException, match=r"could not be started: .*gone/python"):
        run("segment", INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "o.tif"))


def test_cancel_is_answered_within_two_seconds(fake_engine, run, tmp_path):
    fake_engine("slow")
    feedback = Feedback(cancel_at=1)
    results = run("segment", feedback, INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "o.tif"))
    assert results == {}
    assert time.monotonic() - feedback.cancelled_time < 2
    assert list(tmp_path.iterdir()) == []


def test_the_other_commands_are_cancelled_too_and_leave_nothing(fake_engine, algorithm, qtbot, tmp_path):
    fake_engine("slow")
    feedback = Feedback()
    task = start(algorithm("polygonize"), {"INPUT": str(VILLAGE), "OUTPUT": str(tmp_path / "o.gpkg")}, feedback)
    qtbot.waitUntil(lambda: list(tmp_path.iterdir()) != [], timeout=20000)
    began = time.monotonic()
    with qtbot.waitSignal(task.executed, timeout=20000):
        feedback.cancel()
    assert time.monotonic() - began < 2
    assert list(tmp_path.iterdir()) == []


def start(algorithm, parameters, feedback):
    """Gives the task of an algorithm that runs as the toolbox runs it."""
    context = QgsProcessingContext()
    task = QgsProcessingAlgRunnerTask(algorithm.create(), parameters, context, feedback)
    task.kept = context, feedback
    QgsApplication.taskManager().addTask(task)
    return task


@pytest.mark.parametrize("mode", ["slow", "hang"])
def test_unloading_the_plugin_ends_what_the_toolbox_runs(plugin, fake_engine, algorithm, qtbot, tmp_path, mode):
    fake_engine(mode)
    feedback = Feedback()
    task = start(algorithm("segment"), {"INPUT": str(VILLAGE), "OUTPUT": str(tmp_path / "o.tif")}, feedback)
    qtbot.waitUntil(lambda: len(fake_engines()) == 1, timeout=20000)
    with qtbot.waitSignal(task.executed, timeout=20000):
        plugin.unload()
        assert not fake_engines()
    assert list(tmp_path.iterdir()) == []


def test_a_deaf_engine_is_killed(fake_engine, run, tmp_path, monkeypatch):
    from magnet_geo_qgis.engine import runner

    monkeypatch.setattr(runner, "TERMINATE_AFTER_S", 0.5)
    monkeypatch.setattr(runner, "KILL_AFTER_S", 1.0)
    fake_engine("hang")
    feedback = Feedback()
    started = time.monotonic()
    feedback.isCanceled = lambda: time.monotonic() - started > 0.5
    results = run("segment", feedback, INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "o.tif"))
    assert results == {}
    assert time.monotonic() - started < 5
    assert not fake_engines()


def fake_engines():
    """Gives the fake engines that still run, as the system sees them."""
    found = []
    for folder in os.listdir("/proc"):
        try:
            with open(f"/proc/{folder}/cmdline", "rb") as file:
                line = file.read()
        except OSError:
            continue
        if os.fsencode(str(FAKE)) in line:
            found.append(line)
    return found


def test_a_run_in_the_background_styles_its_map(fake_engine, algorithm, qtbot, tmp_path):
    context = QgsProcessingContext()
    context.setProject(QgsProject.instance())
    output = str(tmp_path / "o.tif")
    target = QgsProcessingOutputLayerDefinition(output, QgsProject.instance())
    found = algorithm("segment").create()
    feedback = Feedback()
    task = QgsProcessingAlgRunnerTask(found, {"INPUT": str(VILLAGE), "OUTPUT": target}, context, feedback)
    with qtbot.waitSignal(task.executed, timeout=20000) as blocker:
        QgsApplication.taskManager().addTask(task)
    assert blocker.args[0] is True
    layer = QgsRasterLayer(output, "map")
    styler = context.layerToLoadOnCompletionDetails(output).postProcessor()
    styler.postProcessLayer(layer, context, feedback)
    assert isinstance(layer.renderer(), QgsPalettedRasterRenderer)
    assert [(c.value, c.label, c.color.name()) for c in layer.renderer().classes()] == [
        (1, "water", "#3b7dc4"),
        (2, "land", "#dcc48e"),
        (5, "végétation", "#5a9e4b"),
    ]


def test_the_other_commands_are_called_as_the_engine_knows_them(fake_engine, run, tmp_path):
    def command(name, **parameters):
        feedback = Feedback()
        run(name, feedback, **parameters)
        return feedback.commands[0].replace(str(tmp_path), "").replace(str(VILLAGE), "MAP")

    p = lambda name: str(tmp_path / name)  # noqa: E731
    assert command("polygonize", INPUT=str(VILLAGE), OUTPUT=p("o.gpkg"), MIN_AREA=50, SIMPLIFY=1.5).startswith(
        "magnet-geo polygonize MAP /o.gpkg --overwrite --min-area 50m2 --simplify 1.5m"
    )
    assert "--smooth" in command("polygonize", INPUT=str(VILLAGE), OUTPUT=p("o.gpkg"), SMOOTH=True)
    sample = command("accuracysample", INPUT=str(VILLAGE), OUTPUT=p("p.gpkg"), SIZE=100, ALLOCATION=1, BLIND=True)
    assert "--size 100 --allocation equal" in sample
    assert sample.endswith("--blind -- MAP /p.gpkg")
    report = command("report", INPUT=str(VILLAGE), SCENE=str(VILLAGE), TITLE="Ein Dorf", OUTPUT=p("r.html"))
    assert report == ("magnet-geo report --scene MAP --title 'Ein Dorf' --progress none --overwrite -- MAP /r.html")
    evaluate = command("evaluate", INPUT=str(VILLAGE), TRUTH=str(VILLAGE), MAPPING="2=3, a=b", OUTPUT=p("e.json"))
    assert "--map 2=3 --map a=b -- MAP MAP" in evaluate
    quoted = command("evaluate", INPUT=str(VILLAGE), TRUTH=str(VILLAGE), IGNORE='0, "dry, bare"', OUTPUT=p("e.json"))
    assert "--ignore-value 0 --ignore-value 'dry, bare' -- MAP MAP" in quoted
    assert (tmp_path / "e.json").exists()


def test_a_model_chains_the_algorithms(fake_engine, plugin, tmp_path):
    model = QgsProcessingModelAlgorithm("map and polygons")
    model.addModelParameter(QgsProcessingParameterRasterLayer("scene"), QgsProcessingModelParameter("scene"))
    for name, source in (("segment", None), ("polygonize", "segment")):
        child = QgsProcessingModelChildAlgorithm(f"magnetgeo:{name}")
        child.setChildId(name)
        given = (
            QgsProcessingModelChildParameterSource.fromChildOutput(source, "OUTPUT")
            if source
            else QgsProcessingModelChildParameterSource.fromModelParameter("scene")
        )
        child.addParameterSources("INPUT", [given])
        model.addChildAlgorithm(child)
    output = QgsProcessingModelOutput("polygons")
    output.setChildId("polygonize")
    output.setChildOutputName("OUTPUT")
    model.childAlgorithm("polygonize").setModelOutputs({"polygons": output})
    model.updateDestinationParameters()
    feedback, context = Feedback(), QgsProcessingContext()
    target = str(tmp_path / "o.gpkg")
    _, fine = model.run({"scene": str(VILLAGE), "polygonize:polygons": target}, context, feedback)
    assert fine
    segment, polygonize = feedback.commands
    assert polygonize.split()[2] == segment.split()[3]
    assert polygonize.split()[3] == target


def test_every_algorithm_runs_in_batches_and_can_be_cancelled(algorithm):
    for name in NAMES:
        flags = algorithm(name).flags()
        assert flags & QgsProcessingAlgorithm.Flag.FlagSupportsBatch
        assert flags & QgsProcessingAlgorithm.Flag.FlagCanCancel
        assert not flags & QgsProcessingAlgorithm.Flag.FlagNoThreading


def test_the_history_s_lines_run_again(fake_engine, algorithm, tmp_path):
    import processing

    parameters = {"INPUT": str(VILLAGE), "BANDS": [1, 2, 3], "OUTPUT": str(tmp_path / "o.tif")}
    line = algorithm("segment").asPythonCommand(parameters, QgsProcessingContext())
    assert line.startswith('processing.run("magnetgeo:segment"')
    assert eval(line, {"processing": processing})["OUTPUT"] == str(tmp_path / "o.tif")


def test_the_sample_wants_a_geopackage(fake_engine, run, tmp_path):
    with pytest.raises(QgsProcessingException, match=r"end the name in \.gpkg"):
        run("accuracysample", INPUT=str(VILLAGE), OUTPUT=str(tmp_path / "p.shp"))


def test_unloading_takes_the_provider_away(plugin):
    plugin.unload()
    assert QgsApplication.processingRegistry().providerById("magnetgeo") is None
