// Show-if rules: which fields are visible for given answers, and a rule in words.
// Pure, and held to the same test vectors as the server, which has the last word.

const OPPOSITES = {
  not_equals: "equals",
  not_contains: "contains",
  not_in: "in",
  is_empty: "is_not_empty",
};

export function needsValue(operator) {
  return operator !== "is_empty" && operator !== "is_not_empty";
}

export function takesMany(operator) {
  return operator === "in" || operator === "not_in";
}

function isEmpty(value) {
  if (value === null || value === undefined || value === "" || value === false) return true;
  return Array.isArray(value) && value.length === 0;
}

function asText(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value).trim().toLowerCase();
}

function asTexts(value) {
  return Array.isArray(value) ? value.map(asText) : [asText(value)];
}

function asNumber(value) {
  const text = asText(value).replace(/[,$]/g, "");
  return /^-?[0-9]{1,15}(?:\.[0-9]{0,6})?$/.test(text) ? Number(text) : null;
}

function asFlag(value) {
  const text = asText(value);
  if (["yes", "true", "on", "1"].includes(text)) return true;
  return ["no", "false", "off", "0"].includes(text) ? false : null;
}

function textHolds(operator, value, expected) {
  if (operator === "in") return asTexts(expected).includes(value);
  if (Array.isArray(expected)) return false;
  const wanted = asText(expected);
  if (operator === "equals") return value === wanted;
  if (wanted === "") return false;
  if (operator === "contains") return value.includes(wanted);
  // ISO dates and times sort as text.
  if (operator === "before" || operator === "less_than") return value < wanted;
  return (operator === "after" || operator === "greater_than") && value > wanted;
}

function numberHolds(operator, value, expected) {
  const number = asNumber(value);
  if (operator === "in") return number !== null && asTexts(expected).map(asNumber).includes(number);
  const wanted = Array.isArray(expected) ? null : asNumber(expected);
  if (number === null || wanted === null) return false;
  if (operator === "equals") return number === wanted;
  if (operator === "greater_than" || operator === "after") return number > wanted;
  if (operator === "less_than" || operator === "before") return number < wanted;
  return operator === "contains" && asText(value).includes(asText(expected));
}

function listHolds(operator, value, expected) {
  const chosen = asTexts(value);
  const wanted = asTexts(expected);
  if (operator === "equals") return chosen.sort().join("\n") === wanted.sort().join("\n");
  if (operator === "contains") return wanted.length > 0 && wanted.every((one) => chosen.includes(one));
  return operator === "in" && chosen.some((one) => wanted.includes(one));
}

/** Whether one comparison holds; `compare` is the field type's way: text, number, moment, list, flag. */
export function holds(compare, operator, value, expected) {
  if (OPPOSITES[operator]) return !holds(compare, OPPOSITES[operator], value, expected);
  if (isEmpty(value)) return compare === "flag" && operator === "equals" && asFlag(expected) === false;
  if (operator === "is_not_empty") return true;
  if (compare === "flag") return operator === "equals" && asFlag(expected) === true;
  if (compare === "list" || Array.isArray(value)) return listHolds(operator, value, expected);
  if (compare === "number") return numberHolds(operator, value, expected);
  return textHolds(operator, asText(value), expected);
}

/**
 * Keys of the visible fields; a hidden field has no answer for later rules.
 * @param fields [{key, compare, show_if}] in their order
 * @param values a Map of answers by key
 */
export function visibleKeys(fields, values) {
  const compares = new Map(fields.map((field) => [field.key, field.compare]));
  const seen = new Map();
  for (const { key, show_if: rules } of fields) {
    const test = (rule) => holds(compares.get(rule.field) ?? "text", rule.operator, seen.get(rule.field), rule.value);
    const isVisible = !rules || (rules.all ? rules.all.every(test) : rules.any.some(test));
    if (isVisible) seen.set(key, values.get(key) ?? null);
  }
  return new Set(seen.keys());
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
  const rules = element.show_if?.all ?? element.show_if?.any ?? [];
  if (rules.length === 0) return "";
  const joined = rules.map((rule) => ruleInWords(rule, fields, operators));
  return `Show this when ${joined.join(element.show_if.any ? " or " : " and ")}`;
}
