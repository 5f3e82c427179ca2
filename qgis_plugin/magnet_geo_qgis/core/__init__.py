"""What the plugin knows about the engine, without QGIS or Qt: protocol, command lines, environment, sentences."""
