import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { nearestPassing, parse, textOn } from "../../hostedpages/static/builder/elements/contrast.js";

const vectors = JSON.parse(readFileSync(new URL("../documents/contrast_vectors.json", import.meta.url)));

test("colors are judged as the server judges them", () => {
  for (const { color, background, minimum, nearest, text_on: text } of vectors) {
    assert.equal(nearestPassing(color, background, minimum), nearest, color);
    assert.equal(textOn(color), text, color);
  }
});

test("short and long hex are read, anything else is not", () => {
  assert.equal(parse(" #ABC "), "#aabbcc");
  assert.equal(parse("0b5394"), "#0b5394");
  for (const wrong of ["", "blue", "#12", "#12345", "rgb(0,0,0)"]) assert.equal(parse(wrong), null);
});
