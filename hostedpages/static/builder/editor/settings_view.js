// The settings of what is selected, in groups, built from the catalogue.

import { html, keyed, nothing } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { choicesView } from "./choices_view.js";
import * as commands from "./commands.js";
import { control } from "./controls.js";
import { ID, boundTo, contactField, iconOf, isField, kindOf, nameOf, rulesOf, typeOf } from "./document.js";
import { icon, iconButton, keyWords } from "./parts.js";
import { ruleView } from "./rule_view.js";

const BASICS = ["label", "help", "required"];
const ADVANCED = ["width", "default", "error"];
const ELSEWHERE = ["key", "type", "binds_to", "show_if", "choices", "kind"];

function group(app, name, content, { isClosed = false, mark = "" } = {}) {
  const isOpen = app.ui.groups[name] ?? !isClosed;
  const toggle = (event) => {
    app.ui.groups[name] = event.target.open;
  };
  return html`<details class="disclosure settings-group" .open=${isOpen} @toggle=${toggle}>
    <summary><h3>${name}</h3>${mark ? html`<span class="quiet small">${mark}</span>` : nothing}</summary>
    <div class="stack is-fields">${content}</div>
  </details>`;
}

function problemOf(problems, name) {
  return problems.find((one) => one.setting === name)?.message ?? "";
}

// A number box for numbers, a longer box for what may be long; the catalogue may say otherwise.
function settingControl(app, element, problems, setting) {
  const isChosen = setting.widget === "select" || setting.widget === "checkbox";
  // What holds while nothing is set stands in the box as a hint, so that the box can be emptied.
  const placeholder = setting.default === null || setting.default === undefined ? undefined : String(setting.default);
  const shown = { placeholder, ...setting, problem: problemOf(problems, setting.name) };
  const value = element[setting.name] ?? (isChosen ? setting.default : undefined);
  const change = (next) => app.update(element[ID], setting.name, fits(setting, next), { isTyping: setting.widget !== "checkbox" && setting.widget !== "select" });
  return control(shown, value, change, () => app.store.settle());
}

// The document wants numbers where all choices are numbers (a header's level).
function fits(setting, value) {
  const isNumber = setting.widget === "select" && setting.choices.every((choice) => /^\d+$/.test(choice.value));
  return isNumber && value !== "" ? Number(value) : value;
}

function typeControl(app, element) {
  const groups = Map.groupBy ? Map.groupBy(app.catalogue.field_types, (type) => type.group) : grouped(app.catalogue.field_types);
  const known = typeOf(app.catalogue, element);
  return html`<div class="field" data-setting="type">
    <label for="set-type">Type</label>
    <select id="set-type" @change=${(event) => app.changeType(element[ID], event.target.value)}>
      ${known ? nothing : html`<option value="" selected disabled>${element.type} (unknown)</option>`}
      ${[...groups].map(
        ([name, types]) => html`<optgroup label=${name}>
          ${types.map((type) => html`<option value=${type.key} .selected=${type.key === element.type}>${type.label}</option>`)}
        </optgroup>`,
      )}
    </select>
  </div>`;
}

function grouped(types) {
  const groups = new Map();
  for (const type of types) groups.set(type.group, [...(groups.get(type.group) ?? []), type]);
  return groups;
}

function bindControl(app, element, problems) {
  const { catalogue, store } = app;
  const type = typeOf(catalogue, element);
  const keys = type?.can_bind_to ?? [];
  const options = catalogue.contact_fields.filter((field) => keys.includes(field.key) || field.key === element.binds_to);
  if (options.length === 0) return html`<p class="help">Kept with the submission. No contact field takes this type.</p>`;
  const taken = (field) => {
    const other = boundTo(store.state.document, field.key);
    return other && other[ID] !== element[ID] ? ` (used by “${other.label || other.key}”)` : "";
  };
  const choices = [{ value: "", label: "Only the submission" }, ...options.map((field) => ({ value: field.key, label: field.label + taken(field) }))];
  const contact = contactField(catalogue, element.binds_to);
  const help = contact?.pii ? "Personal data: a known contact sees it as the page's options say." : "";
  const setting = { name: "binds_to", label: "Contact field", widget: "select", choices, help, problem: problemOf(problems, "binds_to") };
  return control(setting, element.binds_to ?? "", (value) => app.update(element[ID], "binds_to", value), () => {});
}

