// The ring around the selected element and its small bar, apart from the page's own style.

const ACTS = [
  ["up", "Move up", "arrow-up"],
  ["down", "Move down", "arrow-down"],
  ["duplicate", "Duplicate", "copy-plus"],
  ["delete", "Delete", "trash-2"],
];
const SVG = "http://www.w3.org/2000/svg";
const GAP = 6;

const RING_STYLE = `
  :host { all: initial; }
  .ring { position: absolute; box-sizing: border-box; pointer-events: none; border: 2px solid #4864e4; border-radius: 7px; z-index: 2147483000; }
  .ring[hidden] { display: none; }
  .bar { position: absolute; right: -2px; bottom: calc(100% + 4px); display: flex; gap: 1px; padding: 2px; border-radius: 8px; background: #22242a; box-shadow: 0 4px 14px rgb(0 0 0 / 28%); pointer-events: auto; }
  .ring.is-low .bar, .ring.is-low .hint { bottom: auto; top: calc(100% + 4px); }
  button { all: unset; box-sizing: border-box; display: grid; place-items: center; width: 28px; height: 28px; border-radius: 6px; color: #fff; cursor: pointer; }
  button:hover { background: rgb(255 255 255 / 16%); }
  button:focus-visible { outline: 2px solid #b9c6ff; outline-offset: -2px; }
  svg { width: 16px; height: 16px; fill: none; stroke: currentcolor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
  .hint { position: absolute; left: -2px; bottom: calc(100% + 4px); padding: 4px 9px; border-radius: 8px; background: #22242a; color: #fff; font: 12px/1.5 system-ui, sans-serif; white-space: nowrap; }
  .hint:empty { display: none; }
  @media (pointer: coarse) { button { width: 40px; height: 40px; } }
`;
const PAGE_STYLE = `
  [data-revealed][hidden] { display: revert !important; opacity: 0.75; }
  progress, progress::-webkit-progress-value, progress::-moz-progress-bar { transition: none !important; }
  [data-element], .band { cursor: pointer; }
  [data-element]:not(.screen):hover { outline: 1px dashed #6f86e8; outline-offset: 5px; border-radius: 3px; }
`;

function styled(text) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(text);
  return sheet;
}

function button(act, words, icon, sprite, onAct) {
  const made = document.createElement("button");
  made.type = "button";
  made.title = words;
  made.setAttribute("aria-label", words);
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${sprite}#${icon}`);
  svg.append(use);
  made.append(svg);
  made.addEventListener("click", () => onAct(act));
  return made;
}

/** A ring that can stand around an element: {around, hint, host}. */
export function createRing(sprite, onAct) {
  const host = document.createElement("div");
  const shadow = host.attachShadow({ mode: "open" });
  shadow.adoptedStyleSheets = [styled(RING_STYLE)];
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, styled(PAGE_STYLE)];
  const ring = document.createElement("div");
  ring.className = "ring";
  ring.hidden = true;
  const hint = document.createElement("span");
  hint.className = "hint";
  const bar = document.createElement("div");
  bar.className = "bar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", "Selected element");
  bar.append(...ACTS.map(([act, words, icon]) => button(act, words, icon, sprite, onAct)));
  ring.append(hint, bar);
  shadow.append(ring);
  document.body.append(host);
  return {
    host,
    around(target, words = "") {
      const box = target?.getBoundingClientRect();
      ring.hidden = !box || box.width === 0;
      if (ring.hidden) return;
      hint.textContent = words;
      ring.style.left = `${box.left + scrollX - GAP}px`;
      ring.style.top = `${box.top + scrollY - GAP}px`;
      ring.style.width = `${box.width + 2 * GAP}px`;
      ring.style.height = `${box.height + 2 * GAP}px`;
      ring.classList.toggle("is-low", box.top + scrollY < 52);
    },
  };
}
