import assert from "node:assert/strict";
import { test } from "node:test";

import {
  ID, copyOf, freeKey, nameOf, newElement, placeOf, plain, screensOf, slug, withIds,
} from "../../hostedpages/static/builder/editor/document.js";
import { catalogue, form, text } from "./catalogue.js";

test("identities are never part of what is sent to the server", () => {
  const document = form(text("one"));
  assert.deepEqual(plain(withIds(document)), document);
});

test("a key is made of plain letters and never taken twice", () => {
  const document = withIds(form(text("phone"), text("phone_2")));
  assert.equal(freeKey(document, "Phone"), "phone_3");
  assert.equal(slug("Größe der Fläche (m²)"), "gro_e_der_flache_m2");
  assert.equal(freeKey(document, "2nd phone"), "field_2nd_phone");
  assert.equal(freeKey(document, "x".repeat(60)).length, 40);
  assert.equal(freeKey(document, "電話"), "field");
});

test("a numbered key stays within forty characters", () => {
  const long = "a".repeat(40);
  const key = freeKey(withIds(form(text(long))), long);
  assert.equal(key, `${"a".repeat(38)}_2`);
});

test("keys with a meaning of their own in a script are ordinary keys", () => {
  const document = withIds(form(text("proto"), text("constructor")));
  assert.equal(freeKey(document, "constructor"), "constructor_2");
  assert.equal(freeKey(document, "__proto__"), "proto_2");
});

test("separators divide a form into screens", () => {
  const document = withIds(
    form(text("a"), text("b"), { kind: "separator", title: "Roof" }, text("c")),
  );
  assert.deepEqual(
    screensOf(document).map((screen) => [screen.number, screen.title, screen.start, screen.elements.length]),
    [[1, "", 0, 2], [2, "Roof", 3, 1]],
  );
  assert.deepEqual(placeOf(document, 3), { screen: 2, screens: 2, position: 1, size: 1 });
  assert.equal(placeOf(document, 2).position, 0);
});

test("every element has a name, however little it holds", () => {
  assert.equal(nameOf(catalogue, text("a", { label: " " })), "Text");
  assert.equal(nameOf(catalogue, { kind: "line" }), "Line");
  assert.equal(nameOf(catalogue, { kind: "notes", html: "<p>We <b>call</b> &amp; mail</p>" }), "We call & mail");
  assert.equal(nameOf(catalogue, { kind: "field", key: "gone", type: "unheard_of", label: "" }), "gone");
});

test("a field from a contact field is bound, named and typed", () => {
  const element = newElement(withIds(form()), catalogue, { kind: "field", contact: "cell_phone" });
  assert.deepEqual(plain(element), {
    kind: "field", key: "cell_phone", type: "phone", label: "Cell phone", binds_to: "cell_phone",
  });
});

test("a new choice field starts with two choices", () => {
  const element = newElement(withIds(form()), catalogue, { kind: "field", type: "select" });
  assert.deepEqual(element.choices.map((choice) => choice.value), ["option_1", "option_2"]);
});

test("a copy has its own key and identity and leaves the contact field to the first", () => {
  const document = withIds(form(text("first_name", { binds_to: "first_name", required: true })));
  const copy = copyOf(document, document.elements[0]);
  assert.deepEqual(plain(copy), { kind: "field", key: "first_name_2", type: "text", label: "first_name", required: true });
  assert.notEqual(copy[ID], document.elements[0][ID]);
});

test("a new element says at once what a document must say", () => {
  const make = (kind) => plain(newElement(withIds(form()), catalogue, { kind }));
  assert.deepEqual(make("header"), { kind: "header", text: "Header" });
  assert.deepEqual(make("notes"), { kind: "notes", html: "" });
  assert.deepEqual(make("separator"), { kind: "separator" });
});
