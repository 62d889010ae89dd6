// <contact-search source="/pages/…/contacts">: finds contacts while one types. Without a script the
// form around the box asks the server, which draws the same rows.
const PAUSE = 250;

class ContactSearch extends HTMLElement {
  connectedCallback() {
    this.box = this.querySelector("input[type='search']");
    this.results = this.querySelector("[data-results]");
    this.rows = this.querySelector("[data-rows]");
    this.nothing = this.querySelector("[data-nothing]");
    this.box.addEventListener("input", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.find(), PAUSE);
    });
    this.box.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.find();
    });
  }

  async find() {
    const words = this.box.value.trim();
    this.asked = words;
    if (!words) return this.show([], false);
    const answer = await fetch(`${this.getAttribute("source")}?q=${encodeURIComponent(words)}`, {
      headers: { Accept: "application/json" },
    }).catch(() => null);
    if (this.asked !== words) return undefined;
    if (!answer?.ok) return this.box.form.submit();
    return this.show((await answer.json()).contacts, true);
  }

  show(contacts, hasAsked) {
    this.results.hidden = contacts.length === 0;
    this.nothing.hidden = !hasAsked || contacts.length > 0;
    this.rows.replaceChildren(...contacts.map((contact, at) => this.row(contact, at === 0)));
  }

  row(contact, isFirst) {
    const row = document.createElement("label");
    row.className = "choice";
    const radio = document.createElement("input");
    Object.assign(radio, { type: "radio", name: "contact", value: contact.id, required: true, checked: isFirst });
    row.append(radio, this.words("choice-name", contact.name), this.words("choice-sample", contact.detail));
    return row;
  }

  words(className, text) {
    const span = document.createElement("span");
    span.className = className;
    span.textContent = text;
    return span;
  }
}

customElements.define("contact-search", ContactSearch);
