// <lead-list>: a list whose rows open in a panel beside it. Without a script each row's link leads to
// the same panel on a page of its own. The panel is read as a document, so no text becomes markup here.
class LeadList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => this.onClick(event));
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.panel || document.querySelector("dialog[open], .menu[open]")) return;
      this.close();
    });
  }

  get panel() {
    return this.querySelector(":scope > .side");
  }

  onClick(event) {
    if (event.target.closest("[data-close-panel]")) {
      event.preventDefault();
      return this.close();
    }
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const row = event.target.closest("tbody tr");
    const link = event.target.closest("a[data-panel]") ?? (event.target.closest("a, button, summary, input") ? null : row?.querySelector("a[data-panel]"));
    if (!link || !isPlain || getSelection()?.toString()) return undefined;
    event.preventDefault();
    return this.open(link);
  }

  open(link) {
    this.link = link;
    const request = new XMLHttpRequest();
    request.open("GET", `${link.href}?part=1`);
    request.responseType = "document";
    request.onload = () => {
      const found = request.status === 200 && request.response?.querySelector(".side");
      if (!found) return void location.assign(link.href);
      if (link === this.link) this.show(document.importNode(found, true));
    };
    request.onerror = () => location.assign(link.href);
    request.send();
  }

  show(panel) {
    this.mark(null);
    this.panel?.remove();
    this.append(panel);
    this.mark(this.link.closest("tr"));
    panel.querySelector("h2")?.focus({ preventScroll: true });
  }

  close() {
    this.panel?.remove();
    this.mark(null);
    this.link?.focus({ preventScroll: true });
  }

  mark(row) {
    this.querySelector("tr.is-open")?.classList.remove("is-open");
    row?.classList.add("is-open");
  }
}

customElements.define("lead-list", LeadList);
