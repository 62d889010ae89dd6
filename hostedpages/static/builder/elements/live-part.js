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

  async look() {
    try {
      const answer = await fetch(this.getAttribute("src"), { headers: { Accept: "text/html" } });
      if (answer.ok && !answer.redirected) {
        const part = new DOMParser().parseFromString(await answer.text(), "text/html");
        this.replaceChildren(...part.body.childNodes);
      }
    } catch {
      // Nobody answers at this moment; what is shown stays.
    }
    this.plan();
  }
}

customElements.define("live-part", LivePart);
