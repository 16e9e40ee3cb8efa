"""What holds for the tests of core and plugins alike."""

from hypothesis import settings

# How long an example takes is the machine's affair: a busy one must not fail a property.
settings.register_profile("tarmac", deadline=None)
settings.load_profile("tarmac")
