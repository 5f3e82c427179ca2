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
      <translation>Schätzt Genauigkeiten und Flächen, mit Intervallen, aus einer ausgefüllten Stichprobe.</translation>
    </message>
    <message>
      <source>Estimates overall, user's and producer's accuracy and the areas of the classes, with confidence intervals, from the points of Accuracy sample whose column 'reference' is filled in (Olofsson and others, 2014).

Save the points' edits first. With the map, it is compared with the one that was sampled.</source>
      <translation>Schätzt Gesamt-, Nutzer- und Produzentengenauigkeit und die Flächen der Klassen, mit Konfidenzintervallen, aus den Punkten von „Genauigkeit: Stichprobe“, deren Spalte 'reference' ausgefüllt ist (Olofsson und andere, 2014).

Speichern Sie zuerst die Änderungen an den Punkten. Ist die Karte angegeben, wird sie mit der verglichen, aus der die Stichprobe stammt.</translation>
    </message>
    <message>
      <source>accuracy,area estimate,Olofsson,confidence interval,validation</source>
      <translation>Genauigkeit,Flächenschätzung,Olofsson,Konfidenzintervall,Validierung,accuracy</translation>
    </message>
    <message>
      <source>Points, filled in</source>
      <translation>Ausgefüllte Punkte</translation>
    </message>
    <message>
      <source>The map that was sampled</source>
      <translation>Die Karte, aus der die Stichprobe stammt</translation>
    </message>
    <message>
      <source>Confidence level of the intervals</source>
      <translation>Konfidenzniveau der Intervalle</translation>
    </message>
    <message>
      <source>Leave out points without an answer, as missing at random</source>
      <translation>Punkte ohne Antwort weglassen, als zufällig fehlend</translation>
    </message>
    <message>
      <source>Table of classes</source>
      <translation>Tabelle der Klassen</translation>
    </message>
    <message>
      <source>Record, for the report</source>
      <translation>Ergebnisdatei, für den Bericht</translation>
    </message>
    <message>
      <source>Overall accuracy</source>
      <translation>Gesamtgenauigkeit</translation>
    </message>
    <message>
      <source>The points must be the GeoPackage that Accuracy sample wrote.</source>
      <translation>Die Punkte müssen das GeoPackage sein, das „Genauigkeit: Stichprobe“ geschrieben hat.</translation>
    </message>
    <message>
      <source>The points have edits that are not saved; save them, then estimate again.</source>
      <translation>Die Punkte haben ungespeicherte Änderungen; speichern Sie sie und schätzen Sie dann noch einmal.</translation>
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
      <translation>Zieht eine geschichtete Zufallsstichprobe der Pixel einer Karte: Punkte, die von Hand auszufüllen sind.

