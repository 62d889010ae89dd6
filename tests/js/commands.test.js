import assert from "node:assert/strict";
import { test } from "node:test";

import * as commands from "../../hostedpages/static/builder/editor/commands.js";
import { ID, plain, withIds } from "../../hostedpages/static/builder/editor/document.js";
import { emptyHistory, record, redo, settle, undo } from "../../hostedpages/static/builder/editor/history.js";
import { apply } from "../../hostedpages/static/builder/editor/operations.js";
import { catalogue, form, text } from "./catalogue.js";

const START = () =>
  withIds(
    form(
      text("a", { required: true }),
      { kind: "field", key: "b", type: "select", label: "B", choices: [{ value: "x", label: "X" }] },
      { kind: "separator", title: "More" },
      text("c", { show_if: { all: [{ field: "b", operator: "equals", value: "x" }] } }),
    ),
  );

function everyCommand(document) {
  const id = (index) => document.elements[index][ID];
  return [
    commands.add(document, catalogue, { kind: "field", type: "radio" }, 1),
    commands.add(document, catalogue, { kind: "line" }),
    commands.move(document, catalogue, id(0), 3),
    commands.move(document, catalogue, id(3), 0),
    commands.update(document, catalogue, id(0), "label", "Other"),
    commands.update(document, catalogue, id(0), "required", false),
    commands.remove(document, catalogue, id(1)),
    commands.duplicate(document, catalogue, id(1)),
    commands.changeType(document, catalogue, id(1), "email"),
    commands.changeKey(document, catalogue, id(1), "material"),
    commands.updatePage(document, "title", "New title"),
    commands.updateOption(document, "submit_label", "Send"),
    commands.replaceDocument(document, withIds(form())),
  ];
}

test("every command is taken back exactly by its inverse", () => {
  for (const [place] of everyCommand(START()).entries()) {
    const document = START();
    const command = everyCommand(document)[place];
    const step = apply(document, command.operation);
    assert.notDeepEqual(plain(step.document), plain(document), command.words);
    assert.deepEqual(plain(apply(step.document, step.inverse).document), plain(document), command.words);
  }
});

test("undo goes back to the very start and redo to the very end", () => {
  let seed = 7;
  const random = (below) => {
    seed = (seed * 16807) % 2147483647;
    return seed % below;
  };
  let document = START();
  let history = emptyHistory();
  const first = plain(document);
  for (let round = 0; round < 300; round += 1) {
    if (document.elements.length < 3) {
      const more = commands.add(document, catalogue, { kind: "field", type: "text" });
      ({ document, history } = record(document, history, more, round * 5000));
      continue;
    }
    const id = document.elements[random(document.elements.length)][ID];
    const choices = [
      () => commands.add(document, catalogue, { kind: "field", contact: "email" }, random(3)),
      () => commands.move(document, catalogue, id, random(document.elements.length)),
      () => commands.update(document, catalogue, id, "help", `Help ${round}`),
      () => commands.remove(document, catalogue, id),
      () => commands.duplicate(document, catalogue, id),
    ];
    const command = choices[random(choices.length)]();
    if (command.refused) continue;
    ({ document, history } = record(document, history, command, round * 5000));
  }
  const last = plain(document);
  for (let step = undo(document, history); step; step = undo(document, history)) ({ document, history } = step);
  assert.deepEqual(plain(document), first);
  for (let step = redo(document, history); step; step = redo(document, history)) ({ document, history } = step);
  assert.deepEqual(plain(document), last);
});

function typed(document, history, words, from) {
  for (let length = 1; length <= words.length; length += 1) {
    const id = document.elements[0][ID];
    const command = commands.update(document, catalogue, id, "label", words.slice(0, length));
    ({ document, history } = record(document, history, command, from + length * 100));
  }
  return { document, history };
}

test("typing in one input is one step of undo", () => {
  const start = START();
  let { document, history } = typed(start, emptyHistory(), "Telephone", 0);
  assert.equal(history.past.length, 1);
  ({ document, history } = undo(document, history));
  assert.deepEqual(plain(document), plain(start));
  ({ document } = redo(document, history));
  assert.equal(document.elements[0].label, "Telephone");
});

