// The outline: one row per element, screens between separators, problems at the bottom.
// Rows are one tab stop (the current row's controls); arrows walk them.

import { classMap, html, live, noChange, nothing, repeat } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { ID, contactField, fieldsOf, iconOf, nameOf, nameSetting, rulesOf, screensOf } from "./document.js";
import { liftedDocument } from "./lifting.js";
import { icon, isNarrow } from "./parts.js";
import { numberOfProblems } from "./problems.js";
import { showIfInWords } from "./show_if.js";

function marks(app, element, fields) {
  const { catalogue } = app;
  const rule = rulesOf(element).length ? showIfInWords(element, fields, catalogue.operators) : "";
  const contact = element.binds_to ? contactField(catalogue, element.binds_to) : null;
  const mark = (name, words) => html`<span class="mark" title=${words}>${icon(name)}<span class="visually-hidden">${words}</span></span>`;
  return html`<span class="marks">
    ${element.required ? html`<span class="mark is-required" title="Required">*<span class="visually-hidden">required</span></span>` : nothing}
    ${rule ? mark("split", rule) : nothing}
    ${contact ? mark("user", `Saves to ${contact.label}`) : nothing}
  </span>`;
}

function renameInput(app, element) {
  const { store, ui } = app;
  const setting = nameSetting(app.catalogue, element);
  const done = (event, isKept) => {
    if (ui.renaming !== element[ID]) return;
    app.show({ renaming: null });
    const value = event.target.value.trim();
    if (isKept && value !== (element[setting] ?? "")) app.update(element[ID], setting, value);
    store.settle();
  };
  const onKey = (event) => {
    event.stopPropagation();
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault();
    done(event, event.key === "Enter");
    app.focusRow(element[ID]);
  };
  return html`<input
    class="row-rename"
    aria-label="New name"
    maxlength=${setting === "label" ? 300 : 200}
    .value=${live(element[setting] ?? "")}
    @keydown=${onKey}
    @blur=${(event) => done(event, true)}
  />`;
}

function rowMenu(app, element, index, name) {
  const { store } = app;
  const id = element[ID];
  const act = (run) => (event) => {
    event.target.closest("details").open = false;
    run();
  };
  const canRename = nameSetting(app.catalogue, element);
  // Made only while it is open: two hundred menus would slow every key.
  const menuList = () => html`<div class="menu-list">
      ${canRename ? html`<button type="button" @click=${act(() => app.rename(id))}>${icon("pencil")}Rename</button>` : nothing}
      <button type="button" @click=${act(() => app.duplicate(id))}>${icon("copy-plus")}Duplicate</button>
      <button type="button" ?disabled=${index === 0} @click=${act(() => app.move(id, index - 1))}>${icon("arrow-up")}Move up</button>
      <button type="button" ?disabled=${index === store.state.document.elements.length - 1}
        @click=${act(() => app.move(id, index + 1))}>${icon("arrow-down")}Move down</button>
      <button type="button" @click=${act(() => app.show({ dialog: "move", moving: id }))}>${icon("move")}Move to…</button>
      <hr />
      <button type="button" class="is-danger" @click=${act(() => app.remove(id))}>${icon("trash-2")}Delete</button>
    </div>`;
  const onToggle = (event) => {
    const menu = event.target;
    if (menu.open === (app.ui.menu === id)) return;
    const room = menu.closest(".outline-scroll").getBoundingClientRect();
    const middle = menu.getBoundingClientRect().top;
    menu.classList.toggle("is-up", middle - room.top > room.bottom - middle);
    app.show({ menu: menu.open ? id : null });
  };
  return html`<details class="menu row-menu" @toggle=${onToggle}>
    <summary class="button is-icon is-small is-quiet" aria-label=${`More for ${name}`} tabindex=${app.tabIndex(id)}>
      ${icon("more-horizontal")}
    </summary>
    ${app.ui.menu === id ? menuList() : nothing}
  </details>`;
}

function plus(app, index, words, tabindex) {
  const open = (event) => app.openPalette(index, event.currentTarget);
  return html`<button type="button" class="row-plus" aria-label=${words} title="Add here" tabindex=${tabindex} @click=${open}>
    ${icon("plus")}
  </button>`;
}

// What a row shows, as text. A row that shows the same as before is not drawn again.
function signature(app, document, element, index, context) {
  const { state } = app.store;
  const id = element[ID];
  const screen = context.screens.find((one) => one.separator === element);
  return JSON.stringify([
    index, document.elements.length, state.selection === id, state.lifted?.id === id, app.ui.menu === id,
    app.tabIndex(id), context.wrong.get(id), screen && [screen.number, screen.elements.length],
    rulesOf(element).length > 0 && showIfInWords(element, context.fields, app.catalogue.operators),
  ]);
}

const drawn = new Map(); // id: {element, text}

function rowIfChanged(app, document, element, index, context) {
  const id = element[ID];
  const text = signature(app, document, element, index, context);
  const last = drawn.get(id);
  const isSame = last?.element === element && last.text === text && app.ui.renaming !== id;
  drawn.set(id, { element, text: app.ui.renaming === id ? "" : text });
  return isSame ? noChange : row(app, document, element, index, context);
}

// A row that left and comes back (undo) is a new one on the screen.
function forgetGone(document) {
  const present = new Set(document.elements.map((element) => element[ID]));
  for (const id of drawn.keys()) if (!present.has(id)) drawn.delete(id);
}

