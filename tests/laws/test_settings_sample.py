"""`.env.example` lists every setting with its default, and nothing else."""

import re
from pathlib import Path

from hostedpages.config import PREFIX, Settings

SAMPLE = Path(__file__).parents[2] / ".env.example"


def test_the_sample_is_the_settings_with_their_defaults() -> None:
    text = SAMPLE.read_text("utf-8")
    sample = dict(re.findall(r"^(HOSTEDPAGES_[A-Z_]+)=(.*)$", text, re.M))
    defaults = {
        PREFIX + name.upper(): str(field.default) for name, field in Settings.model_fields.items()
    }
    assert sample == defaults


def test_every_setting_is_explained() -> None:
    lines = SAMPLE.read_text("utf-8").splitlines()
    for before, line in zip(lines, lines[1:], strict=False):
        if line.startswith(PREFIX):
            assert before.startswith(("#", PREFIX)), line
