"""The desktop's parts: action, dialog, tasks, results, options page. Never imported by qgis_process."""
