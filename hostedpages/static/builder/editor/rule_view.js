// The show-if rule of a field, edited in words: “Show this when Material equals Metal”.

import { html, live, nothing } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { ID, fieldsBefore, rulesOf, typeOf } from "./document.js";
import { icon, iconButton } from "./parts.js";
import { needsValue, ruleInWords, takesMany } from "./show_if.js";

const MOST = 20;

// A rule that is whole from the start: the first choice, a tick, or else that something was filled in.
function firstRule(app, field) {
  const type = typeOf(app.catalogue, field);
  const operators = type?.operators ?? ["equals"];
  const first = field.choices?.[0]?.value ?? (type?.compare === "flag" ? "yes" : undefined);
  if (first === undefined && operators.includes("is_not_empty")) return { field: field.key, operator: "is_not_empty" };
  const operator = operators[0];
  if (first === undefined || !needsValue(operator)) return { field: field.key, operator };
  return { field: field.key, operator, value: takesMany(operator) ? [first] : first };
}

// People ask mostly about a choice; the nearest one is the best guess.
function likelyField(app, fields) {
  const isChoice = (field) => field.choices?.length || typeOf(app.catalogue, field)?.compare === "flag";
  return fields.findLast(isChoice) ?? fields.at(-1);
}

// Keeps the value when the new operator can use it.
function withOperator(rule, operator) {
  const { value, ...rest } = rule;
  if (!needsValue(operator)) return { ...rest, operator };
  const one = Array.isArray(value) ? value[0] : value;
  if (!takesMany(operator)) return { ...rest, operator, ...(one === undefined ? {} : { value: one }) };
  const many = Array.isArray(value) ? value : value === undefined || value === "" ? [] : [String(value)];
  return { ...rest, operator, value: many };
}

function choicesOf(app, field) {
  if (field?.choices?.length) return field.choices;
  return typeOf(app.catalogue, field ?? {})?.choices ?? [];
}

function manyChooser(rule, choices, set, label) {
  const chosen = Array.isArray(rule.value) ? rule.value : [];
  const toggle = (value, isOn) => set(isOn ? [...chosen, value] : chosen.filter((one) => one !== value));
  return html`<fieldset class="rule-many"><legend class="visually-hidden">${label}</legend>
    ${choices.map(
      (choice) => html`<label class="check"><input type="checkbox" .checked=${live(chosen.includes(choice.value))}
        @change=${(event) => toggle(choice.value, event.target.checked)} /><span>${choice.label || choice.value}</span></label>`,
    )}
  </fieldset>`;
}

function valueControl(app, rule, field, set) {
  if (!needsValue(rule.operator)) return nothing;
  const type = typeOf(app.catalogue, field ?? {});
  const choices = choicesOf(app, field);
  const label = "Value of the rule";
  if (takesMany(rule.operator)) {
    if (choices.length) return manyChooser(rule, choices, set, label);
    const split = (event) => set(event.target.value.split(",").map((one) => one.trim()).filter(Boolean));
    return html`<input aria-label=${`${label}, separated by commas`} placeholder="One, two, three" maxlength="300"
      .value=${[rule.value ?? []].flat().join(", ")} @change=${split} />`;
  }
  if (choices.length && rule.operator !== "contains" && rule.operator !== "not_contains" || (choices.length && type?.multiple)) {
    const isKnown = choices.some((choice) => choice.value === rule.value);
    return html`<select aria-label=${label} @change=${(event) => set(event.target.value)}>
      ${isKnown ? nothing : html`<option value="" selected disabled>${rule.value ? `${rule.value} (gone)` : "Choose"}</option>`}
      ${choices.map((choice) => html`<option value=${choice.value} .selected=${choice.value === rule.value}>${choice.label || choice.value}</option>`)}
    </select>`;
  }
  if (type?.compare === "flag" || type?.widget === "checkbox") {
    const isNo = ["no", "false", "off", "0"].includes(String(rule.value ?? "yes"));
    return html`<select aria-label=${label} @change=${(event) => set(event.target.value)}>
      <option value="yes" .selected=${!isNo}>Ticked</option><option value="no" .selected=${isNo}>Not ticked</option>
    </select>`;
  }
  const kind = ["date", "time"].includes(type?.html_type) ? type.html_type : "text";
  return html`<input type=${kind} aria-label=${label} placeholder="Value" maxlength="300" autocomplete="off"
    inputmode=${type?.compare === "number" ? "decimal" : nothing}
    .value=${live(String(rule.value ?? ""))} @input=${(event) => set(event.target.value, true)} @blur=${() => app.store.settle()} />`;
}

