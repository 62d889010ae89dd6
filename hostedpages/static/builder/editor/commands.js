// What a person can do to a form. A command is {operation, words, select, tag}: the change, what it
// is called when undone or spoken, what is selected after it, and what it may be merged with.
// A command that the limits or sense forbid is {refused}: the reason in words. Pure.

import { changeType as changedType, lostInWords } from "./change_type.js";
import {
  ID, copyOf, freeKey, indexOf, isAskedAbout, isField, isSeparator, nameOf, nameSetting,
  newElement, placeOf, rulesOf, typeOf,
} from "./document.js";

function limitReached(document, catalogue, element) {
  const { elements: mostElements = 200, screens: mostScreens = 20 } = catalogue.limits ?? {};
  if (document.elements.length >= mostElements) return `A form has at most ${mostElements} elements.`;
  const separators = document.elements.filter(isSeparator).length;
  if (isSeparator(element) && separators + 1 >= mostScreens) {
    return `A form has at most ${mostScreens} screens.`;
  }
  return null;
}

function inserted(document, catalogue, element, index, verb) {
  const refused = limitReached(document, catalogue, element);
  if (refused) return { refused };
  const operation = { op: "insert", index, elements: [element] };
  return { operation, select: element[ID], words: `${verb} ${nameOf(catalogue, element)}` };
}

/** Adds what a line of the palette stands for, at the index or at the end. */
export function add(document, catalogue, item, index = document.elements.length) {
  const element = newElement(document, catalogue, item);
  return inserted(document, catalogue, element, index, "Add");
}

export function duplicate(document, catalogue, id) {
  const index = indexOf(document, id);
  if (index < 0) return { refused: "The element is gone." };
  const copy = copyOf(document, document.elements[index]);
  return inserted(document, catalogue, copy, index + 1, "Duplicate");
}

/** Removes an element and selects the one that takes its place. */
export function remove(document, catalogue, id) {
  const index = indexOf(document, id);
  if (index < 0) return { refused: "The element is gone." };
  const neighbor = document.elements[index + 1] ?? document.elements[index - 1] ?? null;
  const words = `Delete ${nameOf(catalogue, document.elements[index])}`;
  return { operation: { op: "remove", index, count: 1 }, select: neighbor?.[ID] ?? null, words };
}

/** Moves an element so that it stands at the index that it has afterwards. */
export function move(document, catalogue, id, to) {
  const from = indexOf(document, id);
  const target = Math.max(0, Math.min(to, document.elements.length - 1));
  if (from < 0) return { refused: "The element is gone." };
  if (from === target) return { refused: from === 0 ? "It is already first." : "It is already there." };
  const words = `Move ${nameOf(catalogue, document.elements[from])}`;
  return { operation: { op: "move", from, to: target }, select: id, words };
}

/** Where an element would be spoken to stand: “Phone, 3 of 7 on screen 2”. */
export function placeInWords(document, catalogue, id) {
  const index = indexOf(document, id);
  const { screen, screens, position, size } = placeOf(document, index);
  const name = nameOf(catalogue, document.elements[index]);
  if (position === 0) return `${name}, now starts screen ${screen} with ${size} elements`;
  const where = screens > 1 ? ` on screen ${screen}` : "";
  return `${name}, ${position} of ${size}${where}`;
}

function isDefault(value) {
  return value === "" || value === null || value === undefined || value === false;
}

/** Sets one setting of an element; an empty value takes the setting out of the document. */
export function update(document, catalogue, id, name, value, { isFresh = false } = {}) {
  const index = indexOf(document, id);
  if (index < 0) return { refused: "The element is gone." };
  const element = document.elements[index];
  const needed = name === nameSetting(catalogue, element) || name === "html";
  const patch = { [name]: isDefault(value) && !needed ? undefined : value };
  if (name === "label" && isFresh && isField(element) && !isAskedAbout(document, element.key)) {
    patch.key = freeKey(document, value || typeOf(catalogue, element)?.key || "field", id);
  }
  const words = `Edit ${nameOf(catalogue, element)}`;
  return { operation: { op: "change", index, patch }, select: id, words, tag: `${id} ${name}` };
}

/** Another key for a field, carried through to every rule that looks at it. */
export function changeKey(document, catalogue, id, wanted) {
  const index = indexOf(document, id);
  const element = document.elements[index];
  const key = freeKey(document, wanted, id);
  if (key === element.key) return { refused: "The key is unchanged." };
  const operations = [{ op: "change", index, patch: { key } }];
  document.elements.forEach((other, place) => {
    if (!rulesOf(other).some((rule) => rule.field === element.key)) return;
    const join = other.show_if.any ? "any" : "all";
    const renamed = rulesOf(other).map((rule) =>
      rule.field === element.key ? { ...rule, field: key } : rule,
    );
    operations.push({ op: "change", index: place, patch: { show_if: { [join]: renamed } } });
  });
  const words = `Change the key of ${nameOf(catalogue, element)}`;
  return { operation: { op: "many", operations }, select: id, words };
}

/** Another type; `say` tells what was lost. */
export function changeType(document, catalogue, id, typeKey) {
  const index = indexOf(document, id);
  const { element, lost } = changedType(document.elements[index], typeKey, catalogue);
  const words = `Change the type of ${nameOf(catalogue, document.elements[index])}`;
  const say = lostInWords(typeOf(catalogue, element), lost);
  return { operation: { op: "replace", index, element }, select: id, words, say };
}

/** Sets a text of the page itself. */
export function updatePage(document, name, value) {
  const operation = { op: "page", patch: { [name]: value } };
  return { operation, select: null, words: `Edit the page's ${name}`, tag: `page ${name}` };
}

export function updateOption(document, name, value) {
  const patch = { [name]: value === "" ? undefined : value };
  const words = `Edit the page's ${name.replaceAll("_", " ")}`;
  return { operation: { op: "options", patch }, select: null, words, tag: `option ${name}` };
}

/** Takes a whole other document, for example the one that another window saved. */
export function replaceDocument(document, other) {
  return { operation: { op: "whole", document: other }, select: null, words: "Load the other version" };
}

/** Places an element may be moved to: {index, words}, for the “Move to…” list. */
export function placesFor(document, catalogue, id) {
  const from = indexOf(document, id);
  const others = document.elements.filter((element) => element[ID] !== id);
  let screen = 1;
  const places = [{ index: 0, words: "At the start of the form", screen }];
  others.forEach((element, place) => {
    if (isSeparator(element)) {
      screen += 1;
      const title = element.title ? `, “${element.title}”` : "";
      places.push({ index: place + 1, words: `At the start of screen ${screen}${title}`, screen });
    } else {
      places.push({ index: place + 1, words: `After ${nameOf(catalogue, element)}`, screen });
    }
  });
  return places.map((place) => ({ ...place, isHere: place.index === from }));
}

