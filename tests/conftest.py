"""Laws over many examples are not timed: a busy machine breaks no law."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
