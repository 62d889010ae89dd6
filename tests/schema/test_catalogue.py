"""The catalogue: enough for the designer to build any page without knowing a type by name."""

import json

from hostedpages.schema.catalogue import catalogue
from hostedpages.schema.contact_fields import CONTACT_FIELDS
from hostedpages.schema.elements import ELEMENT_CLASSES
from hostedpages.schema.fields import TYPES


def test_it_is_json() -> None:
    assert json.loads(json.dumps(catalogue())) == catalogue()


def test_every_type_element_and_contact_field_stands_in_it() -> None:
    found = catalogue()
    assert {each["key"] for each in found["field_types"]} == set(TYPES)
    assert {each["kind"] for each in found["elements"]} == set(ELEMENT_CLASSES)
    assert {each["key"] for each in found["contact_fields"]} == set(CONTACT_FIELDS)
    assert {each["group"] for each in found["field_types"]} == set(found["groups"])


def test_settings_of_elements_are_keys_of_the_document() -> None:
    for each in catalogue()["elements"]:
        names = {setting["name"] for setting in each["settings"]}
        assert names <= set(ELEMENT_CLASSES[each["kind"]].model_fields)


def test_every_contact_field_has_a_type_that_can_save_to_it() -> None:
    for each in CONTACT_FIELDS.values():
        assert each.key in TYPES[each.type].can_bind_to
        assert not each.pii or each.mask in {"name", "email", "phone", "text"}
