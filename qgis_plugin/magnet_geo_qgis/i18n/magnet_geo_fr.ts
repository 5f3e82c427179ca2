<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="fr_FR" sourcelanguage="en">
  <context>
    <name>MagnetGeo</name>
    <message>
      <source>Accuracy estimate</source>
      <translation>Précision : estimation</translation>
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
      <translation>Précision : échantillon</translation>
    </message>
    <message>
      <source>Draws random points of a map, to be checked by eye.</source>
      <translation>Tire des points aléatoires d'une carte, à vérifier à l'œil.</translation>
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
      <translation>Carte de classes</translation>
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
      <translation>Annulé ; rien n'a été écrit.</translation>
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
      <translation>Évaluer la carte</translation>
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
      <translation>Polygoniser les classes</translation>
    </message>
    <message>
      <source>Turns a class map into polygons without gaps or overlaps.</source>
      <translation>Transforme une carte de classes en polygones sans trous ni recouvrements.</translation>
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
      <translation>Polygones</translation>
    </message>
    <message>
      <source>Report</source>
      <translation>Rapport</translation>
    </message>
    <message>
      <source>Puts a map, its areas and how it was made into one HTML file.</source>
      <translation>Met une carte, ses surfaces et sa fabrication dans un seul fichier HTML.</translation>
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
      <translation>Scène</translation>
    </message>
    <message>
      <source>Certainty</source>
      <translation>Certitude</translation>
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
      <translation>Segmenter la scène</translation>
    </message>
    <message>
      <source>Maps the land cover of an aerial photo or a satellite scene of any size.</source>
      <translation>Cartographie l'occupation du sol d'une photo aérienne ou d'une scène satellite de toute taille.</translation>
    </message>
    <message>
      <source>Maps the land cover of an aerial photo or a satellite scene of any size, coarse to fine.

The map lies on the scene's own pixels and brings its legend along. Bands: choose as many as the model wants, in its order; none lets the engine find them by name. Refinement: 'full' looks closely everywhere, 'fast' where the coarse map is unsure, 'share' spends the share below on the least sure places, 'off' gives the coarse map in seconds. Area: a rectangle, or the polygons of a layer; inside, each pixel gets the class of a run over the whole scene. Map services and layers without a file are exported first, for the area only.

