// The document of a page as the designer holds it: reading it, naming its parts, making new ones.
// Pure: no DOM, no network. Never changes a document in place; every change is a new object.

// Elements carry an identity for the life of the window. It is a symbol, so JSON never sees it.
export const ID = Symbol("element");

let lastId = 0;

export function newId() {
  lastId += 1;
  return `e${lastId}`;
}

export function withIds(document) {
  const elements = document.elements ?? [];
  return { ...document, elements: elements.map((element) => ({ ...element, [ID]: newId() })) };
}

/** The document as the server reads it. */
export function plain(document) {
  return JSON.parse(JSON.stringify(document));
}

export function isField(element) {
  return element?.kind === "field";
}

export function isSeparator(element) {
  return element?.kind === "separator";
}

export function indexOf(document, id) {
  return document.elements.findIndex((element) => element[ID] === id);
}

export function elementById(document, id) {
  return document.elements.find((element) => element[ID] === id) ?? null;
}

export function fieldsOf(document) {
  return document.elements.filter(isField);
}

/** Fields a rule at this index may look at: only earlier ones. */
export function fieldsBefore(document, index) {
  return document.elements.slice(0, index).filter(isField);
}

/** Screens as {number, title, start, elements}; `start` is the index of the first element in it. */
export function screensOf(document) {
  const screens = [{ number: 1, title: "", start: 0, separator: null, elements: [] }];
  document.elements.forEach((element, index) => {
    if (isSeparator(element)) {
      const number = screens.length + 1;
      const title = element.title ?? "";
      screens.push({ number, title, start: index + 1, separator: element, elements: [] });
    } else {
      screens.at(-1).elements.push(element);
    }
  });
  return screens;
}

/** Where an element stands, for people: its place in its screen, and which screen that is. */
export function placeOf(document, index) {
  const screens = screensOf(document);
  const element = document.elements[index];
  if (isSeparator(element)) {
    const screen = screens.find((one) => one.separator === element);
    return { screen: screen.number, screens: screens.length, position: 0, size: screen.elements.length };
  }
  const screen = screens.findLast((one) => one.start <= index);
  return {
    screen: screen.number,
    screens: screens.length,
    position: index - screen.start + 1,
    size: screen.elements.length,
  };
}

export function textOfHtml(html) {
  const named = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: " ", "#39": "'" };
  return (html ?? "")
    .replace(/<\/?(?:p|br|ul|ol|li|div)\b[^>]*>/g, " ")
    .replace(/<[^>]*>/g, "")
    .replace(/&(amp|lt|gt|quot|nbsp|#39);/g, (whole, name) => named[name])
    .replace(/\s+/g, " ")
    .trim();
}

export function kindOf(catalogue, element) {
  return catalogue.elements.find((one) => one.kind === element.kind);
}

export function typeOf(catalogue, element) {
  return catalogue.field_types.find((one) => one.key === element.type) ?? null;
}

export function contactField(catalogue, key) {
  return catalogue.contact_fields.find((one) => one.key === key) ?? null;
}

export function iconOf(catalogue, element) {
  const owner = isField(element) ? typeOf(catalogue, element) : kindOf(catalogue, element);
  return owner?.icon ?? "circle-help";
}

/** What an element is called in the outline and when it is spoken. Never empty. */
export function nameOf(catalogue, element) {
  const said = [element.label, element.text, textOfHtml(element.html), element.title];
  const text = said.find((one) => one && one.trim());
  if (text) return text.trim();
  if (isField(element)) return typeOf(catalogue, element)?.label ?? element.key;
  return kindOf(catalogue, element)?.label ?? element.kind;
}

/** The setting that holds what an element is called, or null when it has no such text. */
export function nameSetting(catalogue, element) {
  if (isField(element)) return "label";
  const names = (kindOf(catalogue, element)?.settings ?? []).map((setting) => setting.name);
  return ["text", "title"].find((name) => names.includes(name)) ?? null;
}

/** Plain words to a key or a value: a-z, digits and _, at most 40. */
export function slug(text, fallback = "field") {
  const letters = text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .slice(0, 40)
    .replace(/_+$/g, "");
  return letters || fallback;
}

/** The wanted text as a key that no other field has. */
export function freeKey(document, wanted, exceptId = null) {
  const taken = new Set(
    fieldsOf(document)
      .filter((field) => field[ID] !== exceptId)
      .map((field) => field.key),
  );
  const start = slug(/^[0-9]/.test(slug(wanted)) ? `field_${wanted}` : wanted);
  let key = start;
  for (let number = 2; taken.has(key); number += 1) {
    const tail = `_${number}`;
    key = start.slice(0, 40 - tail.length) + tail;
  }
  return key;
}

export function boundTo(document, contactKey) {
  return fieldsOf(document).find((field) => field.binds_to === contactKey) ?? null;
}

/** Does any rule of another element look at this key? */
export function isAskedAbout(document, key) {
  return document.elements.some((element) => rulesOf(element).some((rule) => rule.field === key));
}

export function rulesOf(element) {
  const rules = element?.show_if?.all ?? element?.show_if?.any ?? [];
  return Array.isArray(rules) ? rules : [];
}

/**
 * A new element from a line of the palette: {kind}, {kind: "field", type} or {…, contact}.
 * What a fresh choice list starts with comes from here, so that it is valid at once.
 */
export function newElement(document, catalogue, item) {
  if (item.kind !== "field") return { kind: item.kind, ...neededTexts(catalogue, item), [ID]: newId() };
  const contact = item.contact ? contactField(catalogue, item.contact) : null;
  const type = catalogue.field_types.find((one) => one.key === (contact?.type ?? item.type));
  const label = contact?.label ?? type.label;
  const element = {
    kind: "field",
    key: freeKey(document, contact?.key ?? type.key),
    type: type.key,
    label,
    [ID]: newId(),
  };
  if (contact) element.binds_to = contact.key;
  if (type.has_choices) {
    element.choices = ["Option 1", "Option 2"].map((text) => ({ value: slug(text), label: text }));
  }
  return element;
}

// What a document must say about an element even while it is empty.
function neededTexts(catalogue, item) {
  const kind = kindOf(catalogue, item);
  const names = (kind?.settings ?? []).map((setting) => setting.name);
  return {
    ...(names.includes("text") ? { text: kind.label } : {}),
    ...(names.includes("html") ? { html: "" } : {}),
  };
}

/** A copy with its own key. A contact field can be filled by one field only, so that is left out. */
export function copyOf(document, element) {
  const copy = { ...plain(element), [ID]: newId() };
  if (isField(copy)) {
    copy.key = freeKey(document, element.key);
    delete copy.binds_to;
  }
  return copy;
}