function keyControl(app, element) {
  const isFixed = app.store.isPublished(element);
  const help = isFixed
    ? "Fixed since the page was published: exports and integrations use it."
    : "The name in exports and integrations. Fixed once the page is published.";
  const change = (event) => app.run(commands.changeKey(app.store.state.document, app.catalogue, element[ID], event.target.value));
  return html`<div class="field" data-setting="key">
    <label for="set-key">Key</label>
    <input id="set-key" class="mono" maxlength="40" spellcheck="false" autocomplete="off" aria-describedby="set-key-help"
      ?disabled=${isFixed} .value=${element.key} @change=${change} />
    <p class="help" id="set-key-help">${help}</p>
  </div>`;
}

function fieldSettings(app, element, index, problems) {
  const type = typeOf(app.catalogue, element);
  const shared = kindOf(app.catalogue, element)?.settings ?? [];
  const own = type?.settings ?? [];
  const all = [...shared, ...own.filter((setting) => !shared.some((one) => one.name === setting.name))];
  const draw = (setting) => settingControl(app, element, problems, withChoices(setting, type, element));
  const basics = BASICS.map((name) => all.find((one) => one.name === name) ?? BASIC[name]);
  const answer = all.filter((one) => ![...BASICS, ...ADVANCED, ...ELSEWHERE].includes(one.name));
  const advanced = ADVANCED.map((name) => all.find((one) => one.name === name) ?? EXTRA[name]).filter(Boolean);
  const isShown = type?.is_shown !== false;
  const rules = rulesOf(element).length;
  const contact = contactField(app.catalogue, element.binds_to);
  const hasAnswer = type?.has_choices || answer.length > 0;
  return html`
    ${group(app, "Basics", html`${basics.filter((one) => isShown || one.name === "label").map((one) => draw({ ...BASIC[one.name], ...one, ...WIDER[one.name] }))}${typeControl(app, element)}`)}
    ${hasAnswer ? group(app, "Answer", html`${type?.has_choices ? choicesView(app, element, problemOf(problems, "choices")) : nothing}${answer.map(draw)}`) : nothing}
    ${group(app, "Show when", ruleView(app, element, index, problemOf(problems, "show_if")), { mark: rules ? "" : "always" })}
    ${group(app, "Saves to", bindControl(app, element, problems), { mark: contact ? "" : "submission" })}
    ${group(app, "Advanced", html`${keyControl(app, element)}${advanced.map(draw)}`, { isClosed: true })}`;
}

// “Chosen at first” is one of the field's own choices.
function withChoices(setting, type, element) {
  if (setting.name !== "default" || !type?.has_choices) return setting;
  const none = { value: "", label: "Nothing" };
  const choices = (element.choices ?? []).map(({ value, label }) => ({ value, label: label || value }));
  return { ...setting, widget: "select", help: "", choices: [none, ...choices] };
}

const BASIC = {
  label: { name: "label", label: "Label" },
  help: { name: "help", label: "Help text" },
  required: { name: "required", label: "Required", widget: "checkbox" },
};
const WIDER = { label: { widget: "textarea", rows: 1, maxlength: 300, isLine: true }, help: { widget: "textarea", rows: 1, maxlength: 1000 } };
const EXTRA = {
  error: { name: "error", label: "Own error message", widget: "text", maxlength: 300, help: "Shown instead of ours when the answer is missing or not right." },
  width: { name: "width", label: "Width", widget: "select", default: "full", choices: [{ value: "full", label: "Full" }, { value: "half", label: "Half: two side by side" }] },
};

