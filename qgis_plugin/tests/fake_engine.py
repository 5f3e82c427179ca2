#!/usr/bin/python3
"""An engine for tests: speaks the protocol, and misbehaves as the variable FAKE_ENGINE says."""

import json
import os
import signal
import sys
import threading
import time

MODE = os.environ.get("FAKE_ENGINE", "ok")
CLASSES = [("1", "water", "#3b7dc4"), ("2", "land", "#dcc48e"), ("5", "végétation", "#5a9e4b")]
GRID = {"crs": "EPSG:32633", "transform": [1, 0, 500000, 0, -1, 5400000], "width": 64, "height": 64}
cancelled = threading.Event()


def say(**fields):
    sys.stdout.buffer.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
    sys.stdout.buffer.flush()


def listen():
    while True:
        chunk = os.read(0, 4096)
        if not chunk or b'"cancel"' in chunk:
            break
    if MODE != "hang":
        cancelled.set()


def option(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else None


def write_raster(path, value=2):
    from osgeo import gdal, osr

    source = gdal.Open(sys.argv[-1]) if os.path.exists(sys.argv[-1]) else None
    size = (source.RasterXSize, source.RasterYSize) if source else (64, 64)
    made = gdal.GetDriverByName("GTiff").Create(path + ".part", *size, 1, gdal.GDT_Byte)
    if source:
        made.SetGeoTransform(source.GetGeoTransform())
        made.SetProjection(source.GetProjection())
    else:
        reference = osr.SpatialReference()
        reference.ImportFromEPSG(32633)
        made.SetGeoTransform((500000, 1, 0, 5400000, 0, -1))
        made.SetProjection(reference.ExportToWkt())
    made.GetRasterBand(1).Fill(value)
    made.GetRasterBand(1).SetNoDataValue(255)
    made = None
    os.replace(path + ".part", path)


def result(output, preview):
    classes = [
        {"value": int(v), "name": n, "color": c, "pixels": 100, "area_m2": 1e4 * int(v), "share": 1 / 3}
        for v, n, c in CLASSES
    ]
    facts = {"raster": output, "confidence": option("--confidence"), "probabilities": None, "polygons": None}
    facts.update(report=None, model={"name": "landcover"}, grid=GRID, classes=classes, valid_pixels=300)
    facts.update(refined_share=1.0, seconds=1.0, warnings=[], levels=[])
    say(type="result", **facts)


def refuse_scene():
    """Like an engine whose GDAL lacks the scene's format; what QGIS exports is GeoTIFF."""
    if MODE == "unreadable" and os.path.basename(sys.argv[-1]) != "scene.tif":
        return f"'{sys.argv[-1]}' is not a raster that GDAL can read; convert it to GeoTIFF first."
    return None


def leave_work(output, *, finished_windows):
    """Like a real engine that is killed: its hidden folder stays."""
    work = os.path.join(os.path.dirname(output), f".{os.path.basename(output)}.magnet-geo")
    folder = os.path.join(work, "map")
    os.makedirs(folder)
    with open(os.path.join(work, "magnet-geo.folder"), "w", encoding="utf-8") as file:
        file.write("A folder of magnet-geo.")
    with open(os.path.join(folder, "000.part" if finished_windows else "000.new"), "wb") as file:
        file.write(b"a window")


def segment():
    output, preview = option("-o"), option("--preview")
    if MODE == "crash":
        raise RuntimeError("libcudart.so.12: cannot open shared object file")
    if MODE == "usage":
        sys.stderr.write("Usage: magnet-geo segment\n\nError: No such option '--refine'.\n")
        sys.exit(2)
    say(
        type="hello",
        protocol=2 if MODE == "future" else 1,
        version="0.0.9" if MODE == "old" else "0.1.0",
        pid=os.getpid(),
    )
    threading.Thread(target=listen, daemon=True).start()
    if MODE == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(120)
    if refuse_scene():
        say(type="error", code="input", message=refuse_scene())
        sys.exit(1)
    if MODE == "oom":
        say(type="error", code="out_of_memory", message="the memory ran out while reading")
        sys.exit(1)
    if MODE in ("sigkill", "interrupted"):
        say(type="progress", fraction=0.4, stage="segment", message="Segmenting")
        leave_work(output, finished_windows=MODE == "interrupted")
        os.kill(os.getpid(), signal.SIGKILL)
    if MODE == "exit3":
        sys.stderr.write("something odd\n")
        sys.exit(3)
    if MODE == "silent":
        sys.exit(0)
    if MODE == "noisy":
        sys.stdout.write("Warning: libtiff says hello\n{not json}\n[1, 2]\n\x00\n" + "x" * 100000 + "\n")
        sys.stdout.flush()
        sys.stderr.write("deprecated: é\n" * 500)
        say(type="weather", mood="sunny")
        say(type="progress", fraction="much")
    if MODE == "half":
        text = json.dumps({"type": "progress", "fraction": 0.3, "stage": "s", "message": "für"}, ensure_ascii=False)
        for byte in text.encode() + b"\r\n":
            sys.stdout.buffer.write(bytes([byte]))
            sys.stdout.buffer.flush()
    steps = 600 if MODE in ("slow", "stubborn") else 5
    if preview:
        write_raster(preview, value=1)
        say(type="preview", raster=preview)
    for step in range(steps):
        if cancelled.is_set():
            say(type="cancelled")
            sys.exit(130)
        say(type="progress", fraction=step / steps, stage="segment", message="Segmenting")
        time.sleep(0.05 if MODE in ("slow", "stubborn") else 0.01)
    if output and MODE != "bare":
        write_raster(output)
    result(output, preview)


def describe_model():
    classes = [{"value": int(v), "name": n, "color": c} for v, n, c in CLASSES]
    manifest = {"name": "landcover", "title": "Fake land cover", "version": "0", "classes": classes}
    manifest.update(bands=["red", "green", "blue"], gsd_m=1.0, domain="Nowhere.", licence="CC0")
    return {"path": "landcover", "manifest": manifest}


def main():
    command = next((a for a in sys.argv[1:] if not a.startswith("-")), "")
    if "--version" in sys.argv:
        print("magnet-geo, version " + ("0.0.9" if MODE == "old" else "0.1.0"))
    elif command == "segment" and "--dry-run" in sys.argv:
        seconds = 30 if option("--aoi") else 60
        estimate = {"seconds": seconds, "refining_seconds": seconds / 2, "ranking_seconds": 10, "fast_share": 0.1}
        plan = {"estimate": estimate, "memory_bytes": 1, "device": "cpu"}
        print(json.dumps({**plan, "warnings": ["The pixels are large.", "Values (uint16) were stretched."]}))
    elif command == "segment":
        segment()
    elif command == "info" and refuse_scene():
        sys.exit(f"Error: {refuse_scene()}")
    elif command == "info":
        fit = {"model": "landcover", "model_bands": ["red", "green", "blue"], "bands": [1, 2, 3], "model_gsd_m": 1.0}
        fit.update(scene_pixels_per_model_pixel=1, problems=[], warnings=["The pixels are large."])
        print(json.dumps({"grid": GRID, "warnings": [], "fit": fit, "dtype": "uint8", "gsd_m": 1.0}))
    elif command == "model":
        print(json.dumps([describe_model()] if "list" in sys.argv else describe_model()))
    else:
        threading.Thread(target=listen, daemon=True).start()
        if MODE in ("slow", "hang"):
            output = next(word for word in sys.argv if word.endswith(".gpkg"))
            with open(os.path.join(os.path.dirname(output), ".o.part.gpkg"), "wb") as file:
                file.write(b"half a file")
        if MODE == "hang":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while MODE in ("slow", "hang") and not cancelled.is_set():
            time.sleep(0.05)
        if cancelled.is_set():
            sys.exit(130)
        print(json.dumps({"command": sys.argv[1:]}))


main()
