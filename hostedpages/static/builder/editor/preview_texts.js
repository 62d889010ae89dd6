// Texts that show in the preview while they are typed, before the save brings the real page again.
// Only words of what is there already; anything else waits for the renderer.

function write(element, text) {
  if (!element || typeof text !== "string") return;
  const first = [...element.childNodes].find((node) => node.nodeType === Node.TEXT_NODE);
  // The mark of a required field stands behind the label, in an element of its own.
  if (element.childElementCount === 0) element.textContent = text;
  else if (first) first.data = `${text} `;
}

/** @param texts {label, help, text, title} of one element, those that it has */
export function writeElement(target, texts) {
  if (!target) return;
  if (/^h\d$/i.test(target.localName)) {
    write(target, texts.text ?? texts.title);
    return;
  }
  write(target.querySelector(".label") ?? target.querySelector(".choice > span"), texts.label);
  write(target.querySelector(".help"), texts.help);
}

/** @param texts {title, description, submit} of the page */
export function writePage(form, texts, isLast) {
  write(document.querySelector("h1"), texts.title);
  write(document.querySelector("h1 + p"), texts.description);
  if (!form || !texts.submit) return;
  form.dataset.submit = texts.submit;
  if (isLast) write(form.querySelector(".buttons button"), texts.submit);
}
