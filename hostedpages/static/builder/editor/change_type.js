// Another type for a field: keeps what the new type can hold, and says in words what it cannot.
// Pure; knows types only from the catalogue.

import { ID, contactField, typeOf } from "./document.js";

// Settings that every field has, whatever its type.
const SHARED = ["kind", "key", "type", "label", "help", "required", "width", "show_if", "error"];

function wordsFor(name, oldType, catalogue, element) {
  if (name === "binds_to") {
    const contact = contactField(catalogue, element.binds_to);
    return `saving to ${contact?.label ?? element.binds_to}`;
  }
  if (name === "choices") return `${element.choices.length} choices`;
  const setting = oldType?.settings.find((one) => one.name === name);
  return (setting?.label ?? name).toLowerCase();
}

function canKeep(name, type, element) {
  if (SHARED.includes(name)) return true;
  if (name === "binds_to") return type.can_bind_to.includes(element.binds_to);
  if (name === "choices") return type.has_choices;
  return type.settings.some((setting) => setting.name === name);
}

/** {element, lost}: the changed field, and what it lost, in words for people. */
export function changeType(element, typeKey, catalogue) {
  const oldType = typeOf(catalogue, element);
  const type = catalogue.field_types.find((one) => one.key === typeKey);
  const changed = { [ID]: element[ID] };
  const lost = [];
  for (const [name, value] of Object.entries(element)) {
    if (canKeep(name, type, element)) changed[name] = value;
    else if (value !== "" && value !== null && value !== undefined) {
      lost.push(wordsFor(name, oldType, catalogue, element));
    }
  }
  changed.type = typeKey;
  if (oldType && changed.label === oldType.label) changed.label = type.label;
  if (type.has_choices && !changed.choices) {
    changed.choices = [
      { value: "option_1", label: "Option 1" },
      { value: "option_2", label: "Option 2" },
    ];
  }
  if (oldType && oldType.widget !== type.widget && "default" in changed) {
    delete changed.default;
    lost.push("default");
  }
  return { element: changed, lost };
}

/** “Type changed to Email. Lost: placeholder and 2 choices.” */
export function lostInWords(type, lost) {
  if (lost.length === 0) return `Type changed to ${type.label}. Nothing was lost.`;
  const list = lost.length === 1 ? lost[0] : `${lost.slice(0, -1).join(", ")} and ${lost.at(-1)}`;
  return `Type changed to ${type.label}. Lost: ${list}.`;
}