Sehen Sie sich den Boden an jedem Punkt an, in besseren Bildern als denen, aus denen die Karte entstand, und wählen Sie in der Spalte 'reference', was dort wirklich ist; das Formular bietet die Klassen an. Verschieben, ergänzen oder löschen Sie keine Punkte. Starten Sie danach „Genauigkeit: Schätzung“.</translation>
    </message>
    <message>
      <source>Proportional to area</source>
      <translation>Im Verhältnis der Flächen</translation>
    </message>
    <message>
      <source>Equal</source>
      <translation>Gleich viele</translation>
    </message>
    <message>
      <source>Neyman (optimal)</source>
      <translation>Neyman (optimal)</translation>
    </message>
    <message>
      <source>Power: favours small classes</source>
      <translation>Potenz: bevorzugt kleine Klassen</translation>
    </message>
    <message>
      <source>accuracy,random points,stratified,sampling,validation</source>
      <translation>Genauigkeit,Zufallspunkte,geschichtet,Stichprobe,Validierung,accuracy,sampling</translation>
    </message>
    <message>
      <source>Class map</source>
      <translation>Klassenkarte</translation>
    </message>
    <message>
      <source>Points</source>
      <translation>Punkte</translation>
    </message>
    <message>
      <source>Shared by classes</source>
      <translation>Verteilung auf die Klassen</translation>
    </message>
    <message>
      <source>Points per class at least</source>
      <translation>Punkte je Klasse, mindestens</translation>
    </message>
    <message>
      <source>Seed</source>
      <translation>Startwert des Zufalls</translation>
    </message>
    <message>
      <source>Hide the map's class in the points</source>
      <translation>Die Klasse der Karte in den Punkten verbergen</translation>
    </message>
    <message>
      <source>Points (GeoPackage)</source>
      <translation>Punkte (GeoPackage)</translation>
    </message>
    <message>
      <source>The points need a GeoPackage: end the name in .gpkg.</source>
      <translation>Die Punkte brauchen ein GeoPackage: der Name muss auf .gpkg enden.</translation>
    </message>
    <message>
      <source>Cancelled.</source>
      <translation>Abgebrochen.</translation>
    </message>
    <message>
      <source>The engine was told to stop from outside QGIS.</source>
      <translation>Die Rechenumgebung wurde von außerhalb von QGIS angehalten.</translation>
    </message>
    <message>
      <source>magnet-geo {version}</source>
      <translation>magnet-geo {version}</translation>
    </message>
    <message>
      <source>Evaluate map</source>
      <translation>Karte bewerten</translation>
    </message>
    <message>
      <source>Scores a class map against labels: confusion, IoU, F1, accuracy.</source>
      <translation>Bewertet eine Klassenkarte anhand von Referenzdaten: Konfusionsmatrix, IoU, F1, Genauigkeit.</translation>
    </message>
    <message>
      <source>Scores a class map against labels: a label raster or polygons, in any CRS and resolution.

The figures count labelled pixels. They are no estimate of areas: for those draw a random sample (Accuracy sample) and estimate from it (Accuracy estimate).</source>
      <translation>Bewertet eine Klassenkarte anhand von Referenzdaten: einem Raster oder Polygonen, in beliebigem KBS und beliebiger Auflösung.

Die Zahlen zählen Pixel mit Referenz. Sie sind keine Schätzung von Flächen: ziehen Sie dafür eine Zufallsstichprobe („Genauigkeit: Stichprobe“) und schätzen Sie daraus („Genauigkeit: Schätzung“).</translation>
    </message>
    <message>
      <source>Column of the class, for polygons</source>
      <translation>Spalte der Klasse, bei Polygonen</translation>
    </message>
    <message>
      <source>Labels and their classes, such as 2=3, meadow=grass</source>
      <translation>Referenzwerte und ihre Klassen, etwa 2=3, Wiese=Gras</translation>
    </message>
    <message>
      <source>Labels of ground not to be compared, such as 0</source>
      <translation>Referenzwerte, die nicht verglichen werden, etwa 0</translation>
    </message>
    <message>
      <source>These labels have no file that the engine can open; save them first.</source>
      <translation>Diese Referenzdaten haben keine Datei, die die Rechenumgebung öffnen kann; speichern Sie sie zuerst.</translation>
    </message>
    <message>
      <source>accuracy,confusion matrix,IoU,kappa,validation</source>
      <translation>Genauigkeit,Konfusionsmatrix,IoU,Kappa,Validierung,accuracy</translation>
    </message>
    <message>
      <source>Labels: raster or polygons</source>
      <translation>Referenz: Raster oder Polygone</translation>
    </message>
    <message>
      <source>Score record, for the report</source>
      <translation>Ergebnisdatei der Bewertung, für den Bericht</translation>
    </message>
    <message>
      <source>Mean IoU</source>
      <translation>Mittlere IoU</translation>
    </message>
    <message>
      <source>{path} cannot be written ({reason}); choose another place.</source>
      <translation>{path} kann nicht geschrieben werden ({reason}); wählen Sie einen anderen Ort.</translation>
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
      <translation>Macht aus einer Klassenkarte Polygone ohne Lücken und Überlappungen, mit Klasse, Farbe und wahrer Fläche.

