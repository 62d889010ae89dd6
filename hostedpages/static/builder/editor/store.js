// The single state of the designer. Views read `state` and call its functions; nothing else changes it.

import { replaceDocument } from "./commands.js";
import { ID, elementById, indexOf, nameOf, plain, withIds } from "./document.js";
import { emptyHistory, record, redo, settle, undo } from "./history.js";
import { fromServer, visibleProblems } from "./problems.js";
import { TYPING_MS, createSaving } from "./saving.js";

export const PAGE = null; // the selection when it is the page itself

export function createStore({ document, catalogue, lockVersion, problems, publishedKeys, send, timers, now }) {
  const listeners = new Set();
  const clock = now ?? (() => Date.now());
  const start = withIds(document);
  const state = {
    document: start,
    catalogue,
    history: emptyHistory(),
    selection: PAGE,
    server: { document: start, problems: fromServer(problems, start) },
    publishedKeys: new Set(publishedKeys),
    fresh: new Set(),
    lifted: null,
    save: { name: "saved", words: "Saved", conflict: null },
    notice: { words: "" }, // spoken; a new object each time, so that the same words are said again
    toast: null,
  };

  const saving = createSaving({
    send: ({ document: mine, base, ...rest }) =>
      send({ document: plain(mine), ...(base ? { base: plain(base) } : {}), ...rest }),
    current: () => state.document,
    lockVersion,
    timers,
    // “Phone: This must be 0 or more.” leads people to the place.
    describe({ message = "the form is not valid.", problems = [] }) {
      const [first] = fromServer(problems, state.document);
      const element = first && elementById(state.document, first.elementId);
      return element ? `${nameOf(catalogue, element)}: ${first.message}` : message;
    },
    onChange(save) {
      state.save = save;
      if (save.name === "refused") {
        state.server = { document: state.document, problems: fromServer(save.problems, state.document) };
      }
      tell();
    },
    onSaved(sent, answer) {
      state.server = { document: sent, problems: fromServer(answer.problems ?? [], sent) };
      state.changes = answer.changes ?? [];
      for (const listener of savedListeners) listener(sent, answer);
    },
  });
  const savedListeners = new Set();

  function tell() {
    for (const listener of listeners) listener(state);
  }

  function say(words) {
    state.notice = { words: words ?? "" };
  }

  function take(result) {
    state.document = result.document;
    state.history = result.history;
  }

  /** Runs a command. Returns it, so that a caller can see whether it was refused. */
  function run(command) {
    if (command.refused) {
      say(command.refused);
      state.toast = { words: command.refused, canUndo: false };
      tell();
      return command;
    }
    take(record(state.document, state.history, command, clock()));
    const isAdded = command.operation.op === "insert";
    if (isAdded) state.fresh.add(command.select);
    state.selection = command.select;
    if (command.say) say(command.say);
    saving.changed(command.tag ? TYPING_MS : 0);
    tell();
    return command;
  }

  function stepBack(step, verb) {
    const result = step(state.document, state.history);
    if (!result) {
      say(`Nothing to ${verb.toLowerCase()}`);
      tell();
      return;
    }
    take(result);
    const { select, words } = result.entry;
    state.selection = elementById(state.document, select) ? select : keptSelection();
    state.toast = null; // what it offered to undo may not be the last step any more
    say(`${verb}: ${words}`);
    saving.changed(0);
    tell();
  }

  function keptSelection() {
    return elementById(state.document, state.selection) ? state.selection : PAGE;
  }

  return {
    state,
    saving,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onSaved(listener) {
      savedListeners.add(listener);
    },
    run,
    undo: () => stepBack(undo, "Undo"),
    redo: () => stepBack(redo, "Redo"),
    /** The person left an input: the next typing is a new step, and a new field's key is settled. */
    settle() {
      state.history = settle(state.history);
    },
    select(id) {
      if (id === state.selection) return;
      state.fresh.delete(state.selection);
      state.history = settle(state.history);
      state.selection = elementById(state.document, id) ? id : PAGE;
      tell();
    },
    lift(lifted) {
      state.lifted = lifted;
      tell();
    },
    say(words) {
      say(words);
      tell();
    },
    /** Words that are shown for a while, and spoken. */
    toast(words, { canUndo = false } = {}) {
      state.toast = words ? { words, canUndo } : null;
      if (words) say(words);
      tell();
    },
    selected: () => elementById(state.document, state.selection),
    selectedIndex: () => indexOf(state.document, state.selection),
    problems: () => visibleProblems(state.document, catalogue, state.server),
    isFresh: (id) => state.fresh.has(id),
    isPublished: (element) => state.publishedKeys.has(element.key),
    keepMine: () => saving.keepMine(),
    loadOther() {
      const { conflict } = state.save;
      const other = sameIds(withIds(conflict.document), state.document);
      take(record(state.document, state.history, replaceDocument(state.document, other), clock()));
      state.selection = keptSelection();
      state.server = { document: other, problems: fromServer(conflict.problems ?? [], other) };
      say("The other version is loaded. Undo brings yours back.");
      saving.tookOther(other, conflict.lock_version);
      for (const listener of savedListeners) listener(other, {});
    },
  };
}

// Fields are the same thing in both versions when their key is; the selection follows them.
function sameIds(other, mine) {
  const ids = new Map(mine.elements.filter((one) => one.key).map((one) => [one.key, one[ID]]));
  const elements = other.elements.map((one) => (ids.has(one.key) ? { ...one, [ID]: ids.get(one.key) } : one));
  return { ...other, elements };
}