function notesSettings(app, element, problems) {
  const change = (event) => app.update(element[ID], "html", event.detail, { isTyping: true });
  const problem = problemOf(problems, "html");
  return html`<div class="field" data-setting="html">
    <notes-editor label="Text" .value=${element.html ?? ""} @change=${change} @history=${(event) => app.store[event.detail]()} @focusout=${() => app.store.settle()}></notes-editor>
    ${problem ? html`<p class="error">${icon("circle-alert")}<span>${problem}</span></p>` : nothing}
  </div>`;
}

function otherSettings(app, element, problems) {
  const settings = kindOf(app.catalogue, element)?.settings ?? [];
  const draw = (setting) => (setting.name === "html" ? notesSettings(app, element, problems) : settingControl(app, element, problems, setting));
  const general = problemOf(problems, null);
  return html`<div class="stack is-fields settings-group">
    ${general ? html`<p class="note is-bad">${icon("circle-alert")}<span>${general}</span></p>` : nothing}
    ${settings.map(draw)}
  </div>`;
}

const PAGE_TEXTS = [
  { name: "title", label: "Title", widget: "textarea", rows: 1, maxlength: 200, isLine: true },
  { name: "description", label: "Description", widget: "textarea", rows: 2, maxlength: 2000 },
];

function pageSettings(app) {
  const { document } = app.store.state;
  const pageProblems = app.store.problems().filter((one) => one.elementId === null);
  const text = (setting) =>
    control({ ...setting, problem: problemOf(pageProblems, setting.name) }, document[setting.name] ?? "",
      (value) => app.run(commands.updatePage(document, setting.name, value)), () => app.store.settle());
  const submit = { name: "submit_label", label: "Submit button", widget: "text", maxlength: 60, placeholder: "Submit" };
  const general = pageProblems.filter((one) => !PAGE_TEXTS.some((setting) => setting.name === one.setting));
  const problem = (one) => html`<p class="note is-warn" data-setting=${one.setting ?? nothing} tabindex="-1">${icon("triangle-alert")}
    <span>${one.message} ${one.setting?.startsWith("options") ? html`<a href=${app.urls.options}>Open Options</a>` : nothing}</span></p>`;
  return html`<header class="settings-head">${icon("file-text")}<h2>Page texts</h2></header>
    <div class="stack is-fields settings-group">
      ${general.map(problem)}
      ${PAGE_TEXTS.map((setting) => text(setting.name === "title" ? { ...setting, placeholder: document.name } : setting))}
      ${control(submit, document.options?.submit_label ?? "", (value) => app.run(commands.updateOption(document, "submit_label", value)), () => app.store.settle())}
      <p class="help">Colors, lead source, messages and who is notified are in <a href=${app.urls.options}>Options</a>.</p>
    </div>`;
}

export function settingsView(app) {
  const element = app.store.selected();
  if (!element) return keyed("page", pageSettings(app));
  const index = app.store.selectedIndex();
  const problems = app.store.problems().filter((one) => one.elementId === element[ID]);
  const kind = isField(element) ? typeOf(app.catalogue, element)?.label : kindOf(app.catalogue, element)?.label;
  const id = element[ID];
  const content = isField(element) ? fieldSettings(app, element, index, problems) : otherSettings(app, element, problems);
  return keyed(
    id,
    html`<header class="settings-head">
        ${icon(iconOf(app.catalogue, element))}
        <h2 class="ellipsis" title=${nameOf(app.catalogue, element)}>${kind ?? "Unknown field"}</h2>
        ${iconButton({ name: "copy-plus", words: "Duplicate", keys: keyWords("Ctrl+D"), run: () => app.duplicate(id) })}
        ${iconButton({ name: "trash-2", words: "Delete", keys: "Delete", run: () => app.remove(id) })}
      </header>
      ${content}`,
  );
}
