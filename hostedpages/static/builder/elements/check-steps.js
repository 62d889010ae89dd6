// The result of one test of a sender: its steps as they happen, and how it ended, above them and so
// below the button. Keeps in view what happens now. `live-checks.js` fills it; the server's own
// drawing (_steps.html) looks the same.
const STATES = { running: "is-running", ok: "is-ok", problem: "is-bad", skipped: "is-skipped" };
const WORDS = { running: "under way", ok: "fine", problem: "problem", skipped: "not done" };

export function part(name, className, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text;
  return made;
}

// At once, not gliding: steps come fast, and nobody asked for motion.
function show(element) {
  element.scrollIntoView({ block: "nearest", behavior: "instant" });
}

export class CheckSteps {
  constructor(place) {
    this.place = place;
    this.list = part("ol", "steps is-checks");
    this.rows = new Map();
    place.classList.remove("is-stale");
    place.replaceChildren(this.list);
  }

  // Draws a step, and returns what to say about it aloud.
  take(step) {
    const row = part("li", STATES[step.state]);
    const took = step.milliseconds >= 1000 ? `${(step.milliseconds / 1000).toFixed(2)} s` : `${Math.max(1, step.milliseconds)} ms`;
    const time = ["ok", "problem"].includes(step.state) ? `, ${took}` : "";
    const title = part("span", "check-title");
    title.append(part("strong", "", step.title), " ", part("span", "quiet small", WORDS[step.state] + time));
    row.append(title);
    if (step.detail) row.append(part("span", "check-detail", step.detail));
    if (step.hint) row.append(part("span", "check-hint", step.hint));
    const known = this.rows.get(step.name);
    if (known) known.replaceWith(row);
    else this.list.append(row);
    this.rows.set(step.name, row);
    if (step.state === "problem") this.failed = row;
    if (step.state !== "skipped") show(row);
    return step.state === "running" && !step.detail ? "" : `${step.title}: ${WORDS[step.state]}. ${step.detail} ${step.hint}`;
  }

  // How it ended. `links` lead to the fields that must be mended first.
  end(words, links = []) {
    const said = part("div", "check-end");
    said.append(part("p", "", words));
    if (links.length) {
      const list = part("ul", "check-links");
      for (const link of links) {
        const line = part("li");
        line.append(link);
        list.append(line);
      }
      said.append(list);
    }
    this.place.prepend(said);
    show(said);
    if (this.failed) show(this.failed);
  }
}

// What was shown was true before this change.
export function outdate(place) {
  if (!place.hasChildNodes() || place.classList.contains("is-stale")) return;
  place.classList.add("is-stale");
  place.prepend(part("p", "check-stale quiet small", "Before your change"));
}
