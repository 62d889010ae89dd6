// What opens above the designer: the keys, "Move to…", pasting a list, a stale draft.

import { html, live, nothing, render } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { takeList } from "./choices_view.js";
import * as commands from "./commands.js";
import { elementById, nameOf } from "./document.js";
import { KEYS } from "./keys.js";

function dialog(app, { title, content, actions, canClose = true, wide = false }) {
  const close = () => canClose && app.show({ dialog: null });
  const cancel = (event) => {
    event.preventDefault();
    close();
  };
  const outside = (event) => event.target === event.currentTarget && close();
  return html`<dialog class=${`dialog ${wide ? "is-wide" : ""}`} aria-labelledby="designer-dialog-title"
    @cancel=${cancel} @mousedown=${outside}>
    <div><h2 id="designer-dialog-title">${title}</h2>${content}<div class="dialog-actions">${actions}</div></div>
  </dialog>`;
}

function help(app) {
  const content = html`<dl class="answers is-columns keys-list">
    ${KEYS.map((one) => html`<div><dt>${one.keys.map((key) => html`<kbd>${key}</kbd>`)}</dt><dd>${one.words}</dd></div>`)}
  </dl>`;
  return dialog(app, { title: "Keys", content, actions: closeButton(app) });
}

function closeButton(app, words = "Close") {
  return html`<button type="button" class="button" @click=${() => app.show({ dialog: null })}>${words}</button>`;
}

function moveTo(app) {
  const { document } = app.store.state;
  const id = app.ui.moving;
  const element = elementById(document, id);
  if (!element) return nothing;
  const places = commands.placesFor(document, app.catalogue, id);
  const screens = [...new Set(places.map((place) => place.screen))];
  const option = (place) => html`<option value=${place.index} .selected=${place.isHere}>${place.words}${place.isHere ? " (here)" : ""}</option>`;
  const take = () => {
    const index = Number(window.document.getElementById("move-place").value);
    app.show({ dialog: null });
    app.move(id, index);
    app.focusRow(id);
  };
  const content = html`<div class="field"><label for="move-place">Place</label>
    <select id="move-place" autofocus @keydown=${(event) => event.key === "Enter" && take()}>
      ${screens.length === 1
        ? places.map(option)
        : screens.map((screen) => html`<optgroup label=${`Screen ${screen}`}>${places.filter((place) => place.screen === screen).map(option)}</optgroup>`)}
    </select></div>`;
  const actions = html`${closeButton(app, "Cancel")}<button type="button" class="button is-primary" @click=${take}>Move</button>`;
  return dialog(app, { title: `Move “${nameOf(app.catalogue, element)}”`, content, actions });
}

function paste(app) {
  const take = () => takeList(app, app.ui.pasting) && app.show({ dialog: null });
  const content = html`<div class="field"><label for="paste-list">Choices, one per line</label>
    <textarea id="paste-list" rows="10" autofocus aria-describedby="paste-help" .value=${live(app.ui.pasting)}
      @input=${(event) => (app.ui.pasting = event.target.value)}></textarea>
    <p class="help" id="paste-help">To say what is stored, write <span class="mono">value | label</span>. Choices that stay keep their stored value.</p></div>`;
  const actions = html`${closeButton(app, "Cancel")}<button type="button" class="button is-primary" @click=${take}>Use this list</button>`;
  return dialog(app, { title: "Choices as a list", content, actions });
}

function changed(title, sentences) {
  const most = 8;
  if (!sentences?.length) return nothing;
  return html`<div><h3>${title}</h3><ul class="dotted">
    ${sentences.slice(0, most).map((one) => html`<li>${one}</li>`)}
    ${sentences.length > most ? html`<li>and ${sentences.length - most} more</li>` : nothing}
  </ul></div>`;
}

function stale(app) {
  const { conflict } = app.store.state.save;
  const content = html`<p>This form was changed in another window or by somebody else while you were editing. Nothing of yours was saved over it.</p>
    ${changed("What changed there", conflict.theirs)}
    ${changed("What you changed here and is not saved", conflict.mine)}`;
  const keep = () => app.store.keepMine();
  const load = () => app.store.loadOther();
  const actions = html`<button type="button" class="button" @click=${keep}>Keep mine</button>
    <button type="button" class="button is-primary" @click=${load}>Load the other version</button>`;
  return dialog(app, { title: "Changed in another window", content, actions, canClose: false, wide: true });
}

function dialogOnTop(app) {
  if (app.store.state.save.name === "stale") return stale(app);
  if (app.ui.dialog === "help") return help(app);
  if (app.ui.dialog === "move") return moveTo(app);
  if (app.ui.dialog === "paste") return paste(app);
  return nothing;
}

export function drawDialogs(app, place) {
  const onTop = dialogOnTop(app);
  // Closed, not only taken away: closing gives the focus back to where it came from.
  if (onTop === nothing) place.querySelector("dialog[open]")?.close();
  render(onTop, place);
  place.querySelector("dialog:not([open])")?.showModal();
}
