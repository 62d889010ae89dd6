import assert from "node:assert/strict";
import { test } from "node:test";

import * as commands from "../../hostedpages/static/builder/editor/commands.js";
import { ID, plain } from "../../hostedpages/static/builder/editor/document.js";
import { createStore } from "../../hostedpages/static/builder/editor/store.js";
import { catalogue, form, text } from "./catalogue.js";

// Timers that fire when the test says so.
function manualTimers() {
  let waiting = new Map();
  let last = 0;
  return {
    setTimeout(run, delay) {
      last += 1;
      waiting.set(last, { run, delay });
      return last;
    },
    clearTimeout: (id) => waiting.delete(id),
    delays: () => [...waiting.values()].map((one) => one.delay),
    async fire() {
      const due = waiting;
      waiting = new Map();
      for (const { run } of due.values()) await run();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function server(first) {
  const stored = { lock_version: 1, document: first };
  const asked = [];
  const server = {
    stored,
    asked,
    mode: "up",
    async send(request) {
      asked.push(request);
      if (server.mode === "down") throw new TypeError("no connection");
      if (typeof server.mode === "number") return { status: server.mode, body: server.body ?? {} };
      if (request.lock_version !== stored.lock_version) {
        const body = { lock_version: stored.lock_version, document: stored.document, changes: [] };
        if (request.base) Object.assign(body, { theirs: ["Title became Theirs"], mine: ["Field “B” added"] });
        return { status: 409, body };
      }
      stored.lock_version += 1;
      stored.document = request.document;
      return { status: 200, body: { lock_version: stored.lock_version, problems: [], changes: [] } };
    },
  };
  return server;
}

function opened(document = form(text("a"))) {
  const timers = manualTimers();
  const back = server(document);
  let time = 0;
  const store = createStore({
    document, catalogue, lockVersion: 1, problems: [], publishedKeys: ["a"], send: back.send, timers,
    now: () => (time += 1),
  });
  return { store, timers, back, state: store.state };
}

function addLine(store) {
  return store.run(commands.add(store.state.document, catalogue, { kind: "line" }));
}

test("a change is saved by itself", async () => {
  const { store, timers, back, state } = opened();
  addLine(store);
  assert.equal(state.save.words, "Saving");
  await timers.fire();
  assert.equal(state.save.words, "Saved");
  assert.equal(back.stored.document.elements.length, 2);
});

test("typing is saved after a pause, once", async () => {
  const { store, timers, back, state } = opened();
  for (const label of ["N", "Na", "Nam"]) {
    store.run(commands.update(state.document, catalogue, state.document.elements[0][ID], "label", label));
  }
  assert.deepEqual(timers.delays(), [500]);
  await timers.fire();
  assert.equal(back.asked.length, 1);
  assert.equal(back.stored.document.elements[0].label, "Nam");
});

test("what is typed while a save runs is saved after it", async () => {
  const { store, timers, back, state } = opened();
  addLine(store);
  const send = store.saving.flush();
  addLine(store);
  await send;
  await timers.fire();
  assert.equal(back.stored.document.elements.length, 3);
  assert.equal(state.save.words, "Saved");
});

test("without a connection it says so, keeps the change and tries again", async () => {
  const { store, timers, back, state } = opened();
  back.mode = "down";
  addLine(store);
  await timers.fire();
  assert.match(state.save.words, /^Not saved: no connection/);
  assert.deepEqual(timers.delays(), [1000]);
  await timers.fire();
  assert.deepEqual(timers.delays(), [3000]);
  assert.equal(store.saving.isSaved, false);
  back.mode = "up";
  await timers.fire();
  assert.equal(state.save.words, "Saved");
  assert.equal(store.saving.isSaved, true);
});

test("a server in trouble is tried again", async () => {
  const { store, timers, back, state } = opened();
  back.mode = 503;
  addLine(store);
  await timers.fire();
  assert.match(state.save.words, /the server answered 503\. Trying again/);
});

test("a refused document says why and is sent again with the next change", async () => {
  const { store, timers, back, state } = opened();
  back.mode = 422;
  back.body = { message: "Label: at most 300 characters.", problems: [{ path: "elements[0].label", message: "Too long." }] };
  addLine(store);
  await timers.fire();
  assert.equal(state.save.words, "Not saved: a: Too long.");
  assert.equal(store.problems()[0].elementId, state.document.elements[0][ID]);
  assert.deepEqual(timers.delays(), []);
  back.mode = "up";
  store.undo();
  await timers.fire();
  assert.equal(state.save.words, "Saved");
});

test("a draft that another window changed is refused with what changed on both sides", async () => {
  const { store, timers, back, state } = opened();
  back.stored.lock_version = 5;
  back.stored.document = form(text("a", { label: "Theirs" }));
  addLine(store);
  await timers.fire();
  assert.equal(state.save.name, "stale");
  assert.deepEqual(state.save.conflict.theirs, ["Title became Theirs"]);
  assert.equal(back.stored.lock_version, 5);
  addLine(store);
  assert.deepEqual(timers.delays(), []);
});

test("keeping mine writes it over the other version", async () => {
  const { store, timers, back, state } = opened();
  back.stored.lock_version = 5;
  addLine(store);
  await timers.fire();
  store.keepMine();
  await timers.fire();
  assert.equal(state.save.words, "Saved");
  assert.equal(back.stored.document.elements.length, 2);
});

test("loading the other version can be undone", async () => {
  const { store, timers, back, state } = opened();
  back.stored.lock_version = 5;
  back.stored.document = form(text("a", { label: "Theirs" }));
  addLine(store);
  await timers.fire();
  store.loadOther();
  assert.equal(state.document.elements[0].label, "Theirs");
  assert.equal(state.save.words, "Saved");
  store.undo();
  await timers.fire();
  assert.equal(back.stored.document.elements.length, 2);
  assert.equal(state.save.words, "Saved");
});

test("signed out and gone are said and not tried for ever", async () => {
  for (const [status, words] of [[401, /signed out/], [404, /no longer exists/]]) {
    const { store, timers, back, state } = opened();
    back.mode = status;
    addLine(store);
    await timers.fire();
    assert.match(state.save.words, words);
    assert.deepEqual(timers.delays(), []);
  }
});

test("undo selects what it brought back and says so", () => {
  const { store, state } = opened();
  const id = state.document.elements[0][ID];
  store.run(commands.remove(state.document, catalogue, id));
  store.undo();
  assert.equal(state.document.elements[0][ID], id);
  assert.equal(state.notice.words, "Undo: Delete a");
  store.undo();
  assert.equal(state.notice.words, "Nothing to undo");
});

test("a refused command changes nothing and is spoken", () => {
  const { store, state } = opened();
  const before = state.document;
  store.run(commands.move(state.document, catalogue, before.elements[0][ID], 0));
  assert.equal(state.document, before);
  assert.equal(state.notice.words, "It is already first.");
});

test("a new field is no longer new once it was left", () => {
  const { store, state } = opened();
  const { select } = store.run(commands.add(state.document, catalogue, { kind: "field", type: "text" }));
  assert.equal(store.isFresh(select), true);
  store.select(null);
  assert.equal(store.isFresh(select), false);
  assert.equal(plain(state.document).elements[1].key, "text");
});
