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
      <translation>Estime les précisions et les surfaces, avec leurs intervalles, d'après un échantillon rempli.</translation>
    </message>
    <message>
      <source>Estimates overall, user's and producer's accuracy and the areas of the classes, with confidence intervals, from the points of Accuracy sample whose column 'reference' is filled in (Olofsson and others, 2014).

Save the points' edits first. With the map, it is compared with the one that was sampled.</source>
      <translation>Estime la précision globale, celles de l'utilisateur et du producteur et les surfaces des classes, avec leurs intervalles de confiance, d'après les points de « Précision : échantillon » dont la colonne 'reference' est remplie (Olofsson et autres, 2014).

Enregistrez d'abord les modifications des points. Si la carte est donnée, elle est comparée à celle qui a été échantillonnée.</translation>
    </message>
    <message>
      <source>accuracy,area estimate,Olofsson,confidence interval,validation</source>
      <translation>précision,estimation de surface,Olofsson,intervalle de confiance,validation,accuracy</translation>
    </message>
    <message>
      <source>Points, filled in</source>
      <translation>Points remplis</translation>
    </message>
    <message>
      <source>The map that was sampled</source>
      <translation>La carte échantillonnée</translation>
    </message>
    <message>
      <source>Confidence level of the intervals</source>
      <translation>Niveau de confiance des intervalles</translation>
    </message>
    <message>
      <source>Leave out points without an answer, as missing at random</source>
      <translation>Laisser de côté les points sans réponse, comme manquants au hasard</translation>
    </message>
    <message>
      <source>Table of classes</source>
      <translation>Tableau des classes</translation>
    </message>
    <message>
      <source>Record, for the report</source>
      <translation>Fichier du résultat, pour le rapport</translation>
    </message>
    <message>
      <source>Overall accuracy</source>
      <translation>Précision globale</translation>
    </message>
    <message>
      <source>The points must be the GeoPackage that Accuracy sample wrote.</source>
      <translation>Les points doivent être le GeoPackage que « Précision : échantillon » a écrit.</translation>
    </message>
    <message>
      <source>The points have edits that are not saved; save them, then estimate again.</source>
      <translation>Les points ont des modifications non enregistrées ; enregistrez-les, puis estimez de nouveau.</translation>
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
      <translation>Tire un échantillon aléatoire stratifié des pixels d'une carte : des points à remplir à la main.

Regardez le terrain à chaque point, sur des images meilleures que celles dont la carte est issue, et choisissez dans la colonne 'reference' ce qu'il y a vraiment ; le formulaire propose les classes. Ne déplacez, n'ajoutez et ne supprimez aucun point. Lancez ensuite « Précision : estimation ».</translation>
    </message>
    <message>
      <source>Proportional to area</source>
      <translation>En proportion des surfaces</translation>
    </message>
    <message>
      <source>Equal</source>
      <translation>À parts égales</translation>
    </message>
    <message>
      <source>Neyman (optimal)</source>
      <translation>Neyman (optimal)</translation>
    </message>
    <message>
      <source>Power: favours small classes</source>
      <translation>Puissance : favorise les petites classes</translation>
    </message>
    <message>
      <source>accuracy,random points,stratified,sampling,validation</source>
      <translation>précision,points aléatoires,stratifié,échantillonnage,validation,accuracy,sampling</translation>
    </message>
    <message>
      <source>Class map</source>
      <translation>Carte de classes</translation>
    </message>
    <message>
      <source>Points</source>
      <translation>Points</translation>
    </message>
    <message>
      <source>Shared by classes</source>
      <translation>Répartition entre les classes</translation>
    </message>
    <message>
      <source>Points per class at least</source>
      <translation>Points par classe au moins</translation>
    </message>
    <message>
      <source>Seed</source>
      <translation>Graine du hasard</translation>
    </message>
    <message>
      <source>Hide the map's class in the points</source>
      <translation>Cacher la classe de la carte dans les points</translation>
    </message>
    <message>
      <source>Points (GeoPackage)</source>
      <translation>Points (GeoPackage)</translation>
    </message>
    <message>
      <source>The points need a GeoPackage: end the name in .gpkg.</source>
      <translation>Les points demandent un GeoPackage : le nom doit finir par .gpkg.</translation>
    </message>
    <message>
      <source>Cancelled.</source>
      <translation>Annulé.</translation>
    </message>
    <message>
      <source>The engine was told to stop from outside QGIS.</source>
      <translation>Le moteur a été arrêté depuis l'extérieur de QGIS.</translation>
    </message>
    <message>
      <source>magnet-geo {version}</source>
      <translation>magnet-geo {version}</translation>
    </message>
    <message>
      <source>Evaluate map</source>
      <translation>Évaluer la carte</translation>
    </message>
    <message>
      <source>Scores a class map against labels: confusion, IoU, F1, accuracy.</source>
      <translation>Note une carte de classes d'après des étiquettes : matrice de confusion, IoU, F1, précision.</translation>
    </message>
    <message>
      <source>Scores a class map against labels: a label raster or polygons, in any CRS and resolution.

