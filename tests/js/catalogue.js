// A small catalogue in the server's shape, for tests of the designer's pure modules.

const PLACEHOLDER = { name: "placeholder", label: "Placeholder", widget: "text" };
const DEFAULT = { name: "default", label: "Default answer", widget: "text" };
const LONGEST = { name: "max_length", label: "Longest answer", widget: "number" };

function type(key, label, more) {
  return {
    key, label, icon: key, group: "Text", widget: "input", has_choices: false, can_bind_to: [],
    operators: ["equals", "is_empty"], settings: [PLACEHOLDER, DEFAULT], ...more,
  };
}

export const catalogue = {
  field_types: [
    type("text", "Text", { can_bind_to: ["first_name", "city"], settings: [PLACEHOLDER, LONGEST, DEFAULT] }),
    type("email", "Email", { can_bind_to: ["email"] }),
    type("phone", "Phone", { can_bind_to: ["cell_phone"] }),
    type("select", "Drop-down", { widget: "select", has_choices: true, settings: [DEFAULT] }),
    type("radio", "One choice", { widget: "choices", has_choices: true, settings: [] }),
  ],
  contact_fields: [
    { key: "first_name", label: "First name", type: "text", pii: true },
    { key: "email", label: "Email", type: "email", pii: true },
    { key: "cell_phone", label: "Cell phone", type: "phone", pii: true },
  ],
  operators: { equals: "equals", in: "is one of", is_empty: "is empty", greater_than: "is more than" },
  elements: [
    { kind: "field", label: "Field", icon: "text", settings: [] },
    { kind: "header", label: "Header", icon: "heading", settings: [{ name: "text", label: "Text", widget: "text" }] },
    { kind: "notes", label: "Notes", icon: "text", settings: [{ name: "html", label: "Text", widget: "notes" }] },
    { kind: "line", label: "Line", icon: "minus", settings: [] },
    { kind: "separator", label: "Page separator", icon: "split", settings: [{ name: "title", label: "Title", widget: "text" }] },
  ],
  limits: { elements: 200, screens: 20 },
};

export function text(key, more = {}) {
  return { kind: "field", key, type: "text", label: key, ...more };
}

export function form(...elements) {
  return { format: 1, name: "Roof", slug: "roof", title: "Roof", description: "", options: {}, elements };
}
