// The designer's start: reads what the server gave, makes the one store, draws the three columns.

import { html, render } from "../../vendor/lit-html-3.3.3/lit-html.js";
import * as commands from "./commands.js";
import { ID, elementById, indexOf, nameOf, nameSetting } from "./document.js";
import { drawDialogs } from "./dialogs_view.js";
import { makeOutlineSortable, makePaletteSortable } from "./dragging.js";
import { createKeys } from "./keys.js";
import { createLifting } from "./lifting.js";
import "./notes_editor.js";
import { outlineView } from "./outline_view.js";
import { lineById, paletteView } from "./palette_view.js";
import { drawSoon, isNarrow, useSprite } from "./parts.js";
import { createPlusPalette } from "./plus_palette.js";
import { createPreview, previewTools } from "./preview_view.js";
import { settingsView } from "./settings_view.js";
import { createStore } from "./store.js";
import { connectPage, sendDraft } from "./transport.js";

const root = document.getElementById("designer");
const data = JSON.parse(document.getElementById("designer-data").textContent);
const at = (name) => root.querySelector(`[data-part="${name}"]`);
useSprite(data.urls.sprite);

const store = createStore({
  document: data.document,
  catalogue: data.catalogue,
  lockVersion: data.lock_version,
  problems: data.problems,
  publishedKeys: data.published_keys,
  send: sendDraft(data.urls.save),
});

const ui = {
  tab: "outline", query: "", renaming: null, menu: null, dialog: null, problemsOpen: false, showValues: false, pasting: "",
  device: "desktop", scheme: matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light", known: "", groups: {},
};

const draw = drawSoon(() => {
  root.dataset.tab = ui.tab;
  root.dataset.device = ui.device;
  drawPalette();
  render(outlineView(app), at("outline"));
  render(previewTools(app), at("tools"));
  render(settingsView(app), at("settings"));
  render(tabs(), at("tabs"));
  drawDialogs(app, at("dialogs"));
  app.plus?.draw();
});

// At once, not with the next frame: what is typed meanwhile belongs to where the focus goes.
function whenDrawn(select, then) {
  draw(() => {
    const found = root.querySelector(select);
    if (found) then(found);
  });
  draw.now();
}

const app = {
  store,
  ui,
  draw,
  urls: data.urls,
  catalogue: data.catalogue,
  show(patch) {
    Object.assign(ui, patch);
    draw();
  },
  run: (command) => store.run(command),
  update(id, name, value, { isTyping = false } = {}) {
    const isFresh = store.isFresh(id);
    const command = commands.update(store.state.document, data.catalogue, id, name, value, { isFresh });
    return store.run(isTyping ? command : { ...command, tag: undefined });
  },
  changeType: (id, type) => store.toast(store.run(commands.changeType(store.state.document, data.catalogue, id, type)).say),
  move: (id, to) => {
    if (to < 0 || to >= store.state.document.elements.length) return;
    const command = store.run(commands.move(store.state.document, data.catalogue, id, to));
    if (!command.refused) store.say(commands.placeInWords(store.state.document, data.catalogue, id));
  },
  duplicate(id) {
    const command = store.run(commands.duplicate(store.state.document, data.catalogue, id));
    if (!command.refused) app.focusRow(command.select);
  },
  remove(id) {
    const name = nameOf(data.catalogue, elementById(store.state.document, id));
    const hadRow = Boolean(document.activeElement?.closest(".outline-row"));
    const command = store.run(commands.remove(store.state.document, data.catalogue, id));
    if (command.refused) return;
    store.toast(`“${name}” deleted`, { canUndo: true });
    if (hadRow && command.select) app.focusRow(command.select);
  },
  add(line, index = afterSelection()) {
    const command = store.run(commands.add(store.state.document, data.catalogue, line.item, index));
    if (command.refused) return;
    store.say(`Added. ${commands.placeInWords(store.state.document, data.catalogue, command.select)}`);
    revealRow(command.select);
    if (!isNarrow()) focusName();
  },
  addBasics() {
    for (const contact of ["full_name", "email", "cell_phone"]) {
      const { document } = store.state;
      const command = commands.add(document, data.catalogue, { kind: "field", contact });
      const index = document.elements.length;
      const element = { ...command.operation.elements[0], ...(contact === "cell_phone" ? {} : { required: true }) };
      store.run({ ...command, operation: { op: "insert", index, elements: [element] } });
    }
  },
  select(id, { from } = {}) {
    store.select(id);
    if (from === "preview") revealRow(id);
    else if (isNarrow()) app.show({ tab: "settings" });
  },
  rename(id) {
    if (!nameSetting(data.catalogue, elementById(store.state.document, id))) return;
    store.select(id);
    app.show({ renaming: id });
    whenDrawn(".row-rename", (input) => {
      input.focus();
      input.select();
    });
  },
  lookAs(patch) {
    app.show(patch);
    preview.reload();
  },
  openPalette: (index, anchor) => app.plus.open(index, anchor),
  focusPalette() {
    app.show({ tab: "outline" });
    if (isNarrow()) return whenDrawn(".outline-add", (button) => button.click());
    whenDrawn("[data-palette-filter=docked]", (input) => input.focus());
  },
  focusRow: (id) => whenDrawn(`[data-id="${id}"] .row-name`, (row) => row.focus()),
  focusHandle: (id) => whenDrawn(`[data-id="${id}"] .row-handle`, (handle) => handle.focus()),
  // Only the current row can be reached with Tab; arrows reach the others.
  tabIndex(id) {
    const { document, selection } = store.state;
    const current = selection ?? document.elements[0]?.[ID];
    return id === current ? 0 : -1;
  },
  onRowKey(event, id) {
    const { elements } = store.state.document;
    const index = indexOf(store.state.document, id);
    const steps = { ArrowUp: index - 1, ArrowDown: index + 1, Home: 0, End: elements.length - 1 };
    if (event.key === "Enter" || event.key === "F2") app.rename(id);
    else if (event.altKey || event.ctrlKey || event.metaKey || !(event.key in steps)) return;
    else {
      const next = elements[Math.max(0, Math.min(steps[event.key], elements.length - 1))][ID];
      store.select(next);
      app.focusRow(next);
    }
    event.preventDefault();
  },
  problemName(problem) {
    const element = elementById(store.state.document, problem.elementId);
    return element ? nameOf(data.catalogue, element) : "The page";
  },
  goToProblem(problem) {
    if (problem.setting?.startsWith("options")) {
      location.assign(data.urls.options);
      return;
    }
    store.select(problem.elementId);
    app.show({ tab: isNarrow() ? "settings" : ui.tab });
    if (problem.elementId) revealRow(problem.elementId);
    whenDrawn(`[data-part=settings] [data-setting="${problem.setting}"]`, (setting) => {
      setting.closest("details")?.setAttribute("open", "");
      (setting.querySelector("input, textarea, select, [tabindex='0']") ?? setting).focus();
    });
  },
};

