// <busy-form words="Asking …">: holds a form that takes seconds. Says so as soon as it is sent, and
// keeps a second press from sending it again. Without a script the browser's own progress shows.
const SHOWN_AFTER = 300;

class BusyForm extends HTMLElement {
  connectedCallback() {
    if (this.status) return;
    this.status = document.createElement("div");
    this.status.setAttribute("role", "status");
    this.append(this.status);
    this.addEventListener("submit", (event) => {
      if (this.isBusy) event.preventDefault();
      else this.begin(event.target);
    });
    // Back in the browser's history shows the page as it was left.
    addEventListener("pageshow", (event) => event.persisted && this.end());
  }

  begin(form) {
    this.isBusy = true;
    this.buttons = [...form.elements, ...document.querySelectorAll(`button[form="${form.id}"]`)]
      .filter((each) => each.localName === "button");
    for (const button of this.buttons) button.setAttribute("aria-disabled", "true");
    this.timer = setTimeout(() => this.show(), SHOWN_AFTER);
  }

  show() {
    const words = document.createElement("p");
    words.textContent = this.getAttribute("words");
    const bar = document.createElement("progress");
    bar.className = "full-width";
    bar.setAttribute("aria-label", "In progress");
    const shown = document.createElement("div");
    shown.className = "stack is-tight gap-bottom";
    shown.append(words, bar);
    this.status.replaceChildren(shown);
    this.status.scrollIntoView({ block: "nearest" });
  }

  end() {
    this.isBusy = false;
    clearTimeout(this.timer);
    this.status.replaceChildren();
    for (const button of this.buttons ?? []) button.removeAttribute("aria-disabled");
  }
}

customElements.define("busy-form", BusyForm);
