"""Starting templates: each can be published as soon as a lead source is chosen."""

import pytest

from hostedpages.schema.contrast import ratio
from hostedpages.schema.form_schema import FormSchema
from hostedpages.schema.templates import TEMPLATES, PageTemplate

READY = [each for each in TEMPLATES if each.key != "empty"]


def test_there_are_ten_and_an_empty_one() -> None:
    assert len(READY) == 10
    assert len({each.key for each in TEMPLATES}) == len({each.name for each in TEMPLATES}) == 11
    assert FormSchema.load(TEMPLATES[-1].document).elements == []


@pytest.mark.parametrize("template", READY, ids=lambda each: each.key)
def test_a_template_lacks_only_a_lead_source(template: PageTemplate) -> None:
    options = template.document["options"] | {"lead_source": "Website"}
    schema = FormSchema.load(template.document | {"options": options})
    assert schema.publish_problems() == []
    assert template.description.endswith(".")
    assert ratio(schema.options.base_color, "#ffffff") >= 4.5
    assert ratio(schema.options.highlight_color, "#ffffff") >= 4.5


def test_the_templates_show_what_pages_can_do() -> None:
    schemas = {each.key: FormSchema.load(each.document) for each in TEMPLATES}
    assert len(schemas["franchise"].screens) == 4
    assert any(each.show_if for each in schemas["franchise"].fields)
    assert schemas["feedback"].options.mode == "note_only"
