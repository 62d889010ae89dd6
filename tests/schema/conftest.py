"""Property tests of this folder: fewer examples, and no deadline on a busy machine."""

from hypothesis import settings

settings.register_profile("schema", deadline=None, max_examples=60)
settings.load_profile("schema")
