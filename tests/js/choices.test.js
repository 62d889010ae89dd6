import assert from "node:assert/strict";
import { test } from "node:test";

import {
  choicesAsText, choicesProblem, moved, parseChoices, relabel,
} from "../../hostedpages/static/builder/editor/choices.js";

test("a pasted list is one choice a line, with values where given", () => {
  assert.deepEqual(parseChoices("Metal\r\n\n tile | Clay tile \nMetal\n"), [
    { value: "metal", label: "Metal" },
    { value: "tile", label: "Clay tile" },
  ]);
});

test("choices that stay in a pasted list keep their stored value", () => {
  const existing = [{ value: "m1", label: "Metal" }];
  assert.deepEqual(parseChoices("Tile\nMetal", existing)[1], { value: "m1", label: "Metal" });
});

test("different texts never get the same stored value", () => {
  const values = parseChoices("A/B\nA B\nA-B").map((choice) => choice.value);
  assert.deepEqual(values, ["a_b", "a_b_2", "a_b_3"]);
});

test("a list survives being opened as text and closed again", () => {
  const choices = [{ value: "m1", label: "Metal" }, { value: "clay_tile", label: "Clay tile" }];
  assert.equal(choicesAsText(choices), "m1 | Metal\nClay tile");
  assert.deepEqual(parseChoices(choicesAsText(choices), choices), choices);
});

test("a stored value follows its text until answers may know it", () => {
  const choices = [{ value: "option_1", label: "Option 1" }];
  assert.deepEqual(relabel(choices, 0, "Metal", false), [{ value: "metal", label: "Metal" }]);
  assert.deepEqual(relabel(choices, 0, "Metal", true), [{ value: "option_1", label: "Metal" }]);
  const own = [{ value: "m1", label: "Metal" }];
  assert.deepEqual(relabel(own, 0, "Steel", false), [{ value: "m1", label: "Steel" }]);
});

test("what is wrong with a list is said in words", () => {
  assert.equal(choicesProblem([]), "Add at least one choice.");
  assert.equal(choicesProblem([{ value: "a", label: " " }]), "A choice has no text.");
  assert.equal(choicesProblem([{ value: "a", label: "A" }, { value: "a", label: "B" }]), "Two choices have the same stored value.");
  assert.equal(choicesProblem([{ value: "a", label: "A" }]), null);
});

test("a choice is moved to its place", () => {
  assert.deepEqual(moved(["a", "b", "c"], 0, 2), ["b", "c", "a"]);
});
