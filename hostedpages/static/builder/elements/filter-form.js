// <filter-form>: around a GET form. Choosing something filters at once; typing filters after a pause.
// What stands in an element with data-wait waits for a button.
// Without a script the form has its button. Empty values stay out of the address.
const PAUSE = 450;

class FilterForm extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    if (!this.form) return;
    this.form.addEventListener("change", (event) => {
      if (event.target.type !== "search" && !event.target.closest("[data-wait]")) this.form.requestSubmit();
    });
    this.form.addEventListener("input", (event) => {
      if (event.target.type !== "search") return;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.form.requestSubmit(), PAUSE);
    });
    // Whoever clicks a link right after typing goes there, and is not taken back by the filter.
    document.addEventListener("click", (event) => {
      const isPlain = !event.defaultPrevented && !event.metaKey && !event.ctrlKey && !event.shiftKey;
      if (isPlain && event.target.closest("a[href]")) clearTimeout(this.timer);
    });
    this.form.addEventListener("submit", () => {
      clearTimeout(this.timer);
      const search = this.form.querySelector("input[type='search']");
      if (search && search === document.activeElement) sessionStorage.setItem("typing-in", location.pathname);
      for (const control of this.form.elements) if (control.name && !control.value) control.disabled = true;
    });
    this.restoreFocus();
  }

  // The page was loaded again while somebody typed: the caret goes back to where it was.
  restoreFocus() {
    if (sessionStorage.getItem("typing-in") !== location.pathname) return;
    sessionStorage.removeItem("typing-in");
    const search = this.form.querySelector("input[type='search']");
    search?.focus();
    search?.setSelectionRange(search.value.length, search.value.length);
  }
}

customElements.define("filter-form", FilterForm);
// Coming back with the Back button shows a page from memory: its controls must work again.
addEventListener("pageshow", () => {
  for (const control of document.querySelectorAll("filter-form :disabled")) control.disabled = false;
});
