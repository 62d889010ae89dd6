// <live-part src="address of a part">: asks for the part again while it says that something is under
// way (an element with `data-again` in it). Without a script there is a link to look again.
const FIRST = 1500;
const LONGEST = 10000;
const TRIES = 40;

class LivePart extends HTMLElement {
  connectedCallback() {
    this.wait = FIRST;
    this.tries = TRIES;
    this.setAttribute("aria-live", "polite");
    this.plan();
  }

  disconnectedCallback() {
    clearTimeout(this.timer);
  }

  plan() {
    if (this.querySelector("[data-again]") && this.tries-- > 0) {
      this.timer = setTimeout(() => this.look(), this.wait);
      this.wait = Math.min(this.wait * 1.3, LONGEST);
    }
  }

  // The browser itself reads the answer as a document: no text becomes markup in a script.
  look() {
    const request = new XMLHttpRequest();
    request.open("GET", this.getAttribute("src"));
    request.responseType = "document";
    request.onload = () => {
      const part = request.response?.querySelector("[data-part]");
      if (request.status === 200 && part) this.replaceChildren(part);
    };
    // Nobody answers at this moment: what is shown stays, and it is tried again.
    request.onloadend = () => this.plan();
    request.send();
  }
}

customElements.define("live-part", LivePart);