The figures count labelled pixels. They are no estimate of areas: for those draw a random sample (Accuracy sample) and estimate from it (Accuracy estimate).</source>
      <translation>Note une carte de classes d'après des étiquettes : un raster ou des polygones, dans tout SCR et toute résolution.

Les chiffres comptent des pixels étiquetés. Ils n'estiment pas des surfaces : tirez pour cela un échantillon aléatoire (« Précision : échantillon ») et estimez d'après lui (« Précision : estimation »).</translation>
    </message>
    <message>
      <source>Column of the class, for polygons</source>
      <translation>Colonne de la classe, pour des polygones</translation>
    </message>
    <message>
      <source>Labels and their classes, such as 2=3, meadow=grass</source>
      <translation>Étiquettes et leurs classes, comme 2=3, pré=herbe</translation>
    </message>
    <message>
      <source>Labels of ground not to be compared, such as 0</source>
      <translation>Étiquettes à ne pas comparer, comme 0</translation>
    </message>
    <message>
      <source>These labels have no file that the engine can open; save them first.</source>
      <translation>Ces étiquettes n'ont pas de fichier que le moteur puisse ouvrir ; enregistrez-les d'abord.</translation>
    </message>
    <message>
      <source>accuracy,confusion matrix,IoU,kappa,validation</source>
      <translation>précision,matrice de confusion,IoU,kappa,validation,accuracy</translation>
    </message>
    <message>
      <source>Labels: raster or polygons</source>
      <translation>Étiquettes : raster ou polygones</translation>
    </message>
    <message>
      <source>Score record, for the report</source>
      <translation>Fichier de la note, pour le rapport</translation>
    </message>
    <message>
      <source>Mean IoU</source>
      <translation>IoU moyenne</translation>
    </message>
    <message>
      <source>{path} cannot be written ({reason}); choose another place.</source>
      <translation>{path} ne peut pas être écrit ({reason}) ; choisissez un autre endroit.</translation>
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
      <translation>Transforme une carte de classes en polygones sans trous ni recouvrements, avec classe, couleur et surface vraie.

Plus petit polygone : les plus petits rejoignent le voisin à la plus longue limite commune. Simplifier : les limites sont simplifiées une seule fois pour les deux côtés, sans ouvrir de trous.</translation>
    </message>
    <message>
      <source>This raster has no file that the engine can open; save it as GeoTIFF first.</source>
      <translation>Ce raster n'a pas de fichier que le moteur puisse ouvrir ; enregistrez-le d'abord en GeoTIFF.</translation>
    </message>
    <message>
      <source>Pixels join at sides (4)</source>
      <translation>Pixels joints par les côtés (4)</translation>
    </message>
    <message>
      <source>Pixels join at corners too (8)</source>
      <translation>Pixels joints aussi par les coins (8)</translation>
    </message>
    <message>
      <source>vectorize,polygons,land cover,coverage,minimum mapping unit</source>
      <translation>vectoriser,polygones,occupation du sol,surface minimale,vectorize</translation>
    </message>
    <message>
      <source>Smallest polygon, in square metres</source>
      <translation>Plus petit polygone, en mètres carrés</translation>
    </message>
    <message>
      <source>Simplify borders by, in metres</source>
      <translation>Simplifier les limites de, en mètres</translation>
    </message>
    <message>
      <source>Smooth: stairs become slopes</source>
      <translation>Lisser : les escaliers deviennent des pentes</translation>
    </message>
    <message>
      <source>Connectivity</source>
      <translation>Connexité</translation>
    </message>
    <message>
      <source>Certainty of the map</source>
      <translation>Certitude de la carte</translation>
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
      <translation>Réunit une carte dans un fichier HTML à transmettre : scène et carte côte à côte, surfaces, certitude, origine. Le fichier n'a pas besoin de réseau et s'imprime bien.

