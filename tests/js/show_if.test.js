import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { holds, ruleInWords, showIfInWords, visibleKeys } from "../../hostedpages/static/builder/editor/show_if.js";

const VECTORS = JSON.parse(readFileSync(new URL("../documents/show_if_vectors.json", import.meta.url), "utf-8"));

test("every comparison holds as it does on the server", () => {
  assert.ok(VECTORS.comparisons.length > 50);
  for (const vector of VECTORS.comparisons) {
    const { compare, operator, value, expected } = vector;
    assert.equal(holds(compare, operator, value, expected), vector.holds, JSON.stringify(vector));
  }
});

// How a type's answers compare is the server's to say; the catalogue carries it.
const COMPARES = { multi_select: "list", checkbox: "flag", consent: "flag", currency: "number", number: "number" };

test("the same fields of a page are visible as on the server", () => {
  assert.ok(VECTORS.pages.length > 3);
  for (const { why, elements, cases } of VECTORS.pages) {
    const fields = elements
      .filter((element) => element.kind === "field")
      .map(({ key, type, show_if: rules }) => ({ key, compare: COMPARES[type] ?? "text", show_if: rules }));
    for (const { values, visible } of cases) {
      const found = visibleKeys(fields, new Map(Object.entries(values)));
      assert.deepEqual([...found].sort(), [...visible].sort(), `${why}: ${JSON.stringify(values)}`);
    }
  }
});

const FIELDS = [
  { key: "material", label: "Material", choices: [{ value: "m", label: "Metal" }, { value: "t", label: "Tile" }] },
  { key: "age", label: "" },
];
const OPERATORS = { equals: "equals", in: "is one of", is_empty: "is empty" };

test("a rule reads as a sentence with the labels that people see", () => {
  const words = (rule) => ruleInWords(rule, FIELDS, OPERATORS);
  assert.equal(words({ field: "material", operator: "equals", value: "m" }), "Material equals Metal");
  assert.equal(words({ field: "material", operator: "in", value: ["m", "t"] }), "Material is one of Metal or Tile");
  assert.equal(words({ field: "age", operator: "is_empty" }), "age is empty");
  assert.equal(words({ field: "gone", operator: "equals", value: "" }), "… equals …");
});

test("several rules are joined as they combine", () => {
  const rules = [
    { field: "material", operator: "equals", value: "m" },
    { field: "age", operator: "is_empty" },
  ];
  assert.equal(
    showIfInWords({ show_if: { any: rules } }, FIELDS, OPERATORS),
    "Show this when Material equals Metal or age is empty",
  );
  assert.equal(showIfInWords({}, FIELDS, OPERATORS), "");
});
