// Where the designer meets the outside: sending the draft, the save state in the head, what is spoken,
// toasts, and the page going away.

import { html, nothing, render } from "../../vendor/lit-html-3.3.3/lit-html.js";
import { icon } from "./parts.js";

const TIMEOUT_MS = 20000;
const TOAST_MS = 7000;
const KEEPALIVE_BYTES = 60000; // browsers refuse more for a page that goes away

const meta = () => document.querySelector("meta[name=csrf-token]");

// Who signed in again, in another tab, has a new token: it is read from a fresh copy of this page.
async function freshToken() {
  const answer = await fetch(location.href, { credentials: "same-origin" });
  const found = /<meta name="csrf-token" content="([^"]*)"/.exec(await answer.text());
  if (found && meta()) meta().content = found[1];
  return Boolean(found);
}

function request(url, body, more = {}) {
  const text = JSON.stringify(body);
  return fetch(url, {
    method: "POST",
    credentials: "same-origin",
    redirect: "error",
    headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": meta()?.content ?? "" },
    body: text,
    keepalive: text.length < KEEPALIVE_BYTES, // so that it arrives although the page goes away
    ...more,
  });
}

/** async (body) => {status, body}; rejects without a connection. */
export function sendDraft(url) {
  return async (body) => {
    const ask = () => request(url, body, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    let answer = await ask();
    if (answer.status === 403 && (await freshToken())) answer = await ask();
    const isJson = answer.headers.get("Content-Type")?.includes("json");
    return { status: answer.status, body: isJson ? await answer.json() : null };
  };
}

const STATES = { saved: "saved", waiting: "saving", saving: "saving", stale: "conflict" };
const SIGNS = { saved: "check", waiting: "refresh-cw", saving: "refresh-cw" };

function drawState(element, save, saving) {
  if (!element) return;
  element.dataset.state = STATES[save.name] ?? "error";
  const isBad = !SIGNS[save.name];
  const again = ["offline", "signed_out"].includes(save.name)
    ? html`<button type="button" class="link-button" @click=${() => saving.flush()}>Try now</button>`
    : nothing;
  render(html`${icon(SIGNS[save.name] ?? "triangle-alert")}<span>${save.words}</span>${isBad ? again : nothing}`, element);
}

/** Keeps the parts of the page around the designer true. */
export function connectPage(app, { state, pill, spoken, toasts }) {
  const { store } = app;
  let said = null;
  let toast = null;
  let timer = null;

  function drawToast() {
    const undo = () => {
      store.undo();
      toast = null;
      drawToast();
    };
    render(
      toast
        ? html`<div class="toast"><span>${toast.words}</span>${toast.canUndo ? html`<button type="button" @click=${undo}>Undo</button>` : nothing}</div>`
        : nothing,
      toasts,
    );
  }

  function update() {
    drawState(state, store.state.save, store.saving);
    if (store.state.notice !== said) {
      said = store.state.notice;
      spoken.textContent = said.words;
    }
    if (store.state.toast !== toast) {
      toast = store.state.toast;
      clearTimeout(timer);
      timer = setTimeout(() => store.toast(null), TOAST_MS);
      drawToast();
    }
  }

  store.subscribe(update);
  update();

  store.onSaved((sent, answer) => {
    if (pill && answer.state) {
      const words = document.createElement("span");
      words.className = `pill is-${answer.pill}`;
      words.textContent = answer.state;
      pill.replaceChildren(words);
    }
  });
  addEventListener("visibilitychange", () => document.visibilityState === "hidden" && store.saving.flush());
  addEventListener("online", () => store.saving.flush());
  addEventListener("beforeunload", (event) => {
    if (store.saving.isSaved) return;
    event.preventDefault();
  });

  // The other tabs of the page and Publish work with what is stored: wait for it first.
  document.addEventListener(
    "click",
    async (event) => {
      const link = event.target.closest?.(".head a[href], .head form button, .rail a[href], .designer a[href]");
      const isPlain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.button);
      if (!link || !isPlain || store.saving.isSaved || link.dataset.waited) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      store.settle();
      await store.saving.flush();
      if (!store.saving.isSaved) return;
      link.dataset.waited = "";
      link.click();
      delete link.dataset.waited;
    },
    { capture: true },
  );
}