The work is done by the program magnet-geo in its own environment: Settings &gt; Options &gt; MagNet Geo.</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>As the model says</source>
      <translation>Selon le modèle</translation>
    </message>
    <message>
      <source>Full: everywhere</source>
      <translation>Complet : partout</translation>
    </message>
    <message>
      <source>Fast: where the coarse map is unsure</source>
      <translation>Rapide : où la carte grossière est incertaine</translation>
    </message>
    <message>
      <source>A share of the scene, least sure first</source>
      <translation>Une part de la scène, le moins sûr en premier</translation>
    </message>
    <message>
      <source>Off: the coarse map</source>
      <translation>Sans : la carte grossière</translation>
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
      <translation>Modèle (nom fourni ou fichier)</translation>
    </message>
    <message>
      <source>Bands, in the model's order</source>
      <translation>Bandes, dans l'ordre du modèle</translation>
    </message>
    <message>
      <source>Area</source>
      <translation>Zone</translation>
    </message>
    <message>
      <source>Area: polygons</source>
      <translation>Zone : polygones</translation>
    </message>
    <message>
      <source>Refinement</source>
      <translation>Raffinement</translation>
    </message>
    <message>
      <source>Share to refine (0-1)</source>
      <translation>Part à raffiner (0-1)</translation>
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
      <translation>Carte</translation>
    </message>
    <message>
      <source>Class probabilities</source>
      <translation>Probabilités des classes</translation>
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
      <translation>environ {n} h</translation>
    </message>
    <message>
      <source>about {n} s</source>
      <translation>environ {n} s</translation>
    </message>
    <message>
      <source>about {n} min</source>
      <translation>environ {n} min</translation>
    </message>
    <message>
      <source>any pixel size</source>
      <translation>toute taille de pixel</translation>
    </message>
    <message>
      <source>pixels of about {m} m</source>
      <translation>pixels d'environ {m} m</translation>
    </message>
    <message>
      <source>Wants: {bands}; {size}</source>
      <translation>Demande : {bands} ; {size}</translation>
    </message>
    <message>
      <source>Licence: {licence}</source>
      <translation>Licence : {licence}</translation>
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
      <translation>Préférences &gt; Options &gt; MagNet Geo</translation>
    </message>
    <message>
      <source>MagNet Geo has no engine yet.</source>
      <translation>MagNet Geo n'a pas encore de moteur.</translation>
    </message>
    <message>
      <source>The engine was ended from outside or crashed; most often the computer had no memory left.</source>
      <translation>Le moteur a été arrêté de l'extérieur ou a planté ; le plus souvent la mémoire manquait.</translation>
    </message>
    <message>
      <source>Nothing was written. Close other programs, or set a memory limit or a smaller area, and run again.</source>
      <translation>Rien n'a été écrit. Fermez d'autres programmes, fixez une limite de mémoire ou choisissez une zone plus petite, puis relancez.</translation>
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
      <translation>Choisissez ou créez le moteur dans {page}.</translation>
    </message>
    <message>
      <source>Choose or create one in {page}.</source>
      <translation>Choisissez-en ou créez-en un dans {page}.</translation>
    </message>
    <message>
      <source>Update the engine in {page}.</source>
      <translation>Mettez le moteur à jour dans {page}.</translation>
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
      <translation>Le moteur fonctionne : magnet-geo {version}.</translation>
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
      <translation>Entités sélectionnées seulement</translation>
    </message>
    <message>
      <source>Whole layer</source>
      <translation>Couche entière</translation>
    </message>
    <message>
      <source>What the map shows</source>
      <translation>Ce que montre la carte</translation>
    </message>
    <message>
      <source>Rectangle</source>
      <translation>Rectangle</translation>
    </message>
    <message>
      <source>Polygons of a layer</source>
      <translation>Polygones d'une couche</translation>
    </message>
    <message>
      <source>Map the land cover...</source>
      <translation>Cartographier l'occupation du sol...</translation>
    </message>
    <message>
      <source>MagNet Geo: map the land cover of a raster layer</source>
      <translation>MagNet Geo : cartographier l'occupation du sol d'une couche raster</translation>
    </message>
    <message>
      <source>Open folder</source>
      <translation>Ouvrir le dossier</translation>
    </message>
    <message>
      <source>Open report</source>
      <translation>Ouvrir le rapport</translation>
    </message>
    <message>
      <source>Options</source>
      <translation>Options</translation>
    </message>
    <message>
      <source>Log</source>
      <translation>Journal</translation>
    </message>
    <message>
      <source>{name}: land cover</source>
      <translation>{name} : occupation du sol</translation>
    </message>
    <message>
      <source>Mapping '{name}' in the background.</source>
      <translation>Cartographie de '{name}' en arrière-plan.</translation>
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
      <translation>La carte est prête : {areas}.</translation>
    </message>
    <message>
      <source>The engine's answer makes no sense here: {error}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Engine</source>
      <translation>Moteur</translation>
    </message>
    <message>
      <source>Maps are computed by the program magnet-geo in a Python environment of its own, so that neither can harm QGIS.</source>
      <translation>Les cartes sont calculées par le programme magnet-geo dans son propre environnement Python, sans risque pour QGIS.</translation>
    </message>
    <message>
      <source>The private environment below, else magnet-geo on the PATH</source>
      <translation>L'environnement privé ci-dessous, sinon magnet-geo du PATH</translation>
    </message>
    <message>
      <source>This Python, environment folder or program:</source>
      <translation>Ce Python, ce dossier d'environnement ou ce programme :</translation>
    </message>
    <message>
      <source>Python of an environment that has magnet-geo</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Private environment</source>
      <translation>Environnement privé</translation>
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
      <translation>Source</translation>
    </message>
    <message>
      <source>PyTorch for</source>
      <translation>PyTorch pour</translation>
    </message>
    <message>
      <source>Index for PyTorch</source>
      <translation>Index pour PyTorch</translation>
    </message>
    <message>
      <source>Made with</source>
      <translation>Créé avec</translation>
    </message>
    <message>
      <source>Cancel</source>
      <translation>Annuler</translation>
    </message>
    <message>
      <source>Does it work?</source>
      <translation>Est-ce que ça marche ?</translation>
    </message>
    <message>
      <source>Test</source>
      <translation>Tester</translation>
    </message>
    <message>
      <source>Copy report</source>
      <translation>Copier le rapport</translation>
    </message>
    <message>
      <source>Limits</source>
      <translation>Limites</translation>
    </message>
    <message>
      <source>none; such as 4GB</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source> million pixels</source>
      <translation> millions de pixels</translation>
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
      <translation>Interrogation du moteur...</translation>
    </message>
    <message>
      <source>MagNet Geo: creating the engine</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Create</source>
      <translation>Créer</translation>
    </message>
    <message>
      <source>Create anew</source>
      <translation>Recréer</translation>
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
      <translation>{title} (grossière, en cours de raffinement)</translation>
    </message>
    <message>
      <source>MagNet Geo: map the land cover</source>
      <translation>MagNet Geo : cartographier l'occupation du sol</translation>
    </message>
    <message>
      <source>Bundled: land cover</source>
      <translation>Fourni : occupation du sol</translation>
    </message>
    <message>
      <source>Model file:</source>
      <translation>Fichier de modèle :</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modèle</translation>
    </message>
    <message>
      <source>Bands</source>
      <translation>Bandes</translation>
    </message>
    <message>
      <source>Only where the coarse map is unsure (fast)</source>
      <translation>Seulement où la carte grossière est incertaine (rapide)</translation>
    </message>
    <message>
      <source>temporary file</source>
      <translation>fichier temporaire</translation>
    </message>
    <message>
      <source>Polygons, of at least</source>
      <translation>Polygones, d'au moins</translation>
    </message>
    <message>
      <source>Report (HTML)</source>
      <translation>Rapport (HTML)</translation>
    </message>
    <message>
      <source>Also</source>
      <translation>Aussi</translation>
    </message>
    <message>
      <source>Run</source>
      <translation>Lancer</translation>
    </message>
    <message>
      <source>Reading the scene...</source>
      <translation>Lecture de la scène...</translation>
    </message>
    <message>
      <source>Choose a raster layer.</source>
      <translation>Choisissez une couche raster.</translation>
    </message>
    <message>
      <source>MagNet Geo: reading the scene</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>coarse map only</source>
      <translation>carte grossière seulement</translation>
    </message>
    <message>
      <source>everywhere</source>
      <translation>partout</translation>
    </message>
    <message>
      <source>where the coarse map is unsure</source>
      <translation>où la carte grossière est incertaine</translation>
    </message>
    <message>
      <source>Model files</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>✔ The scene fits the model.</source>
      <translation>✔ La scène convient au modèle.</translation>
    </message>
    <message>
      <source>{percent} % of the scene, least sure first</source>
      <translation>{percent} % de la scène, le moins sûr en premier</translation>
    </message>
    <message>
      <source>{name}; {time}</source>
      <translation type="unfinished" />
    </message>
    <message>
      <source>Open the options</source>
      <translation>Ouvrir les options</translation>
    </message>
    <message>
      <source>{name}: found by name</source>
      <translation>{name} : trouvée par son nom</translation>
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
      <translation>'{name}' est un service de cartes ; choisissez une zone.</translation>
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
      <translation>'{name}' est un service de cartes : ses images sont lues pour la zone. Respectez ses conditions d'utilisation.</translation>
    </message>
  </context>
</TS>