Une carte venue d'ailleurs convient aussi, le rapport en dit alors moins.</translation>
    </message>
    <message>
      <source>report,html,areas,statistics,land cover</source>
      <translation>rapport,html,surfaces,statistiques,occupation du sol,report</translation>
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
      <translation>Fichier de « Évaluer la carte »</translation>
    </message>
    <message>
      <source>Record of Accuracy estimate</source>
      <translation>Fichier de « Précision : estimation »</translation>
    </message>
    <message>
      <source>Headline</source>
      <translation>Titre</translation>
    </message>
    <message>
      <source>The scene has no file; the report goes without it.</source>
      <translation>La scène n'a pas de fichier ; le rapport se fait sans elle.</translation>
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
      <translation>Cartographie l'occupation du sol d'une photo aérienne ou d'une scène satellite de toute taille, du grossier au fin.

La carte suit les pixels de la scène et apporte sa légende. Bandes : choisissez-en autant que le modèle en veut, dans son ordre ; sans choix, le moteur les trouve par leur nom. Raffinement : « Complet » regarde partout de près, « Rapide » où la carte grossière est incertaine, « Part » raffine la part ci-dessous aux endroits les moins sûrs, « Sans » donne la carte grossière en quelques secondes. Zone : un rectangle, ou les polygones d'une couche ; à l'intérieur, chaque pixel reçoit la classe d'un calcul sur toute la scène. Les services de cartes et les couches sans fichier sont d'abord exportés, pour la zone seulement.