test("a pause or leaving the input starts a new step of undo", () => {
  const once = typed(START(), emptyHistory(), "One", 0);
  assert.equal(typed(once.document, once.history, "Two", 60000).history.past.length, 2);
  assert.equal(typed(once.document, settle(once.history), "Two", 400).history.past.length, 2);
});

test("a change after an undo forgets what could have been redone", () => {
  const once = typed(START(), emptyHistory(), "One", 0);
  const back = undo(once.document, once.history);
  assert.equal(typed(back.document, back.history, "Two", 9000).history.future.length, 0);
});

test("limits are refused in words", () => {
  const full = withIds(form(...Array.from({ length: 200 }, (unused, index) => text(`f${index}`))));
  assert.match(commands.add(full, catalogue, { kind: "line" }).refused, /at most 200 elements/);
  const screens = Array.from({ length: 19 }, () => ({ kind: "separator" }));
  const divided = withIds(form(...screens));
  assert.match(commands.add(divided, catalogue, { kind: "separator" }).refused, /at most 20 screens/);
});

test("an emptied setting leaves the document but an emptied label stays to be filled", () => {
  const document = START();
  const id = document.elements[0][ID];
  const bare = apply(document, commands.update(document, catalogue, id, "required", false).operation).document;
  assert.equal("required" in bare.elements[0], false);
  const empty = apply(document, commands.update(document, catalogue, id, "label", "").operation).document;
  assert.equal(empty.elements[0].label, "");
});

test("a new field's key follows its first label and only that", () => {
  const document = START();
  const id = document.elements[0][ID];
  const fresh = commands.update(document, catalogue, id, "label", "Shoe size", { isFresh: true });
  assert.equal(apply(document, fresh.operation).document.elements[0].key, "shoe_size");
  const later = commands.update(document, catalogue, id, "label", "Shoe size");
  assert.equal(apply(document, later.operation).document.elements[0].key, "a");
});

test("another key is carried through to the rules that look at it", () => {
  const document = START();
  const command = commands.changeKey(document, catalogue, document.elements[1][ID], "Roof material");
  const changed = apply(document, command.operation).document;
  assert.equal(changed.elements[3].show_if.all[0].field, "roof_material");
});

test("a changed type keeps what it can hold and says what is lost", () => {
  const document = withIds(
    form(text("city", { binds_to: "city", max_length: 20, required: true, placeholder: "Town" })),
  );
  const command = commands.changeType(document, catalogue, document.elements[0][ID], "email");
  const [element] = apply(document, command.operation).document.elements;
  assert.deepEqual(plain(element), {
    kind: "field", key: "city", type: "email", label: "city", required: true, placeholder: "Town",
  });
  assert.equal(command.say, "Type changed to Email. Lost: saving to city and longest answer.");
});

test("between two choice types the choices stay", () => {
  const document = START();
  const command = commands.changeType(document, catalogue, document.elements[1][ID], "radio");
  assert.equal(command.say, "Type changed to One choice. Nothing was lost.");
});

test("a place is spoken with its screen", () => {
  const document = START();
  const words = (index) => commands.placeInWords(document, catalogue, document.elements[index][ID]);
  assert.equal(words(1), "B, 2 of 2 on screen 1");
  assert.equal(words(3), "c, 1 of 1 on screen 2");
  const single = withIds(form(text("a"), text("b")));
  assert.equal(commands.placeInWords(single, catalogue, single.elements[1][ID]), "b, 2 of 2");
});

test("the places to move to are the ones an element would have afterwards", () => {
  const document = START();
  const id = document.elements[0][ID];
  const places = commands.placesFor(document, catalogue, id);
  assert.deepEqual(
    places.map((place) => place.words),
    ["At the start of the form", "After B", "At the start of screen 2, “More”", "After c"],
  );
  const moved = apply(document, commands.move(document, catalogue, id, places[3].index).operation).document;
  assert.equal(moved.elements.at(-1)[ID], id);
});
