// The designer's keys. One table, used for the work and for the list that `?` shows.

import { isTyping, keyWords } from "./parts.js";

export const KEYS = [
  { keys: ["Ctrl+Z"], words: "Undo" },
  { keys: ["Shift+Ctrl+Z", "Ctrl+Y"], words: "Redo" },
  { keys: ["↑", "↓"], words: "Walk the outline" },
  { keys: ["Enter"], words: "Rename in the outline" },
  { keys: ["Space"], words: "On a handle: lift. Then arrows move, Enter drops, Escape cancels" },
  { keys: ["Alt+↑", "Alt+↓"], words: "Move the selected element or choice" },
  { keys: ["Ctrl+D"], words: "Duplicate" },
  { keys: ["Delete"], words: "Delete" },
  { keys: ["/"], words: "Add an element" },
  { keys: ["Esc"], words: "Close what is on top" },
  { keys: ["?"], words: "Show these keys" },
].map((one) => ({ ...one, keys: one.keys.map(keyWords) }));

export function createKeys(app) {
  const { store } = app;
  const isControl = (event) => event.ctrlKey || event.metaKey;

  function withControl(event) {
    const key = event.key.toLowerCase();
    if (key === "z") return event.shiftKey ? store.redo : store.undo;
    if (key === "y") return store.redo;
    if (key === "d" && !isTyping(event.target)) return () => store.state.selection && app.duplicate(store.state.selection);
    return null;
  }

  function alone(event) {
    if (isTyping(event.target)) return null;
    const id = store.state.selection;
    const index = store.selectedIndex();
    const isElsewhere = event.target.closest?.("[data-part=settings], [data-part=palette], .head, .rail");
    if ((event.key === "Delete" || event.key === "Backspace") && id && !isElsewhere) return () => app.remove(id);
    if (event.altKey && event.key === "ArrowUp" && id) return () => app.move(id, index - 1);
    if (event.altKey && event.key === "ArrowDown" && id) return () => app.move(id, index + 1);
    if (event.key === "/") return () => app.focusPalette();
    if (event.key === "?") return () => app.show({ dialog: "help" });
    return null;
  }

  function onKey(event) {
    if (document.querySelector("dialog[open]") || store.state.lifted) return;
    const run = isControl(event) ? withControl(event) : alone(event);
    if (!run) return;
    event.preventDefault();
    event.stopImmediatePropagation?.();
    run();
  }

  // First of all listeners: the shell's own "/" and "?" have no say on this screen.
  document.addEventListener("keydown", (event) => {
    if (!event.defaultPrevented) onKey(event);
  }, { capture: true });
  // The shell's own entry "Keys" shows this screen's keys.
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-keys]")) return;
    event.stopImmediatePropagation();
    event.target.closest("details")?.removeAttribute("open");
    app.show({ dialog: "help" });
  }, { capture: true });
  return onKey;
}