Kleinstes Polygon: kleinere gehen an den Nachbarn mit der längsten gemeinsamen Grenze. Vereinfachen: Grenzen werden für beide Seiten gemeinsam vereinfacht, sodass keine Lücken entstehen.</translation>
    </message>
    <message>
      <source>This raster has no file that the engine can open; save it as GeoTIFF first.</source>
      <translation>Dieses Raster hat keine Datei, die die Rechenumgebung öffnen kann; speichern Sie es zuerst als GeoTIFF.</translation>
    </message>
    <message>
      <source>Pixels join at sides (4)</source>
      <translation>Pixel hängen über Kanten zusammen (4)</translation>
    </message>
    <message>
      <source>Pixels join at corners too (8)</source>
      <translation>Pixel hängen auch über Ecken zusammen (8)</translation>
    </message>
    <message>
      <source>vectorize,polygons,land cover,coverage,minimum mapping unit</source>
      <translation>vektorisieren,Polygone,Landbedeckung,Mindestfläche,vectorize</translation>
    </message>
    <message>
      <source>Smallest polygon, in square metres</source>
      <translation>Kleinstes Polygon, in Quadratmetern</translation>
    </message>
    <message>
      <source>Simplify borders by, in metres</source>
      <translation>Grenzen vereinfachen um, in Metern</translation>
    </message>
    <message>
      <source>Smooth: stairs become slopes</source>
      <translation>Glätten: aus Treppen werden Schrägen</translation>
    </message>
    <message>
      <source>Connectivity</source>
      <translation>Nachbarschaft</translation>
    </message>
    <message>
      <source>Certainty of the map</source>
      <translation>Sicherheit der Karte</translation>
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
      <translation>Fasst eine Karte in einer HTML-Datei zum Weitergeben zusammen: Szene und Karte nebeneinander, Flächen, Sicherheit, Entstehung. Die Datei braucht kein Netz und lässt sich gut drucken.

Eine Karte von anderswo geht auch, der Bericht sagt dann weniger.</translation>
    </message>
    <message>
      <source>report,html,areas,statistics,land cover</source>
      <translation>Bericht,html,Flächen,Statistik,Landbedeckung,report</translation>
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
      <translation>Ergebnisdatei von „Karte bewerten“</translation>
    </message>
    <message>
      <source>Record of Accuracy estimate</source>
      <translation>Ergebnisdatei von „Genauigkeit: Schätzung“</translation>
    </message>
    <message>
      <source>Headline</source>
      <translation>Überschrift</translation>
    </message>
    <message>
      <source>The scene has no file; the report goes without it.</source>
      <translation>Die Szene hat keine Datei; der Bericht entsteht ohne sie.</translation>
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
      <translation>Kartiert die Landbedeckung eines Luftbilds oder einer Satellitenszene beliebiger Größe, vom Groben zum Feinen.

Die Karte liegt auf den Pixeln der Szene und bringt ihre Legende mit. Kanäle: wählen Sie so viele, wie das Modell will, in seiner Reihenfolge; ohne Wahl findet die Rechenumgebung sie nach Namen. Verfeinerung: „Voll“ sieht überall genau hin, „Schnell“ dort, wo die grobe Karte unsicher ist, „Anteil“ verfeinert den unten genannten Anteil der unsichersten Stellen, „Aus“ gibt die grobe Karte in Sekunden. Gebiet: ein Rechteck oder die Polygone eines Layers; darin bekommt jedes Pixel die Klasse eines Laufs über die ganze Szene. Kartendienste und Layer ohne Datei werden zuerst exportiert, nur für das Gebiet.

