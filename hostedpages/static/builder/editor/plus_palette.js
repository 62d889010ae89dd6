// The palette that "+" opens between two rows: the same lines, at a place, filtered by typing.

import { html, nothing, render } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { paletteView } from "./palette_view.js";

export function createPlusPalette(app, host) {
  let place = null; // {index, query, anchor}

  function close({ focusBack = true } = {}) {
    if (!place) return;
    const { anchor } = place;
    place = null;
    draw();
    if (focusBack && anchor?.isConnected) anchor.focus();
  }

  function draw() {
    if (!place) {
      render(nothing, host);
      return;
    }
    const onKey = (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      close();
    };
    const onLeave = (event) => {
      if (event.relatedTarget && !host.contains(event.relatedTarget)) close({ focusBack: false });
    };
    render(
      html`<div class="plus-palette" role="dialog" aria-label="Add an element here" @keydown=${onKey} @focusout=${onLeave}>
        ${paletteView({
          document: app.store.state.document,
          catalogue: app.catalogue,
          query: place.query,
          type: (query) => {
            place.query = query;
            draw();
          },
          pick: (line) => {
            const { index } = place;
            close({ focusBack: false });
            app.add(line, index);
          },
          isDocked: false,
        })}
      </div>`,
      host,
    );
  }

  function stand() {
    const box = host.firstElementChild;
    const from = place.anchor.getBoundingClientRect();
    const height = box.offsetHeight;
    const top = Math.max(8, Math.min(from.bottom + 4, innerHeight - height - 8));
    const left = Math.max(8, Math.min(from.left, innerWidth - box.offsetWidth - 8));
    box.style.top = `${top}px`;
    box.style.left = `${left}px`;
    host.querySelector("input").focus();
  }

  document.addEventListener("pointerdown", (event) => {
    if (place && !host.contains(event.target)) close({ focusBack: false });
  });

  return {
    draw,
    open(index, anchor) {
      place = { index, query: "", anchor };
      draw();
      stand();
    },
  };
}
