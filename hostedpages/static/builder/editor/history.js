// Undo and redo back to the start. Pure: time comes in with the call.
// Typing in one input is one step, until the person pauses or does something else.

import { apply, merged } from "./operations.js";

const PAUSE_MS = 2000;

export function emptyHistory() {
  return { past: [], future: [], isOpen: false };
}

/** {document, history} after a command. */
export function record(document, history, command, now) {
  const step = apply(document, command.operation);
  const last = history.past.at(-1);
  const isSameInput =
    history.isOpen && command.tag && last?.tag === command.tag && now - last.at < PAUSE_MS;
  const joined = isSameInput ? merged(last.operation, command.operation) : null;
  const entry = joined
    ? { ...last, operation: joined, inverse: merged(step.inverse, last.inverse), at: now }
    : { ...command, inverse: step.inverse, at: now };
  const past = joined ? [...history.past.slice(0, -1), entry] : [...history.past, entry];
  return { document: step.document, history: { past, future: [], isOpen: true } };
}

/** Ends the run of typing, so that the next key starts a new step. */
export function settle(history) {
  return history.isOpen ? { ...history, isOpen: false } : history;
}

/** {document, history, entry}, or null when there is nothing to undo. */
export function undo(document, history) {
  const entry = history.past.at(-1);
  if (!entry) return null;
  const step = apply(document, entry.inverse);
  const past = history.past.slice(0, -1);
  return { document: step.document, history: { past, future: [entry, ...history.future], isOpen: false }, entry };
}

export function redo(document, history) {
  const [entry, ...future] = history.future;
  if (!entry) return null;
  const step = apply(document, entry.operation);
  return { document: step.document, history: { past: [...history.past, entry], future, isOpen: false }, entry };
}
