// <preset-field>: around a sender's form. Choosing a provider writes its server and limits into the
// form at once, and shows what to know about it; the port proposes its encryption. What a provider
// filled in goes with it, and what a person had typed comes back.
// Without a script a button asks the server to do the same, and all notes that fit are drawn by it.
const BY_PORT = { 465: "ssl", 587: "starttls" };
const UNTYPED = { smtp_host: "", smtp_port: "587", security: "starttls", imap_host: "", imap_port: "993", per_hour: "", per_day: "" };

class PresetField extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.typed = { ...UNTYPED };
    const chosen = this.querySelector("[name=preset]:checked");
    const host = this.form.elements.smtp_host;
    // Chosen before this script was there: what the provider fills in is still to be written.
    const isEarly = chosen && !chosen.defaultChecked && host.value === host.defaultValue;
    this.filled = this.fillsOf(isEarly ? this.querySelector("[name=preset][checked]") : chosen);
    if (isEarly) this.fill(chosen);
    this.addEventListener("change", (event) => {
      if (event.target.name === "preset") this.fill(event.target);
      if (event.target.name === "smtp_port") this.propose(event.target.value);
      this.show();
    });
    this.addEventListener("input", (event) => event.target.name === "smtp_port" && this.show());
    this.show();
  }

  fill(radio) {
    const fills = this.fillsOf(radio);
    for (const name of Object.keys(UNTYPED)) {
      const control = this.form.elements[name];
      if (control.value !== this.filled[name]) this.typed[name] = control.value;
      control.value = fills[name] ?? this.typed[name];
      this.forgive(name);
    }
    this.filled = fills;
    const rules = this.querySelector("[data-rules]:not(input)");
    rules.hidden = !radio.dataset.rules;
    rules.querySelector("span").textContent = radio.dataset.rules;
  }

  // What this provider fills in, as the controls hold it.
  fillsOf(radio) {
    const fills = Object.entries(JSON.parse(radio?.dataset.fills ?? "{}"));
    return Object.fromEntries(fills.map(([name, value]) => [name, String(value ?? "")]));
  }

  // What was wrong with a value that is gone is not said any more.
  forgive(name) {
    this.form.elements[name].removeAttribute("aria-invalid");
    document.getElementById(`${name}-error`)?.remove();
  }

  propose(port) {
    if (BY_PORT[port]) this.form.elements.security.value = BY_PORT[port];
  }

  show() {
    const { preset, smtp_port: port, security } = this.form.elements;
    for (const note of this.querySelectorAll("[data-preset-note]")) note.hidden = note.dataset.presetNote !== preset.value;
    for (const note of this.querySelectorAll("[data-port-note]")) {
      const fits = note.dataset.portNote === port.value;
      note.hidden = !fits || BY_PORT[port.value] === security.value;
    }
    for (const part of this.querySelectorAll("[data-when-security]")) {
      part.hidden = part.dataset.whenSecurity !== security.value;
    }
    for (const part of this.querySelectorAll("[data-when-checked]")) {
      part.hidden = !this.form.elements[part.dataset.whenChecked].checked;
    }
  }
}

customElements.define("preset-field", PresetField);