function row(app, document, element, index, context) {
  const { store, ui, catalogue } = app;
  const id = element[ID];
  const name = nameOf(catalogue, element);
  const isSelected = store.state.selection === id;
  const screen = context.screens.find((one) => one.separator === element);
  const classes = {
    "outline-row": true,
    "is-selected": isSelected,
    "is-separator": Boolean(screen),
    "is-lifted": store.state.lifted?.id === id,
    "has-problem": context.wrong.has(id),
  };
  const title = screen ? `Screen ${screen.number}${screen.title ? ` · ${screen.title}` : ""}` : name;
  const tab = app.tabIndex(id);
  return html`<li class=${classMap(classes)} data-id=${id}>
    <button
      type="button"
      class="row-handle"
      aria-label=${`Move ${name}`}
      aria-describedby="lift-help"
      aria-pressed=${String(store.state.lifted?.id === id)}
      tabindex=${tab}
      @keydown=${(event) => app.lifting.onHandleKey(event, id)}
    >
      ${icon("grip-vertical")}
    </button>
    ${ui.renaming === id
      ? html`${icon(iconOf(catalogue, element), "row-icon")}${renameInput(app, element)}`
      : html`<button
            type="button"
            class="row-name"
            title=${title}
            aria-current=${isSelected ? "true" : nothing}
            tabindex=${tab}
            @click=${() => app.select(id)}
            @dblclick=${() => app.rename(id)}
            @keydown=${(event) => app.onRowKey(event, id)}
          >
            ${icon(iconOf(catalogue, element), "row-icon")}
            <span class="ellipsis">${title}</span>
            ${context.wrong.has(id) ? html`<span class="mark is-wrong" title=${context.wrong.get(id)}>${icon("circle-alert")}<span class="visually-hidden">${context.wrong.get(id)}</span></span>` : nothing}
            ${screen ? html`<span class="count" title="Elements on this screen">${screen.elements.length}</span>` : marks(app, element, context.fields)}
          </button>
          ${rowMenu(app, element, index, name)}`}
    ${plus(app, index + 1, `Add after ${name}`, tab)}
  </li>`;
}

function problemsLine(app, problems) {
  const { ui } = app;
  const isOpen = ui.problemsOpen && problems.length > 0;
  const words = numberOfProblems(problems.length);
  return html`<div class="outline-problems" data-count=${problems.length}>
    ${problems.length === 0
      ? html`<p class="problems-line is-ok">${icon("circle-check")}${words}</p>`
      : html`<button type="button" class="problems-line" aria-expanded=${String(Boolean(isOpen))}
            @click=${() => app.show({ problemsOpen: !ui.problemsOpen })}>
            ${icon("triangle-alert")}<span>${words}</span>${icon(isOpen ? "chevron-down" : "chevron-up")}
          </button>
          ${isOpen
            ? html`<ul class="problems-list">
                ${problems.map(
                  (one) => html`<li><button type="button" @click=${() => app.goToProblem(one)}>
                    <span class="strong">${app.problemName(one)}</span><span>${one.message}</span>
                  </button></li>`,
                )}
              </ul>`
            : nothing}`}
  </div>`;
}

function emptyOutline(app) {
  return html`<div class="outline-empty">
    <p class="strong">Your form starts here</p>
    <p>Drag something here, or add a name and an email: the least that a lead needs.</p>
    <button type="button" class="button" @click=${() => app.addBasics()}>Add name, email, phone</button>
  </div>`;
}

export function outlineView(app) {
  const { store } = app;
  const document = liftedDocument(store.state);
  const problems = store.problems();
  const screens = screensOf(document);
  const fields = fieldsOf(document);
  const context = { screens, fields, wrong: new Map(problems.map((one) => [one.elementId, one.message])) };
  forgetGone(document);
  const count = document.elements.length;
  const isPage = store.state.selection === null;
  const said = screens.length > 1 ? `${count} elements · ${screens.length} screens` : `${count} ${count === 1 ? "element" : "elements"}`;
  return html`<div class="outline-head">
      <h2>Outline</h2>
      <span class="quiet small">${said}</span>
    </div>
    <div class="outline-scroll">
      <button type="button" class="outline-page" aria-current=${isPage ? "true" : nothing} @click=${() => app.select(null)}>
        ${icon("file-text")}<span class="ellipsis">Page texts</span>
      </button>
      <div class="outline-list">
        <ul class="outline-rows" aria-label="Elements">
          ${screens.length > 1
            ? html`<li class="outline-screen"><span class="ellipsis">Screen 1</span><span class="count">${screens[0].elements.length}</span></li>`
            : nothing}
          ${repeat(document.elements, (element) => element[ID], (element, index) => rowIfChanged(app, document, element, index, context))}
        </ul>
        ${count === 0 ? emptyOutline(app) : nothing}
      </div>
      ${count > 0 || isNarrow()
        ? html`<button type="button" class="outline-add" @click=${(event) => app.openPalette(count, event.currentTarget)}>${icon("plus")}Add an element</button>`
        : nothing}
      <p id="lift-help" class="visually-hidden">Press Space to lift, arrow keys to move, Enter to drop, Escape to cancel.</p>
    </div>
    ${problemsLine(app, problems)}`;
}

