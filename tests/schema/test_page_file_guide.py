"""docs/page-file.md names every key, type and contact field, and its example can be published."""

import re
from pathlib import Path

from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.schema.elements import ELEMENT_CLASSES
from hostedpages.schema.fields import TYPES
from hostedpages.schema.form_schema import FormSchema
from hostedpages.schema.options import PageOptions
from hostedpages.schema.show_if import OPERATORS

GUIDE = (Path(__file__).parents[2] / "docs" / "page-file.md").read_text("utf-8")


def test_the_guide_names_everything() -> None:
    names = {*TYPES, *CONTACT_FIELDS, *OPERATORS, *FormSchema.model_fields}
    names |= PageOptions.model_fields.keys()
    names |= {key for each in ELEMENT_CLASSES.values() for key in each.model_fields}
    names |= {key for each in TYPES.values() for key in each.own_keys}
    assert {each for each in names if f"`{each}`" not in GUIDE} == set()


def test_the_guides_example_can_be_published() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    assert FormSchema.load(example).publish_problems() == []
