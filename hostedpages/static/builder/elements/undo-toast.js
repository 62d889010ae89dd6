// <undo-toast>: a message the server wrote, with an Undo form in it. Goes away by itself, but never
// while somebody points at it or has the focus in it. Without a script it simply stays.
const SHOWN_FOR = 9000;

class UndoToast extends HTMLElement {
  connectedCallback() {
    const close = document.createElement("button");
    close.type = "button";
    close.textContent = "Dismiss";
    close.addEventListener("click", () => this.remove());
    this.append(close);
    for (const name of ["pointerenter", "focusin"]) this.addEventListener(name, () => clearTimeout(this.timer));
    for (const name of ["pointerleave", "focusout"]) this.addEventListener(name, () => this.wait());
    this.addEventListener("keydown", (event) => event.key === "Escape" && this.remove());
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.remove(), Number(this.getAttribute("seconds") ?? 0) * 1000 || SHOWN_FOR);
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }
}

customElements.define("undo-toast", UndoToast);
