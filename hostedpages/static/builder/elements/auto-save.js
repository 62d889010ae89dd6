// <auto-save status="id" state="id">: around a form that saves by itself. Says in words what it does,
// puts errors under their fields, and never loses what is typed. Without a script the form has its
// button. Controls with data-manual wait for a button of their own.
import { isChanged } from "./is-changed.js";

const PAUSE = 700;
const FIRST_RETRY = 2000;

class AutoSave extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.status = document.getElementById(this.getAttribute("status"));
    this.addEventListener("input", (event) => this.later(event, PAUSE));
    this.addEventListener("change", (event) => this.later(event, 0));
    // A button in the form posts it the plain way: nothing may be saved behind its back.
    this.form.addEventListener("submit", () => this.rest());
    addEventListener("beforeunload", (event) => this.isDirty && event.preventDefault());
    document.addEventListener("click", (event) => this.leave(event));
    for (const early of [...this.form.elements].filter(isChanged)) this.later({ target: early }, PAUSE);
  }

  // A link waits until all is stored: the page behind it would show, or publish, what was before.
  leave(event) {
    const link = event.target.closest("a[href]");
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (!link || link.target || link.hasAttribute("download") || !isPlain || event.defaultPrevented) return;
    if (!this.isDirty && !this.isSaving) return;
    event.preventDefault();
    this.goal = link.href;
    clearTimeout(this.timer);
    if (this.isDirty) this.save();
  }

  later(event, pause) {
    if (!event.target.name || event.target.hasAttribute("data-manual")) return;
    this.isDirty = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), pause);
  }

  rest() {
    clearTimeout(this.timer);
    this.isDirty = false;
  }

  async save() {
    if (this.isSaving) return void (this.again = true);
    this.isSaving = true;
    this.isDirty = false;
    this.say("saving", "Saving");
    const answer = await fetch(this.form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(this.form)),
      headers: { Accept: "application/json" },
      keepalive: true,
    }).catch(() => null);
    const body = answer ? await answer.json().catch(() => null) : null;
    // Only now: another save needs what this one gave.
    this.isSaving = false;
    this.take(answer, body);
    if (this.again) {
      this.again = false;
      this.save();
    } else if (this.goal && !this.isDirty) {
      location.assign(this.goal);
    }
  }

  take(answer, body) {
    if (!answer || (answer.status >= 500 && answer.status !== 501)) return this.retry();
    this.delay = 0;
    this.showErrors(body?.errors ?? {});
    if (!answer.ok) {
      this.isDirty = true;
      this.goal = "";
      const words = body?.message ?? body?.error?.message ?? "Not saved. Please reload the page.";
      return this.say(answer.status === 409 ? "conflict" : "error", words);
    }
    this.form.elements.seen.value = body.seen;
    this.say("saved", "Saved");
    const pill = document.querySelector(`#${this.getAttribute("state")} .pill`);
    if (pill) {
      pill.textContent = body.state;
      pill.className = `pill is-${body.pill}`;
    }
    return undefined;
  }

  retry() {
    this.isDirty = true;
    this.goal = "";
    this.delay = Math.min((this.delay || FIRST_RETRY / 2) * 2, 30000);
    this.say("error", "Not saved: no connection. Trying again.");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), this.delay);
  }

  showErrors(errors) {
    for (const line of this.querySelectorAll(".error[id$='-error']")) {
      const name = line.id.slice(0, -"-error".length);
      line.hidden = !(name in errors);
      line.querySelector("span").textContent = errors[name] ?? "";
      const control = this.form.elements[name];
      if (control instanceof HTMLElement) control.setAttribute("aria-invalid", String(name in errors));
    }
  }

  say(state, words) {
    this.status.dataset.state = state;
    this.status.textContent = words;
  }
}

customElements.define("auto-save", AutoSave);
