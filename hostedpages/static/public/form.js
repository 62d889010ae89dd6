// Improves a hosted page that is complete without it: screens without a round trip, show-if at once,
// hints while typing, no double send, height for the frame around it.
// Must never be needed, send an answer anywhere but to the form's own address, or keep anything.
(() => {
  const form = document.querySelector("form[data-form]");
  const framed = window.parent !== window;

  if (framed) {
    // Only a height ever leaves: the page around us may be anybody's.
    const root = document.documentElement;
    const tell = () => window.parent.postMessage({ type: "resize", height: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
    new ResizeObserver(tell).observe(document.body);
    root.style.overflow = "hidden";
    tell();
  }
  if (!form) return;

  const find = (selector, inside = form) => inside.querySelector(selector);
  const all = (selector, inside = form) => [...inside.querySelectorAll(selector)];
  const hidden = (name) => find(`input[name="_${name}"]`);
  const fields = all("[data-key]");
  const screens = all("[data-screen]");
  const [primary, back] = all(".buttons button");
  const began = Date.now();
  let busy = false;
  const key = (field) => field.getAttribute("data-key");
  const compares = new Map(fields.map((field) => [key(field), field.getAttribute("data-compare") || "text"]));
  const shown = (field) => !field.hidden || field.type === "hidden";
  const inputs = (field) => (field.matches("input") ? [field] : all("input,select,textarea", field));

  const answers = (field) => {
    const found = [];
    for (const input of inputs(field)) {
      if (input.multiple && input.options) for (const option of input.selectedOptions) found.push(option.value);
      else if ((input.type !== "radio" && input.type !== "checkbox") || input.checked) found.push(input.value.trim());
    }
    return found.filter(Boolean);
  };

  // Show-if: the same rules as schema/show_if.py, which asks them again on the server.
  const word = (value) => (value == null ? "" : value === true ? "yes" : value === false ? "no" : String(value).trim().toLowerCase());
  const words = (value) => (Array.isArray(value) ? value.map(word) : [word(value)]);
  const number = (value) => {
    const text = word(value).replace(/[,$]/g, "");
    return /^-?\d{1,15}(\.\d{0,6})?$/.test(text) ? Number(text) : NaN;
  };
  const opposites = { not_equals: "equals", not_contains: "contains", not_in: "in", is_empty: "is_not_empty" };
  const holds = (compare, operator, given, expected) => {
    if (opposites[operator]) return !holds(compare, opposites[operator], given, expected);
    const yes = ["yes", "true", "on", "1"].includes(word(expected));
    const no = ["no", "false", "off", "0"].includes(word(expected));
    if (!given.length) return compare === "flag" && operator === "equals" && no;
    if (operator === "is_not_empty") return true;
    if (compare === "flag") return operator === "equals" && yes;
    const wanted = words(expected);
    if (compare === "list") {
      const chosen = words(given);
      if (operator === "equals") return chosen.sort().join("\n") === wanted.sort().join("\n");
      if (operator === "contains") return wanted.length > 0 && wanted.every((each) => chosen.includes(each));
      return operator === "in" && chosen.some((each) => wanted.includes(each));
    }
    let [value] = words(given);
    let other = wanted[0];
    if (compare === "number") {
      if (operator === "contains" && number(other) === number(other)) return number(value) === number(value) && value.includes(other);
      if (operator === "in") return wanted.some((each) => number(each) === number(value));
      if (Array.isArray(expected)) return false;
      value = number(value);
      other = number(other);
    }
    if (operator === "in") return wanted.includes(value);
    if (Array.isArray(expected)) return false;
    if (operator === "equals") return value === other;
    if (other === "") return false;
    if (operator === "contains") return value.includes(other);
    if (operator === "before" || operator === "less_than") return value < other;
    return value > other;
  };
  const decide = () => {
    const values = new Map();
    const asked = [];
    for (const field of fields) {
      const text = field.getAttribute("data-show-if");
      if (text) {
        const rules = JSON.parse(text);
        const test = ({ field, operator, value }) => holds(compares.get(field), operator, values.get(field) || [], value);
        field.hidden = !(rules.all ? rules.all.every(test) : rules.any.some(test));
        if (!field.hidden) asked.push(key(field));
      }
      if (shown(field)) values.set(key(field), answers(field));
    }
    hidden("asked").value = asked.join(" ");
    relabel();
  };

  // Screens. One whose fields are all hidden by their rules is passed over.
  const usable = (screen) => {
    const own = all("[data-key]", screen);
    return !own.length || own.some(shown);
  };
  const current = () => Number(hidden("screen").value) || 0;
  const beyond = (step) => {
    let index = current() + step;
    while (screens[index] && !usable(screens[index])) index += step;
    return screens[index] ? index : -1;
  };
  const relabel = () => {
    const screen = screens[current()];
    const last = beyond(1) < 0;
    primary.value = last ? "submit" : "next";
    if (!busy) primary.textContent = last ? form.getAttribute("data-submit") : screen.getAttribute("data-next");
    primary.toggleAttribute("formtarget", false);
    if (!last && form.hasAttribute("target")) primary.setAttribute("formtarget", "_self");
    if (back) {
      back.hidden = beyond(-1) < 0;
      back.textContent = screen.getAttribute("data-back");
    }
  };
  const go = (index) => {
    hidden("screen").value = index;
    screens.forEach((screen, at) => (screen.hidden = at !== index));
    const progress = find("progress");
    if (progress) {
      progress.value = index + 1;
      find(".progress b").textContent = index + 1;
    }
    find(".summary")?.remove();
    relabel();
    const target = find("h2[tabindex]", screens[index]) || find("input,select,textarea", screens[index]);
    target?.focus();
    form.scrollIntoView({ block: "start" });
  };

  // Hints. The server has the last word on every answer.
  const problem = (field) => {
    if (!shown(field)) return "";
    if (field.hasAttribute("data-required") && !answers(field).length && !inputs(field).some((each) => each.validity.badInput))
      return field.getAttribute("data-required");
    // Never stricter than the server: a lead must not be lost to a browser's opinion.
    const bad = inputs(field).find(({ type, value, validity }) =>
      type === "email" ? value.trim() && !/^\S+@\S+\.\S+$/.test(value.trim()) : validity.badInput || validity.rangeUnderflow || validity.rangeOverflow);
    if (!bad) return "";
    return bad.type === "email" ? "Please enter a valid email address." : bad.validationMessage;
  };
  const mark = (field) => {
    const text = problem(field);
    const id = `e-${key(field)}`;
    document.getElementById(id)?.remove();
    field.classList.toggle("is-bad", Boolean(text));
    for (const input of inputs(field)) {
      const others = (input.getAttribute("aria-describedby") || "").split(" ").filter((each) => each && each !== id);
      if (text) others.push(id);
      input.toggleAttribute("aria-invalid", false);
      if (text) input.setAttribute("aria-invalid", "true");
      input.removeAttribute("aria-describedby");
      if (others.length) input.setAttribute("aria-describedby", others.join(" "));
    }
    if (text) {
      const line = document.createElement("p");
      line.className = "error";
      line.id = id;
      const icon = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      icon.setAttribute("class", "icon");
      icon.setAttribute("aria-hidden", "true");
      const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
      use.setAttribute("href", "#i-alert");
      icon.append(use);
      const words = document.createElement("span");
      words.dir = "auto";
      words.textContent = text;
      line.append(icon, words);
      field.append(line);
    }
    return !text;
  };
  const passes = () => {
    const bad = all("[data-key]", screens[current()]).filter((field) => !mark(field));
    if (bad.length) inputs(bad[0])[0].focus();
    return !bad.length;
  };

  // Sending: once.
  const release = () => {
    busy = false;
    primary.removeAttribute("aria-disabled");
    relabel();
  };
  const click = (event) => {
    const button = event.target.closest("button[name=_go]");
    if (!button) return;
    if (busy) return event.preventDefault();
    const forward = button !== back;
    if (forward && !passes()) return event.preventDefault();
    const index = beyond(forward ? 1 : -1);
    if (index < 0) return;
    event.preventDefault();
    go(index);
  };
  const send = (event) => {
    if (busy) return event.preventDefault();
    busy = true;
    if (!hidden("key").value) {
      const bytes = crypto.getRandomValues(new Uint8Array(16));
      hidden("key").value = [...bytes].map((each) => each.toString(16).padStart(2, "0")).join("");
    }
    history.replaceState({ key: hidden("key").value }, ""); // who comes back and sends again, revises
    hidden("elapsed").value = (Number(hidden("elapsed").value) || 0) + Date.now() - began;
    primary.textContent = "Sending…";
    primary.setAttribute("aria-disabled", "true");
    setTimeout(release, 15000);
  };

  const address = new URL(location.href);
  address.searchParams.delete("c");
  if (address.href !== location.href) history.replaceState(history.state, "", address); // the link is a key: out of sight
  if (!hidden("key").value) hidden("key").value = history.state?.key || "";
  if (!hidden("landing").value) hidden("landing").value = address.searchParams.get("_landing") || address.href;
  if (!hidden("referrer").value) hidden("referrer").value = address.searchParams.get("_referrer") || document.referrer;

  const id = form.getAttribute("data-form"); // a preview has none and is not counted
  const count = (event) => id && navigator.sendBeacon?.(`/f/${id}/seen`, JSON.stringify({ event }));
  form.addEventListener("input", () => count("start"), { once: true });
  form.addEventListener("input", (event) => {
    const field = event.target.closest("[data-key]");
    decide();
    if (field?.matches(".is-bad") && !problem(field)) mark(field);
  });
  // A line that comes or goes while a button is pressed would move the button away under the finger.
  let pressing = false;
  form.addEventListener("pointerdown", (event) => (pressing = Boolean(event.target.closest("button"))));
  window.addEventListener("pointerup", () => setTimeout(() => (pressing = false)));
  form.addEventListener("change", (event) => {
    const field = event.target.closest("[data-key]");
    decide();
    if (field && !pressing && (answers(field).length || field.matches(".is-bad"))) mark(field);
  });
  form.addEventListener("click", click);
  form.addEventListener("submit", send);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) release();
    decide();
    const index = current();
    if (screens[index]?.hidden) go(index); // the browser brought back what was typed
  });
  decide();
  if (find("#summary")) find("#summary").focus();
  else count("view");
})();
