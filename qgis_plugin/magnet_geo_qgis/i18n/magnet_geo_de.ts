<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de_DE" sourcelanguage="en">
  <context>
    <name>MagnetGeo</name>
    <message>
      <source>Accuracy estimate</source>
      <translation>Genauigkeit: Schätzung</translation>
    </message>
    <message>
      <source>Estimates accuracies and areas, with intervals, from a filled-in sample.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Estimates overall, user's and producer's accuracy and the areas of the classes, with confidence intervals, from the points of Accuracy sample whose column 'reference' is filled in (Olofsson and others, 2014).

Save the points' edits first. With the map, it is compared with the one that was sampled.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>accuracy,area estimate,Olofsson,confidence interval,validation</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Points, filled in</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The map that was sampled</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Confidence level of the intervals</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Leave out points without an answer, as missing at random</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Table of classes</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Record, for the report</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Overall accuracy</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The points must be the GeoPackage that Accuracy sample wrote.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The points have edits that are not saved; save them, then estimate again.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Accuracy sample</source>
      <translation>Genauigkeit: Stichprobe</translation>
    </message>
    <message>
      <source>Draws random points of a map, to be checked by eye.</source>
      <translation>Zieht Zufallspunkte einer Karte, die von Auge geprüft werden.</translation>
    </message>
    <message>
      <source>Draws a stratified random sample of the pixels of a map: points to fill in by hand.

Look at the ground at each point, in imagery better than the map was made from, and choose what it truly is in the column 'reference'; the form offers the classes. Do not move, add or remove points. Then run Accuracy estimate.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Proportional to area</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Equal</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Neyman (optimal)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Power: favours small classes</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>accuracy,random points,stratified,sampling,validation</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Class map</source>
      <translation>Klassenkarte</translation>
    </message>
    <message>
      <source>Points</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Shared by classes</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Points per class at least</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Seed</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Hide the map's class in the points</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Points (GeoPackage)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The points need a GeoPackage: end the name in .gpkg.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Cancelled; nothing was written.</source>
      <translation>Abgebrochen; nichts wurde geschrieben.</translation>
    </message>
    <message>
      <source>The engine was told to stop from outside QGIS.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>magnet-geo {version}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Evaluate map</source>
      <translation>Karte bewerten</translation>
    </message>
    <message>
      <source>Scores a class map against labels: confusion, IoU, F1, accuracy.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Scores a class map against labels: a label raster or polygons, in any CRS and resolution.

The figures count labelled pixels. They are no estimate of areas: for those draw a random sample (Accuracy sample) and estimate from it (Accuracy estimate).</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Column of the class, for polygons</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Labels and their classes, such as 2=3, meadow=grass</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Labels of ground not to be compared, such as 0</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>These labels have no file that the engine can open; save them first.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>accuracy,confusion matrix,IoU,kappa,validation</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Labels: raster or polygons</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Score record, for the report</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Mean IoU</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{path} cannot be written ({reason}); choose another place.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Polygonise classes</source>
      <translation>Klassen in Polygone umwandeln</translation>
    </message>
    <message>
      <source>Turns a class map into polygons without gaps or overlaps.</source>
      <translation>Wandelt eine Klassenkarte in Polygone ohne Lücken und Überlappungen um.</translation>
    </message>
    <message>
      <source>Turns a class map into polygons without gaps or overlaps, with class, colour and true area.

Smallest polygon: smaller ones join the neighbour with the longest common border. Simplify: borders are simplified once for both sides, so that no gaps open.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>This raster has no file that the engine can open; save it as GeoTIFF first.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Pixels join at sides (4)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Pixels join at corners too (8)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>vectorize,polygons,land cover,coverage,minimum mapping unit</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Smallest polygon, in square metres</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Simplify borders by, in metres</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Smooth: stairs become slopes</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Connectivity</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Certainty of the map</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Polygons</source>
      <translation>Polygone</translation>
    </message>
    <message>
      <source>Report</source>
      <translation>Bericht</translation>
    </message>
    <message>
      <source>Puts a map, its areas and how it was made into one HTML file.</source>
      <translation>Legt eine Karte, ihre Flächen und ihre Entstehung in eine HTML-Datei.</translation>
    </message>
    <message>
      <source>Puts a map into one HTML file to hand on: scene and map side by side, areas, certainty, how it was made. The file needs no network and prints well.

