// Show-if rules: which fields are visible for given answers, and a rule in words.
// Pure, and held to the same test vectors as the server, which has the last word.

import { isField, rulesOf } from "./document.js";

function isEmpty(value) {
  if (value === null || value === undefined || value === "" || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}

function asTexts(value) {
  if (Array.isArray(value)) return value.map(asText);
  return isEmpty(value) ? [] : [asText(value)];
}

function asText(value) {
  if (value === true) return "true";
  return String(value).trim().toLowerCase();
}

function asNumber(value) {
  const text = String(Array.isArray(value) ? value[0] : value).replace(/[$,\s]/g, "");
  return text === "" || Number.isNaN(Number(text)) ? null : Number(text);
}

function compared(value, wanted, isRight) {
  const left = asNumber(value);
  const right = asNumber(wanted);
  return left !== null && right !== null && isRight(left, right);
}

function ordered(value, wanted, isRight) {
  return !isEmpty(value) && !isEmpty(wanted) && isRight(asText(value), asText(wanted));
}

function equal(value, wanted) {
  const left = asTexts(value);
  const right = asTexts(wanted);
  return left.length === right.length && left.every((one) => right.includes(one));
}

function includes(value, wanted) {
  const [part] = asTexts(wanted);
  if (part === undefined) return false;
  if (Array.isArray(value)) return asTexts(value).includes(part);
  return !isEmpty(value) && asText(value).includes(part);
}

const OPERATORS = {
  equals: equal,
  not_equals: (value, wanted) => !equal(value, wanted),
  contains: includes,
  not_contains: (value, wanted) => !includes(value, wanted),
  in: (value, wanted) => asTexts(value).some((one) => asTexts(wanted).includes(one)),
  not_in: (value, wanted) => !asTexts(value).some((one) => asTexts(wanted).includes(one)),
  greater_than: (value, wanted) => compared(value, wanted, (left, right) => left > right),
  less_than: (value, wanted) => compared(value, wanted, (left, right) => left < right),
  before: (value, wanted) => ordered(value, wanted, (left, right) => left < right),
  after: (value, wanted) => ordered(value, wanted, (left, right) => left > right),
  is_empty: (value) => isEmpty(value),
  is_not_empty: (value) => !isEmpty(value),
};

export function needsValue(operator) {
  return operator !== "is_empty" && operator !== "is_not_empty";
}

export function takesMany(operator) {
  return operator === "in" || operator === "not_in";
}

function holds(element, values, visible) {
  const rules = rulesOf(element);
  if (rules.length === 0) return true;
  const results = rules.map((rule) => {
    const value = visible.has(rule.field) ? values.get(rule.field) : null;
    return OPERATORS[rule.operator]?.(value, rule.value) ?? false;
  });
  return element.show_if.any ? results.some(Boolean) : results.every(Boolean);
}

/** Keys of the fields that are visible; a hidden field's answer counts as empty for later rules. */
export function visibleKeys(elements, values) {
  const answers = new Map(Object.entries(values));
  const visible = new Set();
  for (const element of elements) {
    if (isField(element) && holds(element, answers, visible)) visible.add(element.key);
  }
  return visible;
}

function valueInWords(rule, field) {
  const labels = new Map((field?.choices ?? []).map((choice) => [choice.value, choice.label]));
  const values = Array.isArray(rule.value) ? rule.value : [rule.value];
  const words = values.filter((one) => !isEmpty(one)).map((one) => labels.get(one) || String(one));
  if (words.length === 0) return "…";
  return words.length === 1 ? words[0] : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** “Material equals Metal”; a missing field or value shows as “…”. */
export function ruleInWords(rule, fields, operators) {
  const field = fields.find((one) => one.key === rule.field);
  const words = [field ? field.label || field.key : "…", operators[rule.operator] ?? "…"];
  if (needsValue(rule.operator)) words.push(valueInWords(rule, field));
  return words.join(" ");
}

/** The whole rule as one sentence, or an empty text when there is none. */
export function showIfInWords(element, fields, operators) {
  const rules = rulesOf(element);
  if (rules.length === 0) return "";
  const joined = rules.map((rule) => ruleInWords(rule, fields, operators));
  return `Show this when ${joined.join(element.show_if.any ? " or " : " and ")}`;
}
