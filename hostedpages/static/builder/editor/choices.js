// A field's choices as a list of {value, label}: pasting, relabeling, problems. Pure.

import { slug } from "./document.js";

export function freeValue(choices, wanted, except = -1) {
  const taken = new Set(choices.filter((choice, index) => index !== except).map((one) => one.value));
  const start = slug(wanted, "choice");
  let value = start;
  for (let number = 2; taken.has(value); number += 1) value = `${start}_${number}`;
  return value;
}

/** One choice per line; “value | label” gives the value too. Empty lines and repeats are left out. */
export function parseChoices(text, existing = []) {
  const choices = [];
  for (const line of text.split(/\r\n|[\r\n]/)) {
    const [first, ...rest] = line.split("|").map((part) => part.trim());
    const label = rest.length > 0 ? rest.join("|").trim() || first : first;
    if (!label) continue;
    if (choices.some((choice) => choice.label === label)) continue;
    const kept = existing.find((choice) => choice.label === label);
    const wanted = rest.length > 0 ? first : kept?.value;
    const isFree = wanted && choices.every((choice) => choice.value !== wanted);
    choices.push({ value: isFree ? wanted : freeValue(choices, label), label });
  }
  return choices;
}

/** Choices as text for the paste box: values only where they say more than the label does. */
export function choicesAsText(choices) {
  return choices
    .map(({ value, label }) => (value === slug(label, "choice") ? label : `${value} | ${label}`))
    .join("\n");
}

/**
 * The list with another label at one place. The stored value follows only while it is still the
 * one that was made from the label, and `isFixed` says whether answers or rules may know it.
 */
export function relabel(choices, index, label, isFixed) {
  const choice = choices[index];
  const madeFromLabel = slug(choice.label, "choice");
  const follows = !isFixed && (choice.value === madeFromLabel || choice.value.startsWith("choice"));
  const value = follows ? freeValue(choices, label, index) : choice.value;
  return choices.map((one, place) => (place === index ? { value, label } : one));
}

export function moved(list, from, to) {
  const copy = [...list];
  const [one] = copy.splice(from, 1);
  copy.splice(to, 0, one);
  return copy;
}

/** What is wrong with a list, in words, or null. */
export function choicesProblem(choices) {
  if (!choices || choices.length === 0) return "Add at least one choice.";
  if (choices.some((choice) => !choice.label?.trim())) return "A choice has no text.";
  const labels = new Set(choices.map((choice) => choice.label.trim()));
  if (labels.size < choices.length) return "Two choices have the same text.";
  const values = new Set(choices.map((choice) => choice.value));
  if (values.size < choices.length) return "Two choices have the same stored value.";
  return null;
}
