// Problems of a draft that can be known at once, before the server answers. Pure.
// The server's list is the full one; this one only keeps the editor from waiting for it.

import { choicesProblem } from "./choices.js";
import { ID, fieldsBefore, isField, isSeparator, rulesOf, typeOf } from "./document.js";
import { needsValue } from "./show_if.js";

function problem(element, setting, message) {
  return { elementId: element[ID], setting, message };
}

function ruleProblem(document, index, rule) {
  const element = document.elements[index];
  if (!rule.field) return "The rule does not say which field it looks at.";
  if (rule.field === element.key) return "A rule cannot look at its own field.";
  const earlier = fieldsBefore(document, index).find((field) => field.key === rule.field);
  if (!earlier) {
    const later = document.elements.some((one) => isField(one) && one.key === rule.field);
    return later ? "A rule may look only at earlier fields." : "The rule looks at a field that is gone.";
  }
  const value = Array.isArray(rule.value) ? rule.value[0] : rule.value;
  if (needsValue(rule.operator) && (value === undefined || value === null || value === "")) {
    return "The rule has no value to compare with.";
  }
  return null;
}

function* fieldProblems(document, catalogue, element, bound) {
  const type = typeOf(catalogue, element);
  if (!element.label?.trim()) yield problem(element, "label", "The field has no label.");
  if (type?.has_choices) {
    const message = choicesProblem(element.choices);
    if (message) yield problem(element, "choices", message);
  }
  if (element.binds_to) {
    if (bound.has(element.binds_to)) {
      yield problem(element, "binds_to", "Another field already saves to this contact field.");
    }
    bound.add(element.binds_to);
  }
}

function* separatorProblems(document, element, index) {
  const { elements } = document;
  if (index === 0) yield problem(element, null, "A page separator cannot be first.");
  else if (index === elements.length - 1) {
    yield problem(element, null, "A page separator cannot be last.");
  } else if (isSeparator(elements[index - 1])) {
    yield problem(element, null, "A page separator cannot stand next to another one.");
  }
}

/** Problems as {elementId, setting, message}, in the order of the document. */
export function localProblems(document, catalogue) {
  const problems = [];
  const bound = new Set();
  document.elements.forEach((element, index) => {
    if (isField(element)) problems.push(...fieldProblems(document, catalogue, element, bound));
    if (isSeparator(element)) problems.push(...separatorProblems(document, element, index));
    if ("text" in element && !element.text.trim()) {
      problems.push(problem(element, "text", "The header has no text."));
    }
    for (const rule of rulesOf(element)) {
      const message = ruleProblem(document, index, rule);
      if (message) problems.push(problem(element, "show_if", message));
    }
  });
  return problems;
}

/** The server's problems with its element index turned into our identity and its path into a setting. */
export function fromServer(problems, document) {
  return problems.map(({ path, message, element_index: given }) => {
    const found = /^elements\[(\d+)\](?:\.([a-z_]+))?/.exec(path ?? "");
    const index = given ?? (found ? Number(found[1]) : null);
    const element = index === null ? null : document.elements[index];
    const setting = found ? (found[2] ?? null) : (path ?? null);
    return { elementId: element?.[ID] ?? null, setting, message };
  });
}

/**
 * What to show now. Right after a save it is the server's list. While changes are on their way, an
 * element that changed is judged here and all others keep the server's word.
 */
export function visibleProblems(document, catalogue, server) {
  if (server.document === document) return server.problems;
  const judged = new Map(server.document.elements.map((element) => [element[ID], element]));
  const current = new Map(document.elements.map((element) => [element[ID], element]));
  const isSame = (id) => current.has(id) && current.get(id) === judged.get(id);
  const local = localProblems(document, catalogue);
  const key = (one) => `${one.elementId} ${one.setting}`;
  const known = new Set(server.problems.map(key));
  const kept = server.problems.filter((one) => {
    if (one.elementId === null) return true;
    return isSame(one.elementId) && !isSeparator(current.get(one.elementId));
  });
  const keptKeys = new Set(kept.map(key));
  const added = local.filter((one) => !keptKeys.has(key(one)) && !(isSame(one.elementId) && known.has(key(one))));
  const place = new Map(document.elements.map((element, index) => [element[ID], index]));
  const order = (one) => place.get(one.elementId) ?? -1;
  return [...kept, ...added].sort((left, right) => order(left) - order(right));
}

export function numberOfProblems(count) {
  if (count === 0) return "Ready to publish";
  return `${count} ${count === 1 ? "thing" : "things"} to fix before publishing`;
}
