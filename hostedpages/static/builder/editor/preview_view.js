// The middle column: the real page in a frame, and what it is looked at as.
// After a save a second frame loads behind the first and takes its place when it stands as the first
// one stood (screen, scroll, answers), so nothing flashes and nothing jumps.

import { html } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { ID, indexOf } from "./document.js";
import { iconButton, keyWords, segments } from "./parts.js";

const DEVICES = [["desktop", "Desktop width", "monitor"], ["phone", "Phone width", "smartphone"]];
const SCHEMES = [["light", "Light", "sun"], ["dark", "Dark", "moon"]];
const VISITORS = [
  ["", "A new visitor"],
  ["hide", "Known contact, hide"],
  ["mask", "Known contact, mask"],
  ["show", "Known contact, show"],
];

export function previewTools(app) {
  const { ui, store } = app;
  const { past, future } = store.state.history;
  return html`
    <div class="cluster is-tools">
      ${iconButton({ name: "undo-2", words: "Undo", keys: keyWords("Ctrl+Z"), run: () => store.undo(), disabled: past.length === 0 })}
      ${iconButton({ name: "redo-2", words: "Redo", keys: keyWords("Shift+Ctrl+Z"), run: () => store.redo(), disabled: future.length === 0 })}
    </div>
    <div class="cluster is-tools">
      <div class="is-wide-only">${segments("Width", DEVICES, ui.device, (device) => app.show({ device }))}</div>
      ${segments("Colors", SCHEMES, ui.scheme, (scheme) => app.lookAs({ scheme }))}
      <select class="look-as" aria-label="Look at the page as" @change=${(event) => app.lookAs({ known: event.target.value })}>
        ${VISITORS.map(([value, words]) => html`<option value=${value} .selected=${value === ui.known}>${words}</option>`)}
      </select>
      ${iconButton({ name: "circle-question-mark", words: "Keys", keys: "?", run: () => app.show({ dialog: "help" }), more: "is-wide-only" })}
    </div>`;
}

export function createPreview(app, stage) {
  const { store, ui } = app;
  let shown = null;
  let loading = null;
  let isStale = false;
  let shownIndex = -1;
  let startedAt = -1; // what the frame that is loading was told to select
  let place = { scroll: 0, screen: 0, answers: [] };

  function address() {
    const query = new URLSearchParams({ scheme: ui.scheme, v: String(store.saving.lockVersion) });
    if (ui.known) query.set("known", ui.known);
    return `${app.urls.preview}?${query}`;
  }

  function tell(frame, message) {
    frame?.contentWindow?.postMessage({ designer: message }, location.origin);
  }

  function load() {
    if (loading) {
      isStale = true;
      return;
    }
    loading = document.createElement("iframe");
    loading.className = "is-loading";
    loading.title = "Preview of the page";
    loading.src = address();
    stage.append(loading);
  }

  // The frame counts the elements of what was saved.
  function selectedInFrame() {
    return indexOf(store.state.server.document, store.state.selection);
  }

  function swap() {
    shown?.remove();
    shown = loading;
    loading = null;
    shown.classList.remove("is-loading");
    // Meanwhile something else may have been selected, or typed.
    if (selectedInFrame() !== startedAt) tell(shown, { do: "select", index: selectedInFrame() });
    writeTexts();
    stage.classList.add("is-ready");
    if (isStale) {
      isStale = false;
      load();
    }
  }


  // The frame shows what was saved; while a change is on its way its numbers may be one off, and a
  // click that cannot be placed for certain selects nothing.
  function idInFrame(index) {
    const saved = store.state.server.document.elements[index]?.[ID];
    return saved && indexOf(store.state.document, saved) >= 0 ? saved : null;
  }

  const TAKES = {
    ready(frame) {
      const index = selectedInFrame();
      // Something new is brought into view; everything else stays where it was.
      tell(frame, { do: "start", ...place, index, isNew: index !== shownIndex, sprite: app.urls.sprite });
      shownIndex = startedAt = index;
    },
    started(frame) {
      if (frame === loading) swap();
    },
    moved(frame, data) {
      if (frame === shown) place = { scroll: data.scroll, screen: data.screen, answers: data.answers };
    },
    select(frame, data) {
      if (data.index === null) app.select(null);
      else if (idInFrame(data.index)) app.select(idInFrame(data.index), { from: "preview" });
    },
    act(frame, data) {
      const id = idInFrame(data.index);
      const index = id ? indexOf(store.state.document, id) : -1;
      if (index < 0) return;
      if (data.act === "up") app.move(id, index - 1);
      if (data.act === "down") app.move(id, index + 1);
      if (data.act === "duplicate") app.duplicate(id);
      if (data.act === "delete") app.remove(id);
    },
    key(frame, data) {
      app.onKey({ ...data.key, target: document.body, preventDefault() {} });
    },
  };

  addEventListener("message", (event) => {
    if (event.origin !== location.origin) return;
    const frame = [shown, loading].find((one) => one && one.contentWindow === event.source);
    const take = TAKES[event.data?.preview];
    if (frame && take) take(frame, event.data);
  });

  // While somebody types, the words show at once; the next save brings the page itself.
  function writeTexts() {
    const { document, server } = store.state;
    const index = selectedInFrame();
    if (document === server.document || document.elements.length !== server.document.elements.length) return;
    const { label, help, text, title } = store.selected() ?? {};
    const page = {
      title: document.title || document.name,
      description: document.description,
      submit: document.options?.submit_label,
    };
    tell(shown, { do: "write", index, element: { label, help, text, title }, page });
  }

  store.onSaved(load);
  let told = null;
  store.subscribe(() => {
    writeTexts();
    if (told === store.state.selection) return;
    told = store.state.selection;
    shownIndex = selectedInFrame();
    tell(shown, { do: "select", index: shownIndex });
  });
  load();

  return { reload: load };
}