Le travail est fait par le programme magnet-geo dans son propre environnement : Préférences &gt; Options &gt; MagNet Geo.</translation>
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
      <translation>Automatique</translation>
    </message>
    <message>
      <source>land cover,classification,segmentation,deep learning,magnet,aerial,satellite</source>
      <translation>occupation du sol,classification,segmentation,apprentissage profond,magnet,aérien,satellite,land cover</translation>
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
      <translation>Plus petit polygone, en mètres carrés (0 garde tout)</translation>
    </message>
    <message>
      <source>Certainty below which a pixel is unclassified (0-1)</source>
      <translation>Certitude sous laquelle un pixel reste sans classe (0-1)</translation>
    </message>
    <message>
      <source>Values to the model's: auto, none, or MIN,MAX</source>
      <translation>Valeurs de la scène vers celles du modèle : auto, none ou MIN,MAX</translation>
    </message>
    <message>
      <source>Pixel size in metres, or 'native'</source>
      <translation>Taille du pixel en mètres, ou 'native'</translation>
    </message>
    <message>
      <source>Memory limit, such as 4GB</source>
      <translation>Limite de mémoire, comme 4GB</translation>
    </message>
    <message>
      <source>Compute on</source>
      <translation>Calculer sur</translation>
    </message>
    <message>
      <source>Pixel size in metres for map services (0: 1 m)</source>
      <translation>Taille du pixel en mètres pour les services de cartes (0 : 1 m)</translation>
    </message>
    <message>
      <source>Go on where an interrupted run of the same map stopped</source>
      <translation>Reprendre là où un calcul interrompu de la même carte s'est arrêté</translation>
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
      <translation>Part raffinée</translation>
    </message>
    <message>
      <source>Seconds of the run</source>
      <translation>Secondes du calcul</translation>
    </message>
    <message>
      <source>The scene is no raster layer that QGIS can read; choose another one.</source>
      <translation>La scène n'est pas une couche raster que QGIS puisse lire ; choisissez-en une autre.</translation>
    </message>
    <message>
      <source>The polygons are the area; the rectangle is not used.</source>
      <translation>Les polygones sont la zone ; le rectangle n'est pas utilisé.</translation>
    </message>
    <message>
      <source>Making polygons</source>
      <translation>Création des polygones</translation>
    </message>
    <message>
      <source>Writing the report</source>
      <translation>Écriture du rapport</translation>
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
      <translation>Ce Python ne peut pas créer d'environnements virtuels ; sous Debian et Ubuntu, lancez 'sudo apt-get install python3-venv', ou choisissez un autre Python.</translation>
    </message>
    <message>
      <source>Installing PyTorch</source>
      <translation>Installation de PyTorch</translation>
    </message>
    <message>
      <source>Installing magnet-geo</source>
      <translation>Installation de magnet-geo</translation>
    </message>
    <message>
      <source>Python {found} is too old; the engine needs {wanted} or newer.</source>
      <translation>Python {found} est trop ancien ; le moteur demande {wanted} ou plus récent.</translation>
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
      <source>The same run would go on where this one stopped.</source>
      <translation>Le même calcul reprendrait là où celui-ci s'est arrêté.</translation>
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
      <translation>Le moteur a fini sans résultat.</translation>
    </message>
    <message>
      <source>Close other programs, or set a memory limit under Advanced parameters.</source>
      <translation>Fermez d'autres programmes, ou fixez une limite de mémoire dans les paramètres avancés.</translation>
    </message>
    <message>
      <source>Free some space, or write to another disk.</source>
      <translation>Libérez de la place, ou écrivez sur un autre disque.</translation>
    </message>
    <message>
      <source>Choose the bands in the dialog.</source>
      <translation>Choisissez les bandes dans la fenêtre.</translation>
    </message>
    <message>
      <source>Choose the device 'cpu' under Advanced parameters.</source>
      <translation>Choisissez 'cpu' dans les paramètres avancés.</translation>
    </message>
    <message>
      <source>Choose an area that meets the layer.</source>
      <translation>Choisissez une zone qui touche la couche.</translation>
    </message>
    <message>
      <source>The engine could not be started: {program} ({reason}).</source>
      <translation>Le moteur n'a pas pu être lancé : {program} ({reason}).</translation>
    </message>
    <message>
      <source>The engine (version {version}) speaks protocol {found}, this plugin protocol {wanted}.</source>
      <translation>Le moteur (version {version}) parle le protocole {found}, cette extension le protocole {wanted}.</translation>
    </message>
    <message>
      <source>Update the plugin in the plugin manager.</source>
      <translation>Mettez l'extension à jour dans le gestionnaire d'extensions.</translation>
    </message>
    <message>
      <source>The engine is version {found}, but this plugin needs {wanted} or newer.</source>
      <translation>Le moteur est en version {found}, mais cette extension demande {wanted} ou plus récent.</translation>
    </message>
    <message>
      <source>The engine did not understand the request.</source>
      <translation>Le moteur n'a pas compris la demande.</translation>
    </message>
    <message>
      <source>The engine stopped with code {code}: {said}</source>
      <translation>Le moteur s'est arrêté avec le code {code} : {said}</translation>
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
      <translation>Pressez « Tester » dans {page} ; on y voit ce que dit le moteur.</translation>
    </message>
    <message>
      <source>The engine does not know what the plugin asks for: {said}</source>
      <translation>Le moteur ne connaît pas ce que demande l'extension : {said}</translation>
    </message>
    <message>
      <source>it said nothing.</source>
      <translation>il n'a rien dit.</translation>
    </message>
    <message>
      <source>The engine's Python lacks the package {package}.</source>
      <translation>Il manque au Python du moteur le paquet {package}.</translation>
    </message>
    <message>
      <source>Create the engine anew, or choose another one, in {page}.</source>
      <translation>Recréez le moteur, ou choisissez-en un autre, dans {page}.</translation>
    </message>
    <message>
      <source>The engine works: magnet-geo {version}.</source>
      <translation>Le moteur fonctionne : magnet-geo {version}.</translation>
    </message>
    <message>
      <source>The engine does not run: {said}</source>
      <translation>Le moteur ne marche pas : {said}</translation>
    </message>
    <message>
      <source>Downloads about {down} GB and takes about {disk} GB in your profile; {free} GB are free.</source>
      <translation>Télécharge environ {down} Go et occupe environ {disk} Go dans votre profil ; {free} Go sont libres.</translation>
    </message>
    <message>
      <source>On Windows the usual index holds the CPU build only; name PyTorch's CUDA index.</source>
      <translation>Sous Windows, l'index habituel n'a que la version CPU ; nommez l'index CUDA de PyTorch.</translation>
    </message>
    <message>
      <source>There is no CUDA on macOS; the usual build computes on Apple's GPUs.</source>
      <translation>Il n'y a pas de CUDA sous macOS ; la version habituelle calcule sur les GPU d'Apple.</translation>
    </message>
    <message>
      <source>On Linux the usual index brings the CUDA build; with PyTorch's CPU index it is far smaller.</source>
      <translation>Sous Linux, l'index habituel apporte la version CUDA ; avec l'index CPU de PyTorch, c'est bien plus petit.</translation>
    </message>
    <message>
      <source>Looking for a Python</source>
      <translation>Recherche d'un Python</translation>
    </message>
    <message>
      <source>Testing the engine</source>
      <translation>Test du moteur</translation>
    </message>
    <message>
      <source>it does not run.</source>
      <translation>il ne marche pas.</translation>
    </message>
    <message>
      <source>Another QGIS is creating the environment; wait until it is done.</source>
      <translation>Un autre QGIS est en train de créer l'environnement ; attendez qu'il ait fini.</translation>
    </message>
    <message>
      <source>The environment was made without a Python; choose another one to make it with.</source>
      <translation>L'environnement a été créé sans Python ; choisissez-en un autre pour le créer.</translation>
    </message>
    <message>
      <source>The installation ended, but the engine is not there; see the log.</source>
      <translation>L'installation a fini, mais le moteur n'est pas là ; voir le journal.</translation>
    </message>
    <message>
      <source>No Python here can make the environment; install Python 3.11 or newer from python.org.</source>
      <translation>Aucun Python ici ne peut créer l'environnement ; installez Python 3.11 ou plus récent depuis python.org.</translation>
    </message>
    <message>
      <source>Creating the environment with Python {v}</source>
      <translation>Création de l'environnement avec Python {v}</translation>
    </message>
    <message>
      <source>The installation failed: {reason}</source>
      <translation>L'installation a échoué : {reason}</translation>
    </message>
    <message>
      <source>see the log.</source>
      <translation>voir le journal.</translation>
    </message>
    <message>
      <source>{program} does not start: {reason}</source>
      <translation>{program} ne démarre pas : {reason}</translation>
    </message>
    <message>
      <source>{program} crashed.</source>
      <translation>{program} s'est arrêté brutalement.</translation>
    </message>
    <message>
      <source>{program} does not answer.</source>
      <translation>{program} ne répond pas.</translation>
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
      <source>Choose a layer with polygons.</source>
      <translation>Choisissez une couche avec des polygones.</translation>
    </message>
    <message>
      <source>Draw the rectangle on the map, or give its borders.</source>
      <translation>Dessinez le rectangle sur la carte, ou donnez ses limites.</translation>
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
      <source>MagNet Geo: removing a replaced engine</source>
      <translation>MagNet Geo : suppression d'un moteur remplacé</translation>
    </message>
    <message>
      <source>Open folder</source>
      <translation>Ouvrir le dossier</translation>
    </message>
    <message>
      <source>Cancelled; the same run would go on from here.</source>
      <translation>Annulé ; le même calcul reprendrait d'ici.</translation>
    </message>
    <message>
      <source>Cancelled; nothing was written.</source>
      <translation>Annulé ; rien n'a été écrit.</translation>
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
      <translation>La carte {path} est écrite, mais QGIS ne peut pas la lire.</translation>
    </message>
    <message>
      <source>Done in {n} s: {areas}</source>
      <translation>Fini en {n} s : {areas}</translation>
    </message>
    <message>
      <source>The map is ready: {areas}.</source>
      <translation>La carte est prête : {areas}.</translation>
    </message>
    <message>
      <source>The engine's answer makes no sense here: {error}</source>
      <translation>La réponse du moteur n'a pas de sens ici : {error}</translation>
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
      <translation>Python d'un environnement qui a magnet-geo</translation>
    </message>
    <message>
      <source>Private environment</source>
      <translation>Environnement privé</translation>
    </message>
    <message>
      <source>Name, or name==version, from the package index; or a wheel; or a source folder.</source>
      <translation>Nom, ou nom==version, de l'index de paquets ; ou un wheel ; ou un dossier de sources.</translation>
    </message>
    <message>
      <source>CPU</source>
      <translation>CPU</translation>
    </message>
    <message>
      <source>NVIDIA GPU (CUDA)</source>
      <translation>GPU NVIDIA (CUDA)</translation>
    </message>
    <message>
      <source>empty: the usual index; see 'Get started' on pytorch.org for others</source>
      <translation>vide : l'index habituel ; voir « Get started » sur pytorch.org pour d'autres</translation>
    </message>
    <message>
      <source>empty: the best Python here (3.11 or newer)</source>
      <translation>vide : le meilleur Python d'ici (3.11 ou plus récent)</translation>
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
      <translation>aucune ; comme 4GB</translation>
    </message>
    <message>
      <source> million pixels</source>
      <translation> millions de pixels</translation>
    </message>
    <message>
      <source>Main memory of the engine</source>
      <translation>Mémoire principale du moteur</translation>
    </message>
    <message>
      <source>Export of map services, at most</source>
      <translation>Export des services de cartes, au plus</translation>
    </message>
    <message>
      <source>Asking the engine...</source>
      <translation>Interrogation du moteur...</translation>
    </message>
    <message>
      <source>MagNet Geo: creating the engine</source>
      <translation>MagNet Geo : création du moteur</translation>
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
      <translation>Test du moteur</translation>
    </message>
    <message>
      <source>Cancelled; nothing was installed.</source>
      <translation>Annulé ; rien n'a été installé.</translation>
    </message>
    <message>
      <source>The engine is ready in {folder}.</source>
      <translation>Le moteur est prêt dans {folder}.</translation>
    </message>
    <message>
      <source>Certainty (0-254)</source>
      <translation>Certitude (0-254)</translation>
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
      <source>Start over, without what an interrupted run left</source>
      <translation>Recommencer, sans ce qu'un calcul interrompu a laissé</translation>
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
      <source>MagNet Geo: reading the scene</source>
      <translation>MagNet Geo : lecture de la scène</translation>
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
      <translation>Fichiers de modèle</translation>
    </message>
    <message>
      <source>Choose a raster layer.</source>
      <translation>Choisissez une couche raster.</translation>
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
      <translation>{name} ; {time}</translation>
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
      <source>{path} exists; a run replaces it.</source>
      <translation>{path} existe ; un calcul le remplace.</translation>
    </message>
    <message>
      <source>MagNet Geo: {name}</source>
      <translation>MagNet Geo : {name}</translation>
    </message>
    <message>
      <source>Please report it.</source>
      <translation>Merci de le signaler.</translation>
    </message>
    <message>
      <source>Unexpected error: {error}</source>
      <translation>Erreur inattendue : {error}</translation>
    </message>
    <message>
      <source>The layer of the area has no polygon to use; select some, or all.</source>
      <translation>La couche de la zone n'a pas de polygone à utiliser ; sélectionnez-en, ou prenez-les tous.</translation>
    </message>
    <message>
      <source>The area could not be written: {reason}</source>
      <translation>La zone n'a pas pu être écrite : {reason}</translation>
    </message>
    <message>
      <source>The layer '{name}' could not be copied: {reason}</source>
      <translation>La couche '{name}' n'a pas pu être copiée : {reason}</translation>
    </message>
    <message>
      <source>'{name}' is a map service; choose an area.</source>
      <translation>'{name}' est un service de cartes ; choisissez une zone.</translation>
    </message>
    <message>
      <source>The area does not meet the layer '{name}'; choose another one.</source>
      <translation>La zone ne touche pas la couche '{name}' ; choisissez-en une autre.</translation>
    </message>
    <message>
      <source>The area has {found} million pixels, but at most {most} are exported; choose a smaller area, or set larger pixels.</source>
      <translation>La zone a {found} millions de pixels, mais {most} au plus sont exportés ; choisissez une zone plus petite ou des pixels plus grands.</translation>
    </message>
    <message>
      <source>The layer '{name}' cannot be read.</source>
      <translation>La couche '{name}' ne peut pas être lue.</translation>
    </message>
    <message>
      <source>The layer '{name}' could not be exported: {reason}</source>
      <translation>La couche '{name}' n'a pas pu être exportée : {reason}</translation>
    </message>
    <message>
      <source>the disk or the service refused.</source>
      <translation>le disque ou le service a refusé.</translation>
    </message>
    <message>
      <source>'{name}' is not a file that the engine can open: it is exported first.</source>
      <translation>'{name}' n'est pas un fichier que le moteur puisse ouvrir : il est d'abord exporté.</translation>
    </message>
    <message>
      <source>'{name}' is a map service: its pictures are read for the area. Mind its terms of use.</source>
      <translation>'{name}' est un service de cartes : ses images sont lues pour la zone. Respectez ses conditions d'utilisation.</translation>
    </message>
  </context>
</TS>
