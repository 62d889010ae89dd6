// The page inside the preview: rules and screens as visitors have them, but Next asks for nothing and
// nothing is ever sent. In the designer's frame a click selects; opened alone it is only looked at.

import { createRing } from "./preview_ring.js";
import { writeElement, writePage } from "./preview_texts.js";
import { visibleKeys } from "./show_if.js";

const isFramed = parent !== window;
const form = document.querySelector("form[data-form]");
const screens = [...document.querySelectorAll("[data-screen]")];
const fields = form ? [...form.querySelectorAll("[data-key]")] : [];

let ring = null;
let selected = -1;
let screen = Math.max(0, screens.findIndex((one) => !one.hidden));

function tell(message) {
  if (isFramed) parent.postMessage(message, location.origin);
}

// ---- rules: shown at once, as on the public page ----------------------------------------------

const rules = fields.map((field) => ({
  key: field.dataset.key,
  compare: field.dataset.compare ?? "text",
  show_if: field.dataset.showIf ? JSON.parse(field.dataset.showIf) : null,
}));

function answerOf(field, compare) {
  const inputs = field.matches("input") ? [field] : [...field.querySelectorAll("input, select, textarea")];
  const given = [];
  for (const input of inputs) {
    if (input.multiple) given.push(...[...input.selectedOptions].map((option) => option.value));
    else if (!["radio", "checkbox"].includes(input.type) || input.checked) given.push(input.value.trim());
  }
  const filled = given.filter(Boolean);
  if (compare === "flag") return filled.length > 0;
  return compare === "list" ? filled : (filled[0] ?? "");
}

function decide() {
  const values = new Map(fields.map((field, index) => [rules[index].key, answerOf(field, rules[index].compare)]));
  const visible = visibleKeys(rules, values);
  fields.forEach((field, index) => {
    if (rules[index].show_if) field.hidden = !visible.has(rules[index].key);
  });
  reveal();
}

// ---- screens: walked without required answers -------------------------------------------------

function walk(to) {
  if (screens.length === 0) return;
  screen = Math.max(0, Math.min(to, screens.length - 1));
  screens.forEach((one, index) => {
    one.hidden = index !== screen;
  });
  const words = document.querySelector("#progress b");
  const meter = document.querySelector("#progress progress");
  if (words) words.textContent = String(screen + 1);
  if (meter) meter.value = screen + 1;
  const isLast = screen === screens.length - 1;
  const [go, back] = form.querySelectorAll(".buttons button");
  go.value = isLast ? "submit" : "next";
  go.textContent = isLast ? form.dataset.submit : screens[screen].dataset.next;
  if (back) {
    back.hidden = screen === 0;
    back.textContent = screens[screen].dataset.back;
  }
  reveal();
}

// ---- the selected element -----------------------------------------------------------------------

// A separator is marked on the screen that it begins; its title stands for it.
function marked(index) {
  const found = index >= 0 ? document.querySelector(`[data-element="${Number(index)}"]`) : null;
  return found?.matches(".screen") ? (found.querySelector("h2") ?? found) : found;
}

function reveal() {
  for (const one of document.querySelectorAll("[data-revealed]")) one.removeAttribute("data-revealed");
  const target = marked(selected);
  const isHidden = Boolean(target?.hidden);
  target?.toggleAttribute("data-revealed", isHidden);
  ring?.around(target, isHidden ? "Hidden until its rule holds" : "");
}

function select(index, { scroll = true } = {}) {
  selected = index;
  const target = marked(index);
  const at = screens.indexOf(target?.closest("[data-screen]"));
  if (at >= 0 && at !== screen) walk(at);
  reveal();
  if (target && scroll) intoView(target);
}

// Whole, with room for the bar above it.
function intoView(target) {
  const box = target.getBoundingClientRect();
  if (box.top < 56) scrollBy(0, box.top - 56);
  else if (box.bottom > innerHeight - 24) scrollBy(0, Math.min(box.bottom - innerHeight + 24, box.top - 56));
}

// ---- what was typed and where one stood, across a reload ---------------------------------------

function answers() {
  if (!form) return [];
  return [...new FormData(form)].filter(([name, value]) => !name.startsWith("_") && typeof value === "string");
}

function answerAgain(given) {
  const values = new Map();
  for (const [name, value] of given) values.set(name, [...(values.get(name) ?? []), value]);
  for (const control of form?.elements ?? []) {
    if (!values.has(control.name) || control.name.startsWith("_") || control.type === "hidden") continue;
    const wanted = values.get(control.name);
    if (["checkbox", "radio"].includes(control.type)) control.checked = wanted.includes(control.value);
    else if (control.multiple) for (const option of control.options) option.selected = wanted.includes(option.value);
    else control.value = wanted[0];
  }
}

let isMoving = false;
function moved() {
  if (isMoving) return;
  isMoving = true;
  requestAnimationFrame(() => {
    isMoving = false;
    tell({ preview: "moved", scroll: scrollY, screen, answers: answers() });
  });
}

function start(message) {
  ring = createRing(message.sprite, (act) => tell({ preview: "act", act, index: selected }));
  answerAgain(message.answers ?? []);
  decide();
  walk(message.screen ?? 0);
  scrollTo(0, message.scroll ?? 0);
  select(message.index, { scroll: message.isNew });
  new ResizeObserver(reveal).observe(document.body);
  requestAnimationFrame(() => tell({ preview: "started" }));
}

// ---- hands --------------------------------------------------------------------------------------

function onButton(event, button) {
  event.preventDefault();
  event.stopImmediatePropagation();
  if (button.value === "submit") tell({ preview: "select", index: null });
  else walk(screen + (button.value === "back" ? -1 : 1));
  moved();
}

addEventListener(
  "click",
  (event) => {
    if (ring && event.composedPath().includes(ring.host)) return;
    const target = event.target;
    if (target.closest("a")) event.preventDefault();
    const button = target.closest("button[name='_go']");
    if (button) return onButton(event, button);
    if (!isFramed) return;
    const element = target.closest("[data-element]");
    select(element ? Number(element.dataset.element) : -1, { scroll: false });
    tell({ preview: "select", index: element ? selected : null });
  },
  { capture: true },
);
addEventListener(
  "submit",
  (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    walk(screen + 1);
  },
  { capture: true },
);
for (const name of ["input", "change"]) {
  addEventListener(name, () => {
    decide();
    moved();
  });
}
addEventListener("scroll", moved, { passive: true });
addEventListener("resize", reveal);

// The designer's keys work here too.
addEventListener("keydown", (event) => {
  const isCommand = event.ctrlKey || event.metaKey;
  const isTyping = event.target.closest("input:not([type=checkbox], [type=radio]), textarea, select");
  const isOurs = isCommand ? "zyd".includes(event.key.toLowerCase()) : !isTyping && ["Delete", "Backspace", "?", "/"].includes(event.key);
  if (!isFramed || !isOurs) return;
  event.preventDefault();
  const { key, ctrlKey, metaKey, shiftKey, altKey } = event;
  tell({ preview: "key", key: { key, ctrlKey, metaKey, shiftKey, altKey } });
});

addEventListener("message", (event) => {
  if (event.origin !== location.origin || event.source !== parent) return;
  const message = event.data?.designer;
  if (message?.do === "select") select(message.index);
  if (message?.do === "start" && !ring) start(message);
  if (message?.do === "write") {
    writeElement(marked(message.index), message.element);
    writePage(form, message.page, screen === screens.length - 1);
    reveal();
  }
});

decide();
tell({ preview: "ready" });
