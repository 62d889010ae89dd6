// <notes-editor>: rich text in the safe subset the server keeps. Squire edits, DOMPurify cleans what is
// pasted; what the server stores has been cleaned by the server again.

import DOMPurify from "../../vendor/dompurify-3.4.18/dompurify.js";
import { html, render } from "../../vendor/lit-html-3.3.3/lit-html.js";
import Squire from "../../vendor/squire-rte-2.4.8/squire.js";
import { icon } from "./parts.js";

const ALLOWED = {
  ALLOWED_TAGS: ["p", "br", "strong", "em", "u", "ul", "ol", "li", "a", "b", "i", "div"],
  ALLOWED_ATTR: ["href"],
  RETURN_DOM_FRAGMENT: true,
};
const NAMES = { b: "strong", i: "em", div: "p" };

function toFragment(text) {
  return document.importNode(DOMPurify.sanitize(text, ALLOWED), true);
}

// The one spelling of each tag that the server keeps, and nothing of the editor's own attributes.
function stored(root) {
  const write = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return escaped(node.data.replaceAll("\u200b", "").replaceAll("\u00a0", " "));
    if (node.nodeType !== Node.ELEMENT_NODE) return "";
    const given = node.localName;
    const tag = NAMES[given] ?? given;
    const inner = [...node.childNodes].map(write).join("");
    if (tag === "br") return "<br>";
    if (!ALLOWED.ALLOWED_TAGS.includes(tag)) return inner;
    if (tag === "a") return `<a href="${escaped(node.getAttribute("href") ?? "")}">${inner}</a>`;
    if (tag === "p" && (inner === "" || inner === "<br>")) return "";
    return `<${tag}>${tag === "p" ? inner.replace(/<br>$/, "") : inner}</${tag}>`;
  };
  return [...root.childNodes].map(write).join("");
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]);
}

class NotesEditor extends HTMLElement {
  #squire = null;
  #last = null;
  #isAskingLink = false;

  connectedCallback() {
    if (this.#squire) return;
    render(this.#frame(), this);
    const area = this.querySelector(".notes-area");
    this.#squire = new Squire(area, {
      blockTag: "P",
      sanitizeToDOMFragment: toFragment,
      addLinks: true,
      tagAttributes: { a: {} },
    });
    this.#put(this.#last ?? "");
    this.#squire.addEventListener("input", () => this.#changed());
    this.#squire.addEventListener("pathChange", () => this.#draw());
    area.addEventListener("keydown", (event) => {
      // Undo belongs to the whole form; the form's keys must not fire while writing.
      if ((event.ctrlKey || event.metaKey) && ["z", "y"].includes(event.key.toLowerCase())) {
        event.preventDefault();
        event.stopImmediatePropagation();
        this.dispatchEvent(new CustomEvent("history", { detail: event.shiftKey || event.key === "y" ? "redo" : "undo" }));
      }
    }, { capture: true });
  }

  disconnectedCallback() {
    this.#squire?.destroy();
    this.#squire = null;
  }

  set value(text) {
    if (text === this.#last) return;
    this.#last = text;
    if (this.#squire) this.#put(text);
  }

  focusText() {
    this.#squire?.focus();
  }

  #put(text) {
    this.#squire.setHTML(text);
    this.#draw();
  }

  #changed() {
    const text = stored(this.#squire.getRoot());
    this.#draw();
    if (text === this.#last) return;
    this.#last = text;
    this.dispatchEvent(new CustomEvent("change", { detail: text }));
  }

  #has(tag) {
    return Boolean(this.#squire?.hasFormat(tag));
  }

  #toggle(tag, on, off) {
    const squire = this.#squire;
    squire.focus();
    if (this.#has(tag)) squire[off]();
    else squire[on]();
    this.#changed();
  }

  #link(event) {
    event?.preventDefault();
    const url = this.querySelector(".notes-url").value.trim();
    this.#isAskingLink = false;
    this.#squire.focus();
    if (url === "") this.#squire.removeLink();
    else this.#squire.makeLink(/^(https?:|mailto:|tel:|\/|#)/i.test(url) ? url : `https://${url}`);
    this.#changed();
  }

  #askLink() {
    this.#isAskingLink = !this.#isAskingLink;
    this.#draw();
    const box = this.querySelector(".notes-url");
    if (!this.#isAskingLink) return;
    const anchor = this.#squire.getSelection().startContainer.parentElement?.closest("a");
    box.value = anchor?.getAttribute("href") ?? "";
    box.focus();
  }

  #draw() {
    render(this.#frame(), this);
  }

  #frame() {
    const one = (name, tag, words, on, off) => html`<button type="button" class="button is-icon is-small is-quiet"
      aria-label=${words} title=${words} aria-pressed=${String(this.#has(tag))} @mousedown=${(event) => event.preventDefault()}
      @click=${() => this.#toggle(tag, on, off)}>${name.length > 2 ? icon(name) : html`<span class=${`notes-${tag.toLowerCase()}`}>${name}</span>`}</button>`;
    return html`<div class="notes-tools" role="group" aria-label="Text style">
        ${one("B", "B", "Bold (Ctrl+B)", "bold", "removeBold")}
        ${one("I", "I", "Italic (Ctrl+I)", "italic", "removeItalic")}
        ${one("U", "U", "Underline (Ctrl+U)", "underline", "removeUnderline")}
        ${one("list", "UL", "Bulleted list", "makeUnorderedList", "removeList")}
        ${one("1.", "OL", "Numbered list", "makeOrderedList", "removeList")}
        <button type="button" class="button is-icon is-small is-quiet" aria-label="Link" title="Link" aria-expanded=${String(this.#isAskingLink)}
          aria-pressed=${String(this.#has("A"))} @mousedown=${(event) => event.preventDefault()} @click=${() => this.#askLink()}>${icon("link")}</button>
      </div>
      <div class="notes-link" ?hidden=${!this.#isAskingLink}>
        <input class="notes-url" type="url" aria-label="Address of the link" placeholder="https://…" maxlength="2000"
          @keydown=${(event) => (event.key === "Enter" ? this.#link(event) : null)} />
        <button type="button" class="button is-small" @click=${(event) => this.#link(event)}>Set</button>
      </div>
      <div class="notes-area" role="textbox" aria-multiline="true" aria-label=${this.getAttribute("label") ?? "Text"} tabindex="0"></div>`;
  }
}

customElements.define("notes-editor", NotesEditor);
