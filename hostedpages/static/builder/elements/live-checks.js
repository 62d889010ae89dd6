// <live-checks>: around a form with buttons [data-check]. A press posts the form as it is now and
// draws each step of the test as the server says it, one JSON object a line. The focus stays.
// Without a script the same button loads a page with the result.
import { CheckSteps, outdate, part } from "./check-steps.js";

class LiveChecks extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.said = this.querySelector("[data-said]");
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-check]");
      const link = event.target.closest("[data-to-field]");
      if (!button && !link) return;
      event.preventDefault();
      if (link) this.fieldOf(link.dataset.toField).focus();
      else if (!this.isBusy) this.run(button);
    });
    this.form.addEventListener("input", () => {
      for (const place of this.querySelectorAll("[data-results]")) outdate(place);
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
    this.steps = new CheckSteps(this.querySelector(`[data-results=${button.value}]`));
    this.showErrors({});
    // What an earlier test proved is proved until one that signs in says otherwise.
    if (button.value !== "server") this.form.elements.tested.value = "";
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
      const links = this.showErrors(told.problems ?? {});
      return void this.end(told.error?.message ?? "This did not work. Please reload the page and try again.", links);
    }
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (let got = await reader.read(); !got.done; got = await reader.read()) {
      const lines = (text + got.value).split("\n");
      text = lines.pop();
      for (const line of lines) this.take(JSON.parse(line));
    }
  }

  take(step) {
    if (!("end" in step)) return void (this.said.textContent = this.steps.take(step) || this.said.textContent);
    if (step.tested) this.form.elements.tested.value = step.tested;
    this.end(step.end);
  }

  end(words, links = []) {
    this.steps.end(words, links);
    this.said.textContent = [words, ...links.map((link) => link.textContent)].join(" ");
  }

  // Says each problem at its field, and gives back a link to each.
  showErrors(problems) {
    for (const line of this.form.querySelectorAll("[data-live-error]")) line.remove();
    return Object.entries(problems).map(([name, words]) => {
      const line = part("p", "error", words);
      line.dataset.liveError = "";
      const field = this.fieldOf(name);
      field?.closest(".field, .check")?.append(line);
      const label = field?.labels?.[0]?.firstChild?.textContent.trim();
      const link = part("a", "", label ? `${label}: ${words}` : words);
      link.href = `#${field?.id || "sender"}`;
      link.dataset.toField = name;
      return link;
    });
  }

  // Of radios the chosen one; without one, the first.
  fieldOf(name) {
    const found = this.form.elements[name];
    return found instanceof RadioNodeList ? ([...found].find((each) => each.checked) ?? found[0]) : found;
  }
}

customElements.define("live-checks", LiveChecks);
