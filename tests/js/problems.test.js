import assert from "node:assert/strict";
import { test } from "node:test";

import * as commands from "../../hostedpages/static/builder/editor/commands.js";
import { ID, withIds } from "../../hostedpages/static/builder/editor/document.js";
import { apply } from "../../hostedpages/static/builder/editor/operations.js";
import {
  fromServer, localProblems, numberOfProblems, visibleProblems,
} from "../../hostedpages/static/builder/editor/problems.js";
import { catalogue, form, text } from "./catalogue.js";

function messages(...elements) {
  return localProblems(withIds(form(...elements)), catalogue).map((one) => one.message);
}

test("what can be known at once is known at once", () => {
  assert.deepEqual(messages(text("a", { label: "" })), ["The field has no label."]);
  assert.deepEqual(messages({ kind: "separator" }, text("a")), ["A page separator cannot be first."]);
  assert.deepEqual(messages(text("a"), { kind: "separator" }), ["A page separator cannot be last."]);
  assert.deepEqual(messages(text("a", { binds_to: "city" }), text("b", { binds_to: "city" })), [
    "Another field already saves to this contact field.",
  ]);
  assert.deepEqual(messages(text("a")), []);
});

test("a rule that looks ahead, nowhere or at nothing is named", () => {
  const rule = (field, value) => ({ show_if: { all: [{ field, operator: "equals", value }] } });
  assert.deepEqual(messages(text("a", rule("b", "x")), text("b")), ["A rule may look only at earlier fields."]);
  assert.deepEqual(messages(text("a"), text("b", rule("gone", "x"))), ["The rule looks at a field that is gone."]);
  assert.deepEqual(messages(text("a"), text("b", rule("a", ""))), ["The rule has no value to compare with."]);
});

test("a server's path leads to the element and its setting", () => {
  const document = withIds(form(text("a"), text("b")));
  const [one, page] = fromServer(
    [
      { path: "elements[1].choices[0].label", message: "Too long." },
      { path: "options.lead_source", message: "No lead source." },
    ],
    document,
  );
  assert.deepEqual(one, { elementId: document.elements[1][ID], setting: "choices", message: "Too long." });
  assert.deepEqual(page, { elementId: null, setting: "options.lead_source", message: "No lead source." });
});

test("between two saves a changed element is judged here and the rest keeps the server's word", () => {
  const document = withIds(form(text("a", { label: "" }), text("b")));
  const problems = fromServer(
    [
      { path: "elements[0].label", message: "Label: required." },
      { path: "elements[1].max_length", message: "Too large." },
    ],
    document,
  );
  const server = { document, problems };
  assert.equal(visibleProblems(document, catalogue, server).length, 2);
  const fix = commands.update(document, catalogue, document.elements[0][ID], "label", "Name");
  const fixed = apply(document, fix.operation).document;
  assert.deepEqual(visibleProblems(fixed, catalogue, server).map((one) => one.message), ["Too large."]);
});

test("a problem that the server has said is not said twice", () => {
  const document = withIds(form(text("a", { label: "" }), text("b")));
  const server = { document, problems: fromServer([{ path: "elements[0].label", message: "No label." }], document) };
  const edit = commands.update(document, catalogue, document.elements[1][ID], "help", "Help");
  const edited = apply(document, edit.operation).document;
  assert.deepEqual(visibleProblems(edited, catalogue, server).map((one) => one.message), ["No label."]);
});

test("the count is a sentence", () => {
  assert.equal(numberOfProblems(0), "Ready to publish");
  assert.equal(numberOfProblems(1), "1 thing to fix before publishing");
  assert.equal(numberOfProblems(2), "2 things to fix before publishing");
});
