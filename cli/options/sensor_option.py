"""``--sensor``: what took a scene, where its file does not say enough."""

from __future__ import annotations

import click

from magnet_geo.sensors import sensor_names

sensor_option = click.option(
    "--sensor",
    type=click.Choice(sensor_names()),
    help="What took the scene: says what undescribed bands are, what values mean, which value is missing.",
)
