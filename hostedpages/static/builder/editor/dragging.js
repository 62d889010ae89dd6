// Dragging with a pointer, in the outline and from the palette. SortableJS moves nodes on the screen;
// here they are put back at once and the same command runs as from the keyboard.

import { Sortable } from "../../vendor/sortablejs-1.15.7/sortable.js";

const REDUCED = matchMedia("(prefers-reduced-motion: reduce)").matches;

const SHARED = {
  forceFallback: true, // one behavior for mouse, pen and touch
  fallbackOnBody: true,
  fallbackTolerance: 4,
  delay: 160,
  delayOnTouchOnly: true,
  animation: REDUCED ? 0 : 140,
  scrollSensitivity: 60,
  bubbleScroll: true,
  ghostClass: "is-ghost",
  chosenClass: "is-chosen",
  dragClass: "is-dragging",
  fallbackClass: "is-dragging",
};

// Where a node stood, so that the template finds its nodes as it left them.
function remember(node) {
  const parent = node.parentNode;
  const next = node.nextSibling;
  return () => parent.insertBefore(node, next);
}

function rowsOf(list, node) {
  return [...list.children].filter((one) => one === node || one.matches(".outline-row"));
}

export function makeOutlineSortable(list, { onMove, onDrop, onStart, onEnd }) {
  let putBack = null;
  return Sortable.create(list, {
    ...SHARED,
    group: { name: "form", pull: false, put: ["palette"] },
    draggable: ".outline-row",
    handle: ".row-handle, .row-name",
    filter: "input",
    preventOnFilter: false,
    onStart(event) {
      putBack = remember(event.item);
      onStart();
    },
    onEnd(event) {
      const to = rowsOf(list, event.item).indexOf(event.item);
      putBack?.();
      putBack = null;
      onEnd();
      onMove(event.item.dataset.id, to);
    },
    onAdd(event) {
      const to = rowsOf(list, event.item).indexOf(event.item);
      // The dragged node itself was moved here; its copy stands in the palette. Swap them back.
      event.clone.replaceWith(event.item);
      onDrop(event.item.dataset.line, to);
    },
  });
}

export function makePaletteSortable(list, { onStart, onEnd }) {
  return Sortable.create(list, {
    ...SHARED,
    group: { name: "palette", pull: "clone", put: false, revertClone: true },
    sort: false,
    draggable: ".palette-item",
    filter: ".is-taken",
    onStart,
    onEnd,
  });
}

/** The same for lists inside the settings, such as choices. */
export function makeListSortable(list, { draggable, handle, onMove }) {
  let putBack = null;
  return Sortable.create(list, {
    ...SHARED,
    draggable,
    handle,
    onStart: (event) => (putBack = remember(event.item)),
    onEnd(event) {
      const from = event.oldDraggableIndex;
      const to = event.newDraggableIndex;
      putBack?.();
      if (from !== to) onMove(from, to);
    },
  });
}
