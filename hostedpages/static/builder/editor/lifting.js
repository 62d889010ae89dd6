// Moving with the keyboard alone: Space lifts, arrows move, Enter drops, Escape cancels.
// Nothing changes in the document before the drop; every step is spoken.

import * as commands from "./commands.js";
import { indexOf } from "./document.js";
import { apply } from "./operations.js";

/** The document as the outline shows it: with the lifted element where it hovers. */
export function liftedDocument(state) {
  const { lifted, document } = state;
  if (!lifted) return document;
  const from = indexOf(document, lifted.id);
  return from === lifted.to ? document : apply(document, { op: "move", from, to: lifted.to }).document;
}

export function createLifting(app) {
  const { store } = app;
  const { state } = store;

  function place(id) {
    return commands.placeInWords(liftedDocument(state), state.catalogue, id);
  }

  function lift(id) {
    store.lift({ id, to: indexOf(state.document, id) });
    store.say(`Lifted. ${place(id)}. Arrow keys move, Enter drops, Escape cancels.`);
    app.focusHandle(id);
  }

  function step(by) {
    const { id, to } = state.lifted;
    const target = Math.max(0, Math.min(to + by, state.document.elements.length - 1));
    store.lift({ id, to: target });
    store.say(place(id));
    app.focusHandle(id);
  }

  function drop() {
    const { id, to } = state.lifted;
    store.lift(null);
    if (indexOf(state.document, id) !== to) {
      store.run(commands.move(state.document, state.catalogue, id, to));
    }
    store.say(`Dropped. ${place(id)}`);
    app.focusHandle(id);
  }

  function cancel() {
    const { id } = state.lifted;
    store.lift(null);
    store.say(`Canceled. ${place(id)}`);
    app.focusHandle(id);
  }

  const KEYS = {
    ArrowUp: () => step(-1),
    ArrowDown: () => step(1),
    Home: () => step(-state.document.elements.length),
    End: () => step(state.document.elements.length),
    Enter: drop,
    " ": drop,
    Escape: cancel,
    Tab: cancel,
  };

  // While something is lifted, these keys belong to it, wherever the focus went meanwhile.
  document.addEventListener(
    "keydown",
    (event) => {
      if (!state.lifted || !KEYS[event.key]) return;
      event.preventDefault();
      event.stopPropagation();
      KEYS[event.key]();
    },
    { capture: true },
  );
  document.addEventListener("pointerdown", () => state.lifted && cancel(), { capture: true });

  return {
    onHandleKey(event, id) {
      if (event.key === " ") {
        event.preventDefault();
        app.select(id);
        lift(id);
      }
    },
  };
}
