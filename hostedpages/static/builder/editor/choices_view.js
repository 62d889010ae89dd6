// The choices of a field: one line each, dragged or moved by keys, or pasted as a list.

import { html, live, nothing, ref, repeat } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { choicesAsText, freeValue, moved, parseChoices, relabel } from "./choices.js";
import { ID, rulesOf } from "./document.js";
import { makeListSortable } from "./dragging.js";
import { icon, iconButton } from "./parts.js";

const MOST = 500;

// A stored value must not follow its text once answers or rules may know it.
function isFixed(app, element, value) {
  const { store } = app;
  if (store.isPublished(element)) return true;
  const asks = (rule) => rule.field === element.key && [rule.value].flat().includes(value);
  return store.state.document.elements.some((other) => rulesOf(other).some(asks));
}

function focusChoice(index, isSelected) {
  const input = document.querySelectorAll(".choice-label")[index];
  input?.focus();
  if (isSelected) input?.select();
}

function editor(app, element) {
  const choices = element.choices ?? [];
  const set = (next, { isTyping = false, focus = null, select = false } = {}) => {
    app.update(element[ID], "choices", next, { isTyping });
    if (focus !== null) app.draw(() => focusChoice(focus, select));
  };
  const add = (index) => {
    if (choices.length >= MOST) return app.store.say(`A field has at most ${MOST} choices.`);
    const label = `Option ${choices.length + 1}`;
    const one = { value: freeValue(choices, label), label };
    set([...choices.slice(0, index), one, ...choices.slice(index)], { focus: index, select: true });
  };
  const move = (from, to) => {
    if (to < 0 || to >= choices.length) return;
    set(moved(choices, from, to), { focus: to });
    app.store.say(`${choices[from].label}, ${to + 1} of ${choices.length}`);
  };
  const remove = (index) => set(choices.filter((one, place) => place !== index), { focus: Math.max(0, index - 1) });
  return { choices, set, add, move, remove };
}

function line(app, element, edit, choice, index) {
  const { choices, set, add, move, remove } = edit;
  const onKey = (event) => {
    if (event.key === "Enter") add(index + 1);
    else if (event.altKey && event.key === "ArrowUp") move(index, index - 1);
    else if (event.altKey && event.key === "ArrowDown") move(index, index + 1);
    else if (event.key === "Backspace" && event.target.value === "" && choices.length > 1) remove(index);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  // A list that is pasted into one line becomes lines.
  const onPaste = (event) => {
    const text = event.clipboardData.getData("text/plain");
    if (!/[\r\n]/.test(text.trim())) return;
    event.preventDefault();
    const others = choices.filter((one, place) => place !== index || event.target.value.trim() !== "");
    const at = others.length === choices.length ? index + 1 : index;
    const pasted = parseChoices(text).filter((one) => !others.some((other) => other.label === one.label));
    const fresh = pasted.reduce((list, one) => [...list, { ...one, value: freeValue([...others, ...list], one.value) }], []);
    set([...others.slice(0, at), ...fresh, ...others.slice(at)].slice(0, MOST), { focus: at + fresh.length - 1 });
    app.store.say(`${fresh.length} choices pasted`);
  };
  const onLabel = (event) =>
    set(relabel(choices, index, event.target.value, isFixed(app, element, choice.value)), { isTyping: true });
  const onValue = (event) =>
    set(choices.map((one, place) => (place === index ? { ...one, value: event.target.value } : one)), { isTyping: true });
  return html`<li class="choice-line">
    <span class="choice-grip" title="Drag, or press Alt and an arrow key">${icon("grip-vertical")}</span>
    <span class="choice-inputs">
      <input class="choice-label" aria-label=${`Choice ${index + 1}`} maxlength="300" autocomplete="off"
        .value=${live(choice.label)} @input=${onLabel} @keydown=${onKey} @paste=${onPaste} @blur=${() => app.store.settle()} />
      ${app.ui.showValues
        ? html`<input class="choice-value" aria-label=${`Stored value of choice ${index + 1}`} maxlength="200" autocomplete="off"
            .value=${live(choice.value)} @change=${onValue} />`
        : nothing}
    </span>
    ${iconButton({ name: "x", words: `Remove choice ${index + 1}`, run: () => remove(index), disabled: choices.length === 1 })}
  </li>`;
}

// The list element is made once per field, so the dragging is attached once per field too.
const sortables = new WeakMap();

export function choicesView(app, element, problem) {
  const edit = editor(app, element);
  const attach = (list) => {
    if (!list || sortables.has(list)) return;
    const current = () => editor(app, app.store.selected());
    const options = { draggable: ".choice-line", handle: ".choice-grip", onMove: (from, to) => current().set(moved(current().choices, from, to)) };
    sortables.set(list, makeListSortable(list, options));
  };
  return html`<div class="field" data-setting="choices">
    <div class="cluster is-apart"><span class="label" id="choices-label">Choices</span>
      <button type="button" class="link-button small" aria-pressed=${String(app.ui.showValues)}
        @click=${() => app.show({ showValues: !app.ui.showValues })}>${app.ui.showValues ? "Hide" : "Show"} stored values</button></div>
    <ol class="choice-lines" aria-labelledby="choices-label" ${ref(attach)}>
      ${repeat(edit.choices, (choice, index) => index, (choice, index) => line(app, element, edit, choice, index))}
    </ol>
    ${problem ? html`<p class="error">${icon("circle-alert")}<span>${problem}</span></p>` : nothing}
    <div class="cluster">
      <button type="button" class="button is-small" @click=${() => edit.add(edit.choices.length)}>${icon("plus")}Add choice</button>
      <button type="button" class="button is-small is-quiet" @click=${() => app.show({ dialog: "paste", pasting: choicesAsText(edit.choices) })}>Paste a list</button>
    </div>
  </div>`;
}

/** Takes the text of the paste dialog as the whole list. */
export function takeList(app, text) {
  const element = app.store.selected();
  const list = parseChoices(text, element?.choices ?? []).slice(0, MOST);
  if (!element || list.length === 0) return false;
  app.update(element[ID], "choices", list);
  app.store.say(list.length === 1 ? "1 choice" : `${list.length} choices`);
  return true;
}
