// One labelled control for one setting, as the catalogue describes it. Knows widgets, never types.

import { html, ifDefined, live, nothing } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { icon } from "./parts.js";

/** What the person typed as a value of the document; undefined when it is not one yet. */
export function valueFrom(widget, target) {
  if (widget === "checkbox") return target.checked;
  if (widget !== "number") return target.value;
  if (target.value === "") return target.validity?.badInput ? undefined : "";
  const number = Number(target.value);
  return Number.isSafeInteger(number) ? number : undefined;
}

function optionsOf(choices, value) {
  const known = (choices ?? []).map((choice) => (Array.isArray(choice) ? { value: choice[0], label: choice[1] } : choice));
  const isKnown = known.some((choice) => String(choice.value) === String(value ?? ""));
  if (!isKnown && value !== undefined && value !== "") known.push({ value, label: String(value) });
  return known.map(
    (choice) => html`<option value=${choice.value} .selected=${String(choice.value) === String(value ?? "")}>${choice.label}</option>`,
  );
}

function input(setting, id, value, described, change, settle) {
  const onInput = (event) => {
    if (setting.isLine) event.target.value = event.target.value.replace(/[\r\n]+/g, " ");
    const next = valueFrom(setting.widget, event.target);
    if (next !== undefined) change(next);
  };
  if (setting.widget === "textarea") {
    return html`<textarea id=${id} rows=${setting.rows ?? 2} maxlength=${ifDefined(setting.maxlength)}
      aria-describedby=${described || nothing} aria-invalid=${setting.problem ? "true" : nothing}
      placeholder=${setting.placeholder ?? nothing} ?disabled=${setting.disabled} .value=${live(value ?? "")} @input=${onInput} @blur=${settle}
      @keydown=${(event) => setting.isLine && event.key === "Enter" && event.preventDefault()}></textarea>`;
  }
  if (setting.widget === "select") {
    return html`<select id=${id} aria-describedby=${described || nothing} ?disabled=${setting.disabled}
      aria-invalid=${setting.problem ? "true" : nothing} @change=${onInput}>${optionsOf(setting.choices, value)}</select>`;
  }
  const type = ["number", "date", "time", "email", "url"].includes(setting.widget) ? setting.widget : "text";
  return html`<input id=${id} type=${type === "email" || type === "url" ? "text" : type} autocomplete="off"
    min=${type === "number" ? 0 : nothing} maxlength=${ifDefined(setting.maxlength)}
    placeholder=${setting.placeholder ?? nothing} aria-describedby=${described || nothing}
    aria-invalid=${setting.problem ? "true" : nothing} ?disabled=${setting.disabled}
    .value=${live(value === undefined || value === null ? "" : String(value))} @input=${onInput} @blur=${settle} />`;
}

/**
 * @param setting {name, label, widget, help, choices, problem, maxlength, disabled}
 * @param change called with the new value while the person types
 * @param settle called when the person leaves the control
 */
export function control(setting, value, change, settle) {
  const id = `set-${setting.name}`;
  const described = [setting.help && `${id}-help`, setting.problem && `${id}-problem`].filter(Boolean).join(" ");
  const help = setting.help ? html`<p class="help" id=${`${id}-help`}>${setting.help}</p>` : nothing;
  const problem = setting.problem
    ? html`<p class="error" id=${`${id}-problem`}>${icon("circle-alert")}<span>${setting.problem}</span></p>`
    : nothing;
  if (setting.widget === "checkbox") {
    return html`<div class="check" data-setting=${setting.name}>
      <input type="checkbox" id=${id} aria-describedby=${described || nothing} ?disabled=${setting.disabled}
        .checked=${live(Boolean(value))} @change=${(event) => change(event.target.checked)} />
      <label for=${id}>${setting.label}</label>${help}${problem}
    </div>`;
  }
  return html`<div class="field" data-setting=${setting.name}>
    <label for=${id}>${setting.label}</label>
    ${input(setting, id, value, described, change, settle)}${help}${problem}
  </div>`;
}