function afterSelection() {
  const index = store.selectedIndex();
  return index < 0 ? store.state.document.elements.length : index + 1;
}

function revealRow(id) {
  whenDrawn(`[data-id="${id}"]`, (row) => row.scrollIntoView({ block: "nearest" }));
}

// Where one writes what the new element says.
function focusName() {
  const names = ["label", "text", "title", "html"].map((name) => `[data-setting=${name}]`).join(", ");
  whenDrawn(`[data-part=settings] :is(${names}) :is(input:not(.notes-url), textarea, .notes-area)`, (input) => {
    input.focus();
    input.select?.();
  });
}

// Typing a label changes nothing here, and must not wait for it.
let paletteDrawn = null;
function drawPalette() {
  const { document } = store.state;
  const text = JSON.stringify([ui.query, document.elements.map((one) => one.binds_to && [one.binds_to, one.label])]);
  if (text === paletteDrawn) return;
  paletteDrawn = text;
  const palette = paletteView({
    document,
    catalogue: data.catalogue,
    query: ui.query,
    type: (query) => app.show({ query }),
    pick: (line) => app.add(line),
    isDocked: true,
  });
  render(palette, at("palette"));
}

const TABS = [["outline", "Outline"], ["preview", "Preview"], ["settings", "Settings"]];

function tabs() {
  return html`${TABS.map(
    ([name, words]) => html`<button type="button" aria-pressed=${String(ui.tab === name)} @click=${() => app.show({ tab: name })}>${words}</button>`,
  )}`;
}

app.lifting = createLifting(app);
app.onKey = createKeys(app);
app.plus = createPlusPalette(app, at("plus"));
const preview = createPreview(app, at("stage"));
connectPage(app, { state: document.querySelector("[data-save-state]"), pill: document.querySelector("#page-state"), spoken: at("spoken"), toasts: at("toasts") });

store.subscribe(() => draw());
draw(() => {
  const isDragging = (value) => () => root.toggleAttribute("data-dragging", value);
  makeOutlineSortable(at("outline").querySelector(".outline-rows"), {
    onStart: isDragging(true),
    onEnd: isDragging(false),
    onMove: (id, to) => (to === indexOf(store.state.document, id) ? draw() : app.move(id, to)),
    onDrop: (line, index) => app.add(lineById(store.state.document, data.catalogue, line), index),
  });
  // Lists come and go with the filter; each is made draggable when it first appears.
  const seen = new WeakSet();
  const attach = () => {
    for (const list of at("palette").querySelectorAll(".palette-lines")) {
      if (seen.has(list)) continue;
      seen.add(list);
      makePaletteSortable(list, { onStart: isDragging(true), onEnd: isDragging(false) });
    }
  };
  new MutationObserver(attach).observe(at("palette"), { childList: true, subtree: true });
  attach();
  root.dataset.ready = "";
  // The list of what keeps a page from being published leads to its elements.
  const asked = /^#element-(\d+)$/.exec(location.hash);
  const element = asked && store.state.document.elements[Number(asked[1])];
  if (element) {
    app.select(element[ID]);
    revealRow(element[ID]);
  }
});
