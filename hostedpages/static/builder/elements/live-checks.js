// <live-checks>: around a form with buttons [data-check]. A press posts the form as it stands and
// draws each step of the test as the server says it, one JSON object a line. The focus stays.
// Without a script the same button loads a page with the result.
const STATES = { running: "is-running", ok: "is-ok", problem: "is-bad", skipped: "is-skipped" };
const WORDS = { running: "under way", ok: "fine", problem: "problem", skipped: "not done" };

class LiveChecks extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.said = this.querySelector("[data-said]");
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-check]");
      if (!button) return;
      event.preventDefault();
      if (!this.isBusy) this.run(button);
    });
    // Enter in the address of the test mail sends the test, not the settings.
    this.form.elements.to?.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.querySelector("[data-check][value=send]").click();
    });
  }

  async run(button) {
    this.isBusy = true;
    for (const each of this.querySelectorAll("[data-check]")) each.setAttribute("aria-disabled", "true");
    this.results = this.querySelector(`[data-results=${button.value}]`);
    this.list = this.part("ol", "steps is-checks");
    this.results.replaceChildren(this.list);
    this.rows = new Map();
    this.showErrors({});
    try {
      const body = new URLSearchParams(new FormData(this.form));
      body.set("check", button.value);
      const answer = await fetch(this.getAttribute("action"), { method: "POST", body, headers: { Accept: "application/x-ndjson, application/json" } });
      await this.read(answer);
    } catch {
      this.end("The connection to this page broke off. Please try again.");
    }
    for (const each of this.querySelectorAll("[data-check]")) each.removeAttribute("aria-disabled");
    this.isBusy = false;
  }

  async read(answer) {
    if (!answer.ok) {
      const told = await answer.json().catch(() => ({}));
      this.showErrors(told.problems ?? {});
      return void this.end(told.error?.message ?? "This did not work. Please reload the page and try again.");
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const lines = (text + part.value).split("\n");
      text = lines.pop();
      for (const line of lines) this.take(JSON.parse(line));
    }
  }

  take(step) {
    if ("end" in step) return void this.end(step.end);
    const row = this.part("li", STATES[step.state]);
    const took = step.milliseconds >= 1000 ? `${(step.milliseconds / 1000).toFixed(2)} s` : `${Math.max(1, step.milliseconds)} ms`;
    const time = ["ok", "problem"].includes(step.state) ? `, ${took}` : "";
    const title = this.part("span", "check-title");
    title.append(this.part("strong", "", step.title), " ", this.part("span", "quiet small", WORDS[step.state] + time));
    row.append(title);
    if (step.detail) row.append(this.part("span", "check-detail", step.detail));
    if (step.hint) row.append(this.part("span", "check-hint", step.hint));
    const known = this.rows.get(step.name);
    if (known) known.replaceWith(row);
    else this.list.append(row);
    this.rows.set(step.name, row);
    if (step.state !== "running") this.said.textContent = `${step.title}: ${WORDS[step.state]}. ${step.detail} ${step.hint}`;
  }

  end(words) {
    this.results.append(this.part("p", "check-end", words));
    this.said.textContent = words;
  }

  showErrors(problems) {
    for (const line of this.form.querySelectorAll("[data-live-error]")) line.remove();
    for (const [name, words] of Object.entries(problems)) {
      const line = this.part("p", "error", words);
      line.dataset.liveError = "";
      document.getElementById(name)?.closest(".field, .check")?.append(line);
    }
  }

  part(name, className, text = "") {
    const made = document.createElement(name);
    if (className) made.className = className;
    made.textContent = text;
    return made;
  }
}

customElements.define("live-checks", LiveChecks);