Die Arbeit tut das Programm magnet-geo in seiner eigenen Umgebung: Einstellungen &gt; Optionen &gt; MagNet Geo.</translation>
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
      <translation>Automatisch</translation>
    </message>
    <message>
      <source>land cover,classification,segmentation,deep learning,magnet,aerial,satellite</source>
      <translation>Landbedeckung,Klassifikation,Segmentierung,Deep Learning,magnet,Luftbild,Satellit,land cover</translation>
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
      <translation>Kleinstes Polygon, in Quadratmetern (0 behält alle)</translation>
    </message>
    <message>
      <source>Certainty below which a pixel is unclassified (0-1)</source>
      <translation>Sicherheit, unter der ein Pixel ohne Klasse bleibt (0-1)</translation>
    </message>
    <message>
      <source>Values to the model's: auto, none, or MIN,MAX</source>
      <translation>Werte der Szene zu denen des Modells: auto, none oder MIN,MAX</translation>
    </message>
    <message>
      <source>Pixel size in metres, or 'native'</source>
      <translation>Pixelgröße in Metern, oder 'native'</translation>
    </message>
    <message>
      <source>Memory limit, such as 4GB</source>
      <translation>Speichergrenze, etwa 4GB</translation>
    </message>
    <message>
      <source>Compute on</source>
      <translation>Rechnen auf</translation>
    </message>
    <message>
      <source>Pixel size in metres for map services (0: 1 m)</source>
      <translation>Pixelgröße in Metern bei Kartendiensten (0: 1 m)</translation>
    </message>
    <message>
      <source>Go on where an interrupted run of the same map stopped</source>
      <translation>Dort weitermachen, wo ein unterbrochener Lauf derselben Karte aufhörte</translation>
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
      <translation>Verfeinerter Anteil</translation>
    </message>
    <message>
      <source>Seconds of the run</source>
      <translation>Sekunden des Laufs</translation>
    </message>
    <message>
      <source>The scene is no raster layer that QGIS can read; choose another one.</source>
      <translation>Die Szene ist kein Rasterlayer, den QGIS lesen kann; wählen Sie einen anderen.</translation>
    </message>
    <message>
      <source>The polygons are the area; the rectangle is not used.</source>
      <translation>Die Polygone sind das Gebiet; das Rechteck wird nicht verwendet.</translation>
    </message>
    <message>
      <source>Making polygons</source>
      <translation>Polygone entstehen</translation>
    </message>
    <message>
      <source>Writing the report</source>
      <translation>Der Bericht entsteht</translation>
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
      <translation>Dieses Python kann keine virtuellen Umgebungen anlegen; führen Sie unter Debian und Ubuntu 'sudo apt-get install python3-venv' aus, oder wählen Sie ein anderes Python.</translation>
    </message>
    <message>
      <source>Installing PyTorch</source>
      <translation>PyTorch wird installiert</translation>
    </message>
    <message>
      <source>Installing magnet-geo</source>
      <translation>magnet-geo wird installiert</translation>
    </message>
    <message>
      <source>Python {found} is too old; the engine needs {wanted} or newer.</source>
      <translation>Python {found} ist zu alt; die Rechenumgebung braucht {wanted} oder neuer.</translation>
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
      <source>The same run would go on where this one stopped.</source>
      <translation>Derselbe Lauf würde dort weitermachen, wo dieser aufhörte.</translation>
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
      <translation>Die Rechenumgebung endete ohne Ergebnis.</translation>
    </message>
    <message>
      <source>Close other programs, or set a memory limit under Advanced parameters.</source>
      <translation>Schließen Sie andere Programme, oder setzen Sie unter den erweiterten Parametern eine Speichergrenze.</translation>
    </message>
    <message>
      <source>Free some space, or write to another disk.</source>
      <translation>Schaffen Sie Platz, oder schreiben Sie auf einen anderen Datenträger.</translation>
    </message>
    <message>
      <source>Choose the bands in the dialog.</source>
      <translation>Wählen Sie die Kanäle im Dialog.</translation>
    </message>
    <message>
      <source>Choose the device 'cpu' under Advanced parameters.</source>
      <translation>Wählen Sie unter den erweiterten Parametern das Gerät 'cpu'.</translation>
    </message>
    <message>
      <source>Choose an area that meets the layer.</source>
      <translation>Wählen Sie ein Gebiet, das den Layer trifft.</translation>
    </message>
    <message>
      <source>The engine could not be started: {program} ({reason}).</source>
      <translation>Die Rechenumgebung konnte nicht gestartet werden: {program} ({reason}).</translation>
    </message>
    <message>
      <source>The engine (version {version}) speaks protocol {found}, this plugin protocol {wanted}.</source>
      <translation>Die Rechenumgebung (Version {version}) spricht Protokoll {found}, dieses Plugin Protokoll {wanted}.</translation>
    </message>
    <message>
      <source>Update the plugin in the plugin manager.</source>
      <translation>Aktualisieren Sie das Plugin in der Erweiterungsverwaltung.</translation>
    </message>
    <message>
      <source>The engine is version {found}, but this plugin needs {wanted} or newer.</source>
      <translation>Die Rechenumgebung hat Version {found}, dieses Plugin braucht {wanted} oder neuer.</translation>
    </message>
    <message>
      <source>The engine did not understand the request.</source>
      <translation>Die Rechenumgebung hat die Anfrage nicht verstanden.</translation>
    </message>
    <message>
      <source>The engine stopped with code {code}: {said}</source>
      <translation>Die Rechenumgebung hielt mit Code {code} an: {said}</translation>
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
      <translation>Drücken Sie „Testen“ in {page}; dort steht, was die Rechenumgebung sagt.</translation>
    </message>
    <message>
      <source>The engine does not know what the plugin asks for: {said}</source>
      <translation>Die Rechenumgebung kennt nicht, was das Plugin verlangt: {said}</translation>
    </message>
    <message>
      <source>it said nothing.</source>
      <translation>sie sagte nichts.</translation>
    </message>
    <message>
      <source>The engine's Python lacks the package {package}.</source>
      <translation>Dem Python der Rechenumgebung fehlt das Paket {package}.</translation>
    </message>
    <message>
      <source>Create the engine anew, or choose another one, in {page}.</source>
      <translation>Legen Sie die Rechenumgebung neu an, oder wählen Sie eine andere, in {page}.</translation>
    </message>
    <message>
      <source>The engine works: magnet-geo {version}.</source>
      <translation>Die Rechenumgebung funktioniert: magnet-geo {version}.</translation>
    </message>
    <message>
      <source>The engine does not run: {said}</source>
      <translation>Die Rechenumgebung läuft nicht: {said}</translation>
    </message>
    <message>
      <source>Downloads about {down} GB and takes about {disk} GB in your profile; {free} GB are free.</source>
      <translation>Lädt etwa {down} GB und braucht etwa {disk} GB in Ihrem Profil; {free} GB sind frei.</translation>
    </message>
    <message>
      <source>On Windows the usual index holds the CPU build only; name PyTorch's CUDA index.</source>
      <translation>Unter Windows enthält der übliche Index nur die CPU-Fassung; nennen Sie den CUDA-Index von PyTorch.</translation>
    </message>
    <message>
      <source>There is no CUDA on macOS; the usual build computes on Apple's GPUs.</source>
      <translation>Unter macOS gibt es kein CUDA; die übliche Fassung rechnet auf Apples GPUs.</translation>
    </message>
    <message>
      <source>On Linux the usual index brings the CUDA build; with PyTorch's CPU index it is far smaller.</source>
      <translation>Unter Linux bringt der übliche Index die CUDA-Fassung; mit dem CPU-Index von PyTorch wird es viel kleiner.</translation>
    </message>
    <message>
      <source>Looking for a Python</source>
      <translation>Ein Python wird gesucht</translation>
    </message>
    <message>
      <source>Testing the engine</source>
      <translation>Die Rechenumgebung wird getestet</translation>
    </message>
    <message>
      <source>it does not run.</source>
      <translation>es läuft nicht.</translation>
    </message>
    <message>
      <source>Another QGIS is creating the environment; wait until it is done.</source>
      <translation>Ein anderes QGIS legt die Umgebung gerade an; warten Sie, bis es fertig ist.</translation>
    </message>
    <message>
      <source>The environment was made without a Python; choose another one to make it with.</source>
      <translation>Die Umgebung entstand ohne Python; wählen Sie ein anderes, um sie anzulegen.</translation>
    </message>
    <message>
      <source>The installation ended, but the engine is not there; see the log.</source>
      <translation>Die Installation endete, aber die Rechenumgebung ist nicht da; siehe Protokoll.</translation>
    </message>
    <message>
      <source>No Python here can make the environment; install Python 3.11 or newer from python.org.</source>
      <translation>Kein Python hier kann die Umgebung anlegen; installieren Sie Python 3.11 oder neuer von python.org.</translation>
    </message>
    <message>
      <source>Creating the environment with Python {v}</source>
      <translation>Die Umgebung mit Python {v} wird angelegt</translation>
    </message>
    <message>
      <source>The installation failed: {reason}</source>
      <translation>Die Installation ist gescheitert: {reason}</translation>
    </message>
    <message>
      <source>see the log.</source>
      <translation>siehe Protokoll.</translation>
    </message>
    <message>
      <source>{program} does not start: {reason}</source>
      <translation>{program} startet nicht: {reason}</translation>
    </message>
    <message>
      <source>{program} crashed.</source>
      <translation>{program} ist abgestürzt.</translation>
    </message>
    <message>
      <source>{program} does not answer.</source>
      <translation>{program} antwortet nicht.</translation>
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
      <source>Choose a layer with polygons.</source>
      <translation>Wählen Sie einen Layer mit Polygonen.</translation>
    </message>
    <message>
      <source>Draw the rectangle on the map, or give its borders.</source>
      <translation>Zeichnen Sie das Rechteck auf die Karte, oder geben Sie seine Grenzen an.</translation>
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
      <source>MagNet Geo: removing a replaced engine</source>
      <translation>MagNet Geo: eine ersetzte Rechenumgebung wird entfernt</translation>
    </message>
    <message>
      <source>Open folder</source>
      <translation>Ordner öffnen</translation>
    </message>
    <message>
      <source>Cancelled; the same run would go on from here.</source>
      <translation>Abgebrochen; derselbe Lauf würde hier weitermachen.</translation>
    </message>
    <message>
      <source>Cancelled; nothing was written.</source>
      <translation>Abgebrochen; nichts wurde geschrieben.</translation>
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
      <translation>Die Karte {path} ist geschrieben, aber QGIS kann sie nicht lesen.</translation>
    </message>
    <message>
      <source>Done in {n} s: {areas}</source>
      <translation>Fertig in {n} s: {areas}</translation>
    </message>
    <message>
      <source>The map is ready: {areas}.</source>
      <translation>Die Karte ist fertig: {areas}.</translation>
    </message>
    <message>
      <source>The engine's answer makes no sense here: {error}</source>
      <translation>Die Antwort der Rechenumgebung ergibt hier keinen Sinn: {error}</translation>
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
      <translation>Python einer Umgebung mit magnet-geo</translation>
    </message>
    <message>
      <source>Private environment</source>
      <translation>Eigene Umgebung</translation>
    </message>
    <message>
      <source>Name, or name==version, from the package index; or a wheel; or a source folder.</source>
      <translation>Name oder Name==Version aus dem Paketindex; oder ein Wheel; oder ein Ordner mit den Quellen.</translation>
    </message>
    <message>
      <source>CPU</source>
      <translation>CPU</translation>
    </message>
    <message>
      <source>NVIDIA GPU (CUDA)</source>
      <translation>NVIDIA-GPU (CUDA)</translation>
    </message>
    <message>
      <source>empty: the usual index; see 'Get started' on pytorch.org for others</source>
      <translation>leer: der übliche Index; andere nennt „Get started“ auf pytorch.org</translation>
    </message>
    <message>
      <source>empty: the best Python here (3.11 or newer)</source>
      <translation>leer: das beste Python hier (3.11 oder neuer)</translation>
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
      <translation>keine; etwa 4GB</translation>
    </message>
    <message>
      <source> million pixels</source>
      <translation> Millionen Pixel</translation>
    </message>
    <message>
      <source>Main memory of the engine</source>
      <translation>Hauptspeicher der Rechenumgebung</translation>
    </message>
    <message>
      <source>Export of map services, at most</source>
      <translation>Export von Kartendiensten, höchstens</translation>
    </message>
    <message>
      <source>Asking the engine...</source>
      <translation>Die Rechenumgebung wird befragt...</translation>
    </message>
    <message>
      <source>MagNet Geo: creating the engine</source>
      <translation>MagNet Geo: die Rechenumgebung wird angelegt</translation>
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
      <translation>Test der Rechenumgebung</translation>
    </message>
    <message>
      <source>Cancelled; nothing was installed.</source>
      <translation>Abgebrochen; nichts wurde installiert.</translation>
    </message>
    <message>
      <source>The engine is ready in {folder}.</source>
      <translation>Die Rechenumgebung ist bereit in {folder}.</translation>
    </message>
    <message>
      <source>Certainty (0-254)</source>
      <translation>Sicherheit (0-254)</translation>
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
      <source>Start over, without what an interrupted run left</source>
      <translation>Von vorn beginnen, ohne das, was ein unterbrochener Lauf hinterließ</translation>
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
      <source>MagNet Geo: reading the scene</source>
      <translation>MagNet Geo: die Szene wird gelesen</translation>
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
      <translation>Modelldateien</translation>
    </message>
    <message>
      <source>Choose a raster layer.</source>
      <translation>Wählen Sie einen Rasterlayer.</translation>
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
      <translation>{name}; {time}</translation>
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
      <source>{path} exists; a run replaces it.</source>
      <translation>{path} ist schon da; ein Lauf ersetzt die Datei.</translation>
    </message>
    <message>
      <source>MagNet Geo: {name}</source>
      <translation>MagNet Geo: {name}</translation>
    </message>
    <message>
      <source>Please report it.</source>
      <translation>Bitte melden Sie das.</translation>
    </message>
    <message>
      <source>Unexpected error: {error}</source>
      <translation>Unerwarteter Fehler: {error}</translation>
    </message>
    <message>
      <source>The layer of the area has no polygon to use; select some, or all.</source>
      <translation>Der Layer des Gebiets hat kein Polygon, das gilt; wählen Sie welche aus, oder alle.</translation>
    </message>
    <message>
      <source>The area could not be written: {reason}</source>
      <translation>Das Gebiet konnte nicht geschrieben werden: {reason}</translation>
    </message>
    <message>
      <source>The layer '{name}' could not be copied: {reason}</source>
      <translation>Der Layer '{name}' konnte nicht kopiert werden: {reason}</translation>
    </message>
    <message>
      <source>'{name}' is a map service; choose an area.</source>
      <translation>'{name}' ist ein Kartendienst; wählen Sie ein Gebiet.</translation>
    </message>
    <message>
      <source>The area does not meet the layer '{name}'; choose another one.</source>
      <translation>Das Gebiet trifft den Layer '{name}' nicht; wählen Sie ein anderes.</translation>
    </message>
    <message>
      <source>The area has {found} million pixels, but at most {most} are exported; choose a smaller area, or set larger pixels.</source>
      <translation>Das Gebiet hat {found} Millionen Pixel, exportiert werden höchstens {most}; wählen Sie ein kleineres Gebiet oder größere Pixel.</translation>
    </message>
    <message>
      <source>The layer '{name}' cannot be read.</source>
      <translation>Der Layer '{name}' kann nicht gelesen werden.</translation>
    </message>
    <message>
      <source>The layer '{name}' could not be exported: {reason}</source>
      <translation>Der Layer '{name}' konnte nicht exportiert werden: {reason}</translation>
    </message>
    <message>
      <source>the disk or the service refused.</source>
      <translation>der Datenträger oder der Dienst hat sich geweigert.</translation>
    </message>
    <message>
      <source>'{name}' is not a file that the engine can open: it is exported first.</source>
      <translation>'{name}' ist keine Datei, die die Rechenumgebung öffnen kann: sie wird zuerst exportiert.</translation>
    </message>
    <message>
      <source>'{name}' is a map service: its pictures are read for the area. Mind its terms of use.</source>
      <translation>'{name}' ist ein Kartendienst: seine Bilder werden für das Gebiet gelesen. Beachten Sie seine Nutzungsbedingungen.</translation>
    </message>
  </context>
</TS>
