// Small pieces that every view of the designer draws with. No state.

import { html, nothing } from "../../vendor/lit-html-3.3.3/lit-html.js";

let sprite = "";

export function useSprite(url) {
  sprite = url;
}

export function icon(name, more = "") {
  return html`<svg class=${`icon ${more}`} aria-hidden="true"><use href=${`${sprite}#${name}`}></use></svg>`;
}

/** A button that shows only an icon; its words are its name and its tooltip. */
export function iconButton({ name, words, run, disabled = false, more = "", keys = "" }) {
  return html`<button
    type="button"
    class=${`button is-icon is-small is-quiet ${more}`}
    aria-label=${words}
    title=${keys ? `${words} (${keys})` : words}
    ?disabled=${disabled}
    @click=${run}
  >
    ${icon(name)}
  </button>`;
}

export function isTyping(target) {
  if (target?.isContentEditable) return true;
  return Boolean(target?.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select"));
}

export function isNarrow() {
  return matchMedia("(max-width: 1099px)").matches;
}

/** Draws at most once a frame, however often it is asked to; `now` draws at once. */
export function onceAFrame(draw) {
  let frame = null;
  let after = [];
  const now = () => {
    cancelAnimationFrame(frame);
    frame = null;
    draw();
    const due = after;
    after = [];
    for (const one of due) one();
  };
  const later = (then) => {
    if (then) after.push(then);
    frame ??= requestAnimationFrame(now);
  };
  later.now = now;
  return later;
}

/** A switch between few states, as pressed buttons. */
export function segments(label, options, current, choose) {
  return html`<div class="segments" role="group" aria-label=${label}>
    ${options.map(
      ([value, words, name]) => html`<button
        type="button"
        aria-pressed=${String(value === current)}
        aria-label=${name ? words : nothing}
        title=${words}
        @click=${() => choose(value)}
      >
        ${name ? icon(name) : words}
      </button>`,
    )}
  </div>`;
}

const mac = /Mac|iPhone|iPad/.test(globalThis.navigator?.platform ?? "");

export function keyWords(keys) {
  return mac ? keys.replace("Ctrl+", "⌘").replace("Shift+", "⇧") : keys;
}