function ruleLine(app, element, fields, rules, index, save) {
  const rule = rules[index];
  const field = fields.find((one) => one.key === rule.field);
  const operators = typeOf(app.catalogue, field ?? {})?.operators ?? Object.keys(app.catalogue.operators);
  const put = (next, isTyping) => save(rules.map((one, place) => (place === index ? next : one)), isTyping);
  const setField = (event) => put(firstRule(app, fields.find((one) => one.key === event.target.value)));
  const setOperator = (event) => put(withOperator(rule, event.target.value));
  const setValue = (value, isTyping) => put({ ...rule, value }, isTyping);
  return html`<li class="rule-line" title=${ruleInWords(rule, fields, app.catalogue.operators)}>
    <div class="rule-parts">
      <select aria-label="Field the rule looks at" @change=${setField}>
        ${field ? nothing : html`<option value="" selected disabled>${rule.field} (not before this)</option>`}
        ${fields.map((one) => html`<option value=${one.key} .selected=${one === field}>${one.label || one.key}</option>`)}
      </select>
      <select aria-label="How it compares" @change=${setOperator}>
        ${operators.map((one) => html`<option value=${one} .selected=${one === rule.operator}>${app.catalogue.operators[one] ?? one}</option>`)}
      </select>
      ${valueControl(app, rule, field, setValue)}
    </div>
    ${iconButton({ name: "x", words: "Remove this condition", run: () => save(rules.filter((one, place) => place !== index)) })}
  </li>`;
}

export function ruleView(app, element, index, problem) {
  const fields = fieldsBefore(app.store.state.document, index);
  const rules = rulesOf(element);
  const join = element.show_if?.any ? "any" : "all";
  const save = (next, isTyping = false, how = join) =>
    app.update(element[ID], "show_if", next.length ? { [how]: next } : undefined, { isTyping });
  if (rules.length === 0) {
    if (fields.length === 0) return html`<p class="help">Always shown. A rule can look at fields that come earlier; there are none yet.</p>`;
    const start = () => save([firstRule(app, likelyField(app, fields))]);
    return html`<div class="cluster is-apart"><span class="quiet">Always shown</span>
      <button type="button" class="button is-small" @click=${start}>${icon("plus")}Add a rule</button></div>`;
  }
  const joiner = html`<select class="rule-join" aria-label="How the conditions combine" @change=${(event) => save(rules, false, event.target.value)}>
    <option value="all" .selected=${join === "all"}>all of these are true</option>
    <option value="any" .selected=${join === "any"}>any of these is true</option>
  </select>`;
  const more = () => rules.length < MOST && save([...rules, firstRule(app, likelyField(app, fields))]);
  return html`<div class="rule" data-setting="show_if">
    <p class="rule-start">Show this when ${rules.length > 1 ? joiner : nothing}</p>
    <ul class="rule-lines">${rules.map((rule, place) => html`${place > 0 ? html`<li class="rule-and">${join === "any" ? "or" : "and"}</li>` : nothing}${ruleLine(app, element, fields, rules, place, save)}`)}</ul>
    ${problem ? html`<p class="error">${icon("circle-alert")}<span>${problem}</span></p>` : nothing}
    ${fields.length ? html`<button type="button" class="button is-small" @click=${more}>${icon("plus")}Add a condition</button>` : nothing}
  </div>`;
}
