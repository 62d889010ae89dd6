// The palette: everything that can be added, in the catalogue's groups, filtered by typing.
// Drawn twice: docked above the outline (a source for dragging) and floating at a place ("+").

import { html, nothing, repeat } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { boundTo } from "./document.js";
import { icon } from "./parts.js";

function contactLines(document, catalogue) {
  const found = [];
  for (const field of catalogue.contact_fields) {
    const type = catalogue.field_types.find((one) => one.key === field.type);
    if (!type) continue;
    found.push({
      id: `contact:${field.key}`,
      group: type.is_shown === false ? "Hidden contact fields" : "Contact fields",
      label: field.label,
      icon: type.icon,
      item: { kind: "field", contact: field.key },
      taken: boundTo(document, field.key)?.label ?? null,
    });
  }
  return found;
}

function typeLines(catalogue) {
  return catalogue.field_types.map((type) => ({
    id: `type:${type.key}`,
    group: type.group,
    label: type.label,
    icon: type.icon,
    item: { kind: "field", type: type.key },
  }));
}

function kindLines(catalogue) {
  return catalogue.elements
    .filter((one) => one.kind !== "field")
    .map((one) => ({
      id: `kind:${one.kind}`,
      group: "Layout",
      label: one.label,
      icon: one.icon,
      item: { kind: one.kind },
    }));
}

// What is added most stands first; what nobody sees stands last.
function lines(document, catalogue) {
  const contacts = contactLines(document, catalogue);
  const isHidden = (line) => line.group.startsWith("Hidden");
  return [
    ...contacts.filter((line) => !isHidden(line)),
    ...kindLines(catalogue),
    ...typeLines(catalogue),
    ...contacts.filter(isHidden),
  ];
}

// How well a line fits what was typed; less is better.
function distance(line, query) {
  const label = line.label.toLowerCase();
  const typed = query.trim().toLowerCase();
  const words = label.split(/\W+/);
  const ranks = [label === typed, label.startsWith(typed), words.includes(typed), words.some((word) => word.startsWith(typed))];
  const rank = ranks.indexOf(true);
  return (rank < 0 ? ranks.length : rank) * 100 + label.length;
}

/** The line that Enter takes: the nearest to what was typed that is still free. */
function nearest(groups, query) {
  const free = groups.flatMap(([, some]) => some).filter((line) => !line.taken);
  return free.sort((one, other) => distance(one, query) - distance(other, query))[0] ?? null;
}

/** Groups of lines that fit what was typed: [[name, lines], ...]. */
export function paletteGroups(document, catalogue, query) {
  const words = query.trim().toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (line) => words.every((word) => `${line.label} ${line.group}`.toLowerCase().includes(word));
  const groups = new Map();
  for (const line of lines(document, catalogue)) {
    if (!fits(line)) continue;
    groups.set(line.group, [...(groups.get(line.group) ?? []), line]);
  }
  return [...groups];
}

export function lineById(document, catalogue, id) {
  return lines(document, catalogue).find((line) => line.id === id) ?? null;
}

function lineButton(line, pick, isFirst) {
  return html`<li class=${line.taken ? "palette-item is-taken" : "palette-item"} data-line=${line.id} ?data-first=${isFirst}>
    <button
      type="button"
      class="palette-button"
      title=${line.taken ? `Already used by “${line.taken}”` : line.label}
      ?disabled=${Boolean(line.taken)}
      @click=${() => pick(line)}
    >
      ${icon(line.taken ? "check" : line.icon)}<span class="ellipsis">${line.label}</span>
    </button>
  </li>`;
}

function walk(event) {
  const root = event.currentTarget;
  const buttons = [...root.querySelectorAll(".palette-button:not(:disabled)")];
  const at = buttons.indexOf(event.target.closest(".palette-button"));
  if (event.key === "ArrowDown") buttons[Math.min(at + 1, buttons.length - 1)]?.focus();
  else if (event.key === "ArrowUp" && at > 0) buttons[at - 1].focus();
  else if (event.key === "ArrowUp") root.querySelector("input").focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/**
 * @param query the text of the filter; `type` is called with another one
 * @param pick called with the line that was chosen
 */
export function paletteView({ document, catalogue, query, type, pick, isDocked }) {
  const groups = paletteGroups(document, catalogue, query);
  const first = query.trim() ? nearest(groups, query) : null;
  const enter = (event) => {
    if (event.key === "Enter" && first) {
      event.preventDefault();
      pick(first);
    }
    if (event.key === "Escape" && query) {
      event.stopPropagation();
      type("");
    }
  };
  return html`<div class="palette" @keydown=${walk}>
    <h2 class="visually-hidden">${isDocked ? "Add an element" : "Add an element here"}</h2>
    <div class="search palette-search">
      ${icon("search")}
      <input
        type="search"
        autocomplete="off"
        placeholder=${isDocked ? "Add an element" : "Add here"}
        aria-label=${isDocked ? "Filter what can be added" : "Filter what can be added here"}
        data-palette-filter=${isDocked ? "docked" : "here"}
        .value=${query}
        @input=${(event) => type(event.target.value)}
        @keydown=${enter}
      />
    </div>
    <div class="palette-groups" tabindex="-1">
      ${repeat(
        groups,
        ([name]) => name,
        ([name, some]) => html`<h3 class="palette-group">${name}</h3>
          <ul class="palette-lines" aria-label=${name}>
            ${repeat(some, (line) => line.id, (line) => lineButton(line, pick, line === first))}
          </ul>`,
      )}
      ${groups.length === 0
        ? html`<p class="palette-none">Nothing is called “${query}”. Try “phone” or “choice”.</p>`
        : nothing}
    </div>
  </div>`;
}