A map that was not made here works too, and tells less.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>report,html,areas,statistics,land cover</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Scene</source>
      <translation>Szene</translation>
    </message>
    <message>
      <source>Certainty</source>
      <translation>Sicherheit</translation>
    </message>
    <message>
      <source>Record of Evaluate map</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Record of Accuracy estimate</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Headline</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The scene has no file; the report goes without it.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Segment scene</source>
      <translation>Szene klassifizieren</translation>
    </message>
    <message>
      <source>Maps the land cover of an aerial photo or a satellite scene of any size.</source>
      <translation>Kartiert die Landbedeckung eines Luftbilds oder einer Satellitenszene beliebiger Größe.</translation>
    </message>
    <message>
      <source>Maps the land cover of an aerial photo or a satellite scene of any size, coarse to fine.

The map lies on the scene's own pixels and brings its legend along. Bands: choose as many as the model wants, in its order; none lets the engine find them by name. Refinement: 'full' looks closely everywhere, 'fast' where the coarse map is unsure, 'share' spends the share below on the least sure places, 'off' gives the coarse map in seconds. Area: a rectangle, or the polygons of a layer; inside, each pixel gets the class of a run over the whole scene. Map services and layers without a file are exported first, for the area only.

The work is done by the program magnet-geo in its own environment: Settings &gt; Options &gt; MagNet Geo.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>As the model says</source>
      <translation>Wie das Modell es vorsieht</translation>
    </message>
    <message>
      <source>Full: everywhere</source>
      <translation>Voll: überall</translation>
    </message>
    <message>
      <source>Fast: where the coarse map is unsure</source>
      <translation>Schnell: wo die grobe Karte unsicher ist</translation>
    </message>
    <message>
      <source>A share of the scene, least sure first</source>
      <translation>Ein Anteil der Szene, Unsicherstes zuerst</translation>
    </message>
    <message>
      <source>Off: the coarse map</source>
      <translation>Aus: die grobe Karte</translation>
    </message>
    <message>
      <source>Automatic</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>land cover,classification,segmentation,deep learning,magnet,aerial,satellite</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Model (bundled name, or model file)</source>
      <translation>Modell (mitgelieferter Name oder Modelldatei)</translation>
    </message>
    <message>
      <source>Bands, in the model's order</source>
      <translation>Kanäle, in der Reihenfolge des Modells</translation>
    </message>
    <message>
      <source>Area</source>
      <translation>Gebiet</translation>
    </message>
    <message>
      <source>Area: polygons</source>
      <translation>Gebiet: Polygone</translation>
    </message>
    <message>
      <source>Refinement</source>
      <translation>Verfeinerung</translation>
    </message>
    <message>
      <source>Share to refine (0-1)</source>
      <translation>Anteil, der verfeinert wird (0-1)</translation>
    </message>
    <message>
      <source>Smallest polygon, in square metres (0 keeps all)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Certainty below which a pixel is unclassified (0-1)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Values to the model's: auto, none, or MIN,MAX</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Pixel size in metres, or 'native'</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Memory limit, such as 4GB</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Compute on</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Pixel size in metres for map services (0: 1 m)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Map</source>
      <translation>Karte</translation>
    </message>
    <message>
      <source>Class probabilities</source>
      <translation>Wahrscheinlichkeiten der Klassen</translation>
    </message>
    <message>
      <source>Share that was refined</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Seconds of the run</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The scene is no raster layer that QGIS can read; choose another one.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The layer of the area has no polygon to use; select some, or all.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Making polygons</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Writing the report</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>about {n} h</source>
      <translation>etwa {n} h</translation>
    </message>
    <message>
      <source>about {n} s</source>
      <translation>etwa {n} s</translation>
    </message>
    <message>
      <source>about {n} min</source>
      <translation>etwa {n} min</translation>
    </message>
    <message>
      <source>any pixel size</source>
      <translation>beliebige Pixelgröße</translation>
    </message>
    <message>
      <source>pixels of about {m} m</source>
      <translation>Pixel von etwa {m} m</translation>
    </message>
    <message>
      <source>Wants: {bands}; {size}</source>
      <translation>Braucht: {bands}; {size}</translation>
    </message>
    <message>
      <source>Licence: {licence}</source>
      <translation>Lizenz: {licence}</translation>
    </message>
    <message>
      <source>This Python cannot make virtual environments; on Debian and Ubuntu run 'sudo apt-get install python3-venv', or choose another Python.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Installing PyTorch</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Installing magnet-geo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Python {found} is too old; the engine needs {wanted} or newer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Settings &gt; Options &gt; MagNet Geo</source>
      <translation>Einstellungen &gt; Optionen &gt; MagNet Geo</translation>
    </message>
    <message>
      <source>MagNet Geo has no engine yet.</source>
      <translation>MagNet Geo hat noch keine Rechenumgebung.</translation>
    </message>
    <message>
      <source>The engine was ended from outside or crashed; most often the computer had no memory left.</source>
      <translation>Die Rechnung wurde von außen beendet oder ist abgestürzt; meist war der Speicher voll.</translation>
    </message>
    <message>
      <source>Nothing was written. Close other programs, or set a memory limit or a smaller area, and run again.</source>
      <translation>Nichts wurde geschrieben. Schließen Sie andere Programme, setzen Sie eine Speichergrenze oder wählen Sie ein kleineres Gebiet, und starten Sie erneut.</translation>
    </message>
    <message>
      <source>The engine ended without a result.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Close other programs, or set a memory limit under Advanced parameters.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Free some space, or write to another disk.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose the bands in the dialog.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose the device 'cpu' under Advanced parameters.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose an area that meets the layer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine could not be started: {program} ({reason}).</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine (version {version}) speaks protocol {found}, this plugin protocol {wanted}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Update the plugin in the plugin manager.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine is version {found}, but this plugin needs {wanted} or newer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine did not understand the request.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine stopped with code {code}: {said}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Choose or create the engine in {page}.</source>
      <translation>Wählen oder erstellen Sie die Rechenumgebung unter {page}.</translation>
    </message>
    <message>
      <source>Choose or create one in {page}.</source>
      <translation>Wählen oder erstellen Sie eine unter {page}.</translation>
    </message>
    <message>
      <source>Update the engine in {page}.</source>
      <translation>Aktualisieren Sie die Rechenumgebung unter {page}.</translation>
    </message>
    <message>
      <source>Press Test in {page}; it shows what the engine says.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine does not know what the plugin asks for: {said}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>it said nothing.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine's Python lacks the package {package}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Create the engine anew, or choose another one, in {page}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine works: magnet-geo {version}.</source>
      <translation>Die Rechenumgebung funktioniert: magnet-geo {version}.</translation>
    </message>
    <message>
      <source>The engine does not run: {said}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Downloads about {down} GB and takes about {disk} GB in your profile; {free} GB are free.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>On Linux the usual index brings the CUDA build; with PyTorch's CPU index it is far smaller.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Looking for a Python</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Testing the engine</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>it does not run.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Another QGIS is creating the environment; wait until it is done.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The environment was made without a Python; choose another one to make it with.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The installation ended, but the engine is not there; see the log.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>No Python here can make the environment; install Python 3.11 or newer from python.org.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Creating the environment with Python {v}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{program} does not start: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{program} crashed.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The installation failed: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{program} does not answer.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>see the log.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Selected features only</source>
      <translation>Nur gewählte Objekte</translation>
    </message>
    <message>
      <source>Whole layer</source>
      <translation>Ganzer Layer</translation>
    </message>
    <message>
      <source>What the map shows</source>
      <translation>Was die Karte zeigt</translation>
    </message>
    <message>
      <source>Rectangle</source>
      <translation>Rechteck</translation>
    </message>
    <message>
      <source>Polygons of a layer</source>
      <translation>Polygone eines Layers</translation>
    </message>
    <message>
      <source>Map the land cover...</source>
      <translation>Landbedeckung kartieren...</translation>
    </message>
    <message>
      <source>MagNet Geo: map the land cover of a raster layer</source>
      <translation>MagNet Geo: Landbedeckung eines Rasterlayers kartieren</translation>
    </message>
    <message>
      <source>Open folder</source>
      <translation>Ordner öffnen</translation>
    </message>
    <message>
      <source>Open report</source>
      <translation>Bericht öffnen</translation>
    </message>
    <message>
      <source>Options</source>
      <translation>Optionen</translation>
    </message>
    <message>
      <source>Log</source>
      <translation>Protokoll</translation>
    </message>
    <message>
      <source>{name}: land cover</source>
      <translation>{name}: Landbedeckung</translation>
    </message>
    <message>
      <source>Mapping '{name}' in the background.</source>
      <translation>'{name}' wird im Hintergrund kartiert.</translation>
    </message>
    <message>
      <source>The map {path} is written, but QGIS cannot read it.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Done in {n} s: {areas}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The map is ready: {areas}.</source>
      <translation>Die Karte ist fertig: {areas}.</translation>
    </message>
    <message>
      <source>The engine's answer makes no sense here: {error}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Engine</source>
      <translation>Rechenumgebung</translation>
    </message>
    <message>
      <source>Maps are computed by the program magnet-geo in a Python environment of its own, so that neither can harm QGIS.</source>
      <translation>Karten berechnet das Programm magnet-geo in einer eigenen Python-Umgebung, damit QGIS nichts geschieht.</translation>
    </message>
    <message>
      <source>The private environment below, else magnet-geo on the PATH</source>
      <translation>Die eigene Umgebung unten, sonst magnet-geo im PATH</translation>
    </message>
    <message>
      <source>This Python, environment folder or program:</source>
      <translation>Dieses Python, dieser Umgebungsordner oder dieses Programm:</translation>
    </message>
    <message>
      <source>Python of an environment that has magnet-geo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Private environment</source>
      <translation>Eigene Umgebung</translation>
    </message>
    <message>
      <source>Name, or name==version, from the package index; or a wheel; or a source folder.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>CPU</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>NVIDIA GPU (CUDA)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>empty: the usual index; see 'Get started' on pytorch.org for others</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>empty: the best Python here (3.11 or newer)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Engine from</source>
      <translation>Herkunft</translation>
    </message>
    <message>
      <source>PyTorch for</source>
      <translation>PyTorch für</translation>
    </message>
    <message>
      <source>Index for PyTorch</source>
      <translation>Index für PyTorch</translation>
    </message>
    <message>
      <source>Made with</source>
      <translation>Erstellt mit</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>Does it work?</source>
      <translation>Funktioniert es?</translation>
    </message>
    <message>
      <source>Test</source>
      <translation>Testen</translation>
    </message>
    <message>
      <source>Copy report</source>
      <translation>Bericht kopieren</translation>
    </message>
    <message>
      <source>Limits</source>
      <translation>Grenzen</translation>
    </message>
    <message>
      <source>none; such as 4GB</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source> million pixels</source>
      <translation> Millionen Pixel</translation>
    </message>
    <message>
      <source>Main memory of the engine</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Export of map services, at most</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Asking the engine...</source>
      <translation>Die Rechenumgebung wird befragt...</translation>
    </message>
    <message>
      <source>MagNet Geo: creating the engine</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Create</source>
      <translation>Erstellen</translation>
    </message>
    <message>
      <source>Create anew</source>
      <translation>Neu erstellen</translation>
    </message>
    <message>
      <source>Test of the engine</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Cancelled; nothing was installed.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The engine is ready in {folder}.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Certainty (0-254)</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>{title} (coarse, being refined)</source>
      <translation>{title} (grob, wird verfeinert)</translation>
    </message>
    <message>
      <source>MagNet Geo: map the land cover</source>
      <translation>MagNet Geo: Landbedeckung kartieren</translation>
    </message>
    <message>
      <source>Bundled: land cover</source>
      <translation>Mitgeliefert: Landbedeckung</translation>
    </message>
    <message>
      <source>Model file:</source>
      <translation>Modelldatei:</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modell</translation>
    </message>
    <message>
      <source>Bands</source>
      <translation>Kanäle</translation>
    </message>
    <message>
      <source>Only where the coarse map is unsure (fast)</source>
      <translation>Nur wo die grobe Karte unsicher ist (schnell)</translation>
    </message>
    <message>
      <source>temporary file</source>
      <translation>temporäre Datei</translation>
    </message>
    <message>
      <source>Polygons, of at least</source>
      <translation>Polygone, mindestens</translation>
    </message>
    <message>
      <source>Report (HTML)</source>
      <translation>Bericht (HTML)</translation>
    </message>
    <message>
      <source>Also</source>
      <translation>Außerdem</translation>
    </message>
    <message>
      <source>Run</source>
      <translation>Starten</translation>
    </message>
    <message>
      <source>Reading the scene...</source>
      <translation>Die Szene wird gelesen...</translation>
    </message>
    <message>
      <source>Choose a raster layer.</source>
      <translation>Wählen Sie einen Rasterlayer.</translation>
    </message>
    <message>
      <source>MagNet Geo: reading the scene</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>coarse map only</source>
      <translation>nur die grobe Karte</translation>
    </message>
    <message>
      <source>everywhere</source>
      <translation>überall</translation>
    </message>
    <message>
      <source>where the coarse map is unsure</source>
      <translation>wo die grobe Karte unsicher ist</translation>
    </message>
    <message>
      <source>Model files</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>✔ The scene fits the model.</source>
      <translation>✔ Die Szene passt zum Modell.</translation>
    </message>
    <message>
      <source>{percent} % of the scene, least sure first</source>
      <translation>{percent} % der Szene, Unsicherstes zuerst</translation>
    </message>
    <message>
      <source>{name}; {time}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Open the options</source>
      <translation>Optionen öffnen</translation>
    </message>
    <message>
      <source>{name}: found by name</source>
      <translation>{name}: nach Namen gefunden</translation>
    </message>
    <message>
      <source>MagNet Geo: {name}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Please report it.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Unexpected error: {error}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The area could not be written: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The layer '{name}' could not be copied: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>'{name}' is a map service; choose an area.</source>
      <translation>'{name}' ist ein Kartendienst; wählen Sie ein Gebiet.</translation>
    </message>
    <message>
      <source>The area does not meet the layer '{name}'; choose another one.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The area has {found} million pixels, but at most {most} are exported; choose a smaller area, or set larger pixels.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The layer '{name}' cannot be read.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>The layer '{name}' could not be exported: {reason}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>the disk or the service refused.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>'{name}' is not a file that the engine can open: it is exported first.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>'{name}' is a map service: its pictures are read for the area. Mind its terms of use.</source>
      <translation>'{name}' ist ein Kartendienst: seine Bilder werden für das Gebiet gelesen. Beachten Sie seine Nutzungsbedingungen.</translation>
    </message>
  </context>
</TS>
