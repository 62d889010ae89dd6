// Saving by itself: a state machine that knows what the server has and what it does not.
// No DOM; the request, the clock and the timers come in. It never loses a change silently: whatever
// is not on the server is in `state` as words, and is tried again or waits for the person.

export const TYPING_MS = 500;
const RETRY_MS = [1000, 3000, 8000, 20000];

const WORDS = {
  saved: "Saved",
  waiting: "Saving",
  saving: "Saving",
  offline: "Not saved: no connection. Trying again.",
  stale: "Not saved: this form was changed in another window.",
  signed_out: "Not saved: you are signed out. Sign in in another tab, then try again.",
  gone: "Not saved: this page no longer exists.",
};

/**
 * @param send async ({document, lock_version, base?}) => {status, body}; rejects when offline
 * @param current () => the document as it is now
 * @param onChange called after every change of state
 * @param describe (body) => why a document was refused, in words
 * @param onSaved called with (document, answer) when the server took a document
 */
export function createSaving({ send, current, lockVersion, onChange, onSaved, describe, timers = globalThis }) {
  let saved = current();
  let lock = lockVersion;
  let timer = null;
  let tries = 0;
  let running = null;
  let state = { name: "saved", words: WORDS.saved, conflict: null };

  function enter(name, more = {}) {
    state = { name, words: WORDS[name], conflict: null, ...more };
    onChange(state);
  }

  function schedule(delay) {
    timers.clearTimeout(timer);
    timer = timers.setTimeout(() => save(), delay);
  }

  function changed(delay = TYPING_MS) {
    if (state.name === "stale") return;
    if (current() === saved && !running) {
      timers.clearTimeout(timer);
      enter("saved");
      return;
    }
    if (state.name !== "saving") enter("waiting");
    if (!running) schedule(delay);
  }

  function save() {
    timers.clearTimeout(timer);
    if (running) return running;
    if (current() === saved || state.name === "stale") return Promise.resolve(state);
    running = attempt(current()).finally(() => {
      running = null;
      if (state.name === "waiting" || (state.name === "saved" && current() !== saved)) changed(0);
    });
    return running;
  }

  async function attempt(document) {
    enter("saving");
    try {
      const answer = await send({ document, lock_version: lock });
      await take(document, answer);
    } catch {
      retryLater("offline");
    }
    return state;
  }

  async function take(document, { status, body }) {
    if (status === 200) {
      saved = document;
      lock = body.lock_version;
      tries = 0;
      onSaved(document, body);
      if (current() === saved) enter("saved");
      else enter("waiting");
    } else if (status === 409) {
      await compare(document, body);
    } else if (status === 422) {
      enter("refused", { words: `Not saved: ${describe(body ?? {})}`, problems: body?.problems ?? [] });
    } else if (status === 401) {
      enter("signed_out");
    } else if (status === 403) {
      enter("refused", { words: `Not saved: ${body?.error?.message ?? "your role does not include this."}`, problems: [] });
    } else if (status === 404) {
      enter("gone");
    } else if (status === 413) {
      enter("refused", { words: "Not saved: the form is too large.", problems: [] });
    } else {
      retryLater("offline", `Not saved: the server answered ${status}. Trying again.`);
    }
  }

  // The server keeps no earlier drafts, so it is asked once more with the one both windows had.
  async function compare(document, body) {
    let conflict = body;
    if (!body.theirs) {
      const answer = await send({ document, lock_version: lock, base: saved });
      if (answer.status === 409) conflict = answer.body;
    }
    enter("stale", { conflict });
  }

  function retryLater(name, words = WORDS[name]) {
    const delay = RETRY_MS[Math.min(tries, RETRY_MS.length - 1)];
    tries += 1;
    enter(name, { words });
    schedule(delay);
  }

  return {
    get state() {
      return state;
    },
    get lockVersion() {
      return lock;
    },
    get isSaved() {
      return current() === saved && !running;
    },
    changed,
    /** Save now; resolves with the state it ended in. */
    async flush() {
      await save();
      if (current() !== saved && state.name === "waiting") await save();
      return state;
    },
    /** The person decided: their document goes over the one that another window saved. */
    keepMine() {
      if (state.name !== "stale") return;
      lock = state.conflict.lock_version;
      enter("waiting");
      schedule(0);
    },
    /** The person took the other version; it is now the document in hand. */
    tookOther(document, lockVersion) {
      saved = document;
      lock = lockVersion;
      enter(current() === saved ? "saved" : "waiting");
    },
  };
}
