"""Property tests of this folder: fewer examples."""

from hypothesis import settings

settings.register_profile("schema", settings.get_profile("ours"), max_examples=60)
settings.load_profile("schema")
