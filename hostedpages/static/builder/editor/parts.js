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

/**
 * Draws when the script at work is through, once, however often it is asked to; `now` draws at once.
 * Not with the next frame: keys come faster than frames on a busy machine, and each must meet what
 * the one before it did.
 */
export function drawSoon(draw) {
  let isAsked = false;
  let after = [];
  const now = () => {
    isAsked = false;
    draw();
    const due = after;
    after = [];
    for (const one of due) one();
  };
  const soon = (then) => {
    if (then) after.push(then);
    if (isAsked) return;
    isAsked = true;
    queueMicrotask(() => isAsked && now());
  };
  soon.now = now;
  return soon;
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
