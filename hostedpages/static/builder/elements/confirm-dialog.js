// <confirm-dialog>: holds a link (which leads to a page that asks) and a <dialog> that asks right here.
// Without a script the link works as a link; with one the dialog opens and Escape closes it.
class ConfirmDialog extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      const dialog = this.querySelector("dialog");
      if (!dialog) return;
      if (event.target.closest("[data-open]")) {
        event.preventDefault();
        this.closest("details.menu")?.removeAttribute("open");
        if (document.body.contains(dialog)) dialog.showModal();
      } else if (event.target.closest("[data-close]") || event.target === dialog) {
        event.preventDefault();
        dialog.close();
      }
    });
  }
}

customElements.define("confirm-dialog", ConfirmDialog);
