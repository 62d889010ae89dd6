// The smallest changes of a document, each with its exact inverse. Pure.
// An operation is plain data; `apply` gives the new document and the operation that takes it back.

function replaced(list, start, count, items) {
  return [...list.slice(0, start), ...items, ...list.slice(start + count)];
}

/** The object with the patch laid over it; a patch value of undefined removes the key. */
function patched(object, patch) {
  const result = { ...object, ...patch };
  const before = {};
  for (const name of Object.keys(patch)) {
    before[name] = Object.hasOwn(object, name) ? object[name] : undefined;
    if (patch[name] === undefined) delete result[name];
  }
  return { result, before };
}

const APPLY = {
  insert(document, { index, elements }) {
    const list = replaced(document.elements, index, 0, elements);
    const inverse = { op: "remove", index, count: elements.length };
    return { document: { ...document, elements: list }, inverse };
  },
  remove(document, { index, count }) {
    const gone = document.elements.slice(index, index + count);
    const list = replaced(document.elements, index, count, []);
    const inverse = { op: "insert", index, elements: gone };
    return { document: { ...document, elements: list }, inverse };
  },
  move(document, { from, to }) {
    const element = document.elements[from];
    const list = replaced(replaced(document.elements, from, 1, []), to, 0, [element]);
    return { document: { ...document, elements: list }, inverse: { op: "move", from: to, to: from } };
  },
  change(document, { index, patch }) {
    const { result, before } = patched(document.elements[index], patch);
    const list = replaced(document.elements, index, 1, [result]);
    const inverse = { op: "change", index, patch: before };
    return { document: { ...document, elements: list }, inverse };
  },
  replace(document, { index, element }) {
    const before = document.elements[index];
    const list = replaced(document.elements, index, 1, [element]);
    return { document: { ...document, elements: list }, inverse: { op: "replace", index, element: before } };
  },
  page(document, { patch }) {
    const { result, before } = patched(document, patch);
    return { document: result, inverse: { op: "page", patch: before } };
  },
  options(document, { patch }) {
    const { result, before } = patched(document.options ?? {}, patch);
    return { document: { ...document, options: result }, inverse: { op: "options", patch: before } };
  },
  whole(document, { document: other }) {
    return { document: other, inverse: { op: "whole", document } };
  },
  many(document, { operations }) {
    let current = document;
    const inverses = [];
    for (const operation of operations) {
      const step = apply(current, operation);
      current = step.document;
      inverses.unshift(step.inverse);
    }
    return { document: current, inverse: { op: "many", operations: inverses } };
  },
};

export function apply(document, operation) {
  return APPLY[operation.op](document, operation);
}

/** Two changes of the same thing as one, or null when they are not of the same thing. */
export function merged(first, second) {
  if (first.op !== second.op || first.index !== second.index) return null;
  if (!["change", "page", "options"].includes(first.op)) return null;
  return { ...first, patch: { ...first.patch, ...second.patch } };
}
