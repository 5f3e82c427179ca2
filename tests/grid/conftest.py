"""Hypothesis without a stop watch: machines that run tests are often busy."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
