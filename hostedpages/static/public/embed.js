// Runs on a client's own page: lets the frame of a hosted page grow with its content, and passes on
// where the visitor came from. Must never read the client's page, run text as code, or be needed:
// the plain iframe and the link work without it.
(() => {
  const script = document.currentScript;
  if (!script) return;
  const origin = new URL(script.src).origin;
  const frames = new Set();
  const here = new URL(location.href);

  const addressed = (address) => {
    const url = new URL(address);
    for (const [name, value] of here.searchParams)
      if (/^(utm_[a-z0-9_]{1,20}|gclid|fbclid|msclkid)$/.test(name) && !url.searchParams.has(name)) url.searchParams.set(name, value.slice(0, 200));
    if (!url.searchParams.has("_landing")) {
      url.searchParams.set("_landing", (here.origin + here.pathname).slice(0, 500));
      if (document.referrer) url.searchParams.set("_referrer", document.referrer.slice(0, 500));
    }
    return url.href;
  };
  const adopt = (frame) => {
    if (frame.dataset.hostedPage === "adopted") return;
    frame.dataset.hostedPage = "adopted";
    frame.style.width = "100%";
    frame.style.border = "0";
    frame.setAttribute("scrolling", "no");
    frames.add(frame);
  };
  const search = () => {
    for (const frame of document.querySelectorAll("iframe[src]")) {
      let url;
      try { url = new URL(frame.src); } catch { continue; }
      if (url.origin !== origin || !/^\/f\/[\w-]{22}$/.test(url.pathname) || frame.dataset.hostedPage === "adopted") continue;
      if ([...here.searchParams.keys()].some((name) => /^(utm_|gclid$|fbclid$|msclkid$)/.test(name))) frame.src = addressed(frame.src);
      adopt(frame);
    }
  };

  window.addEventListener("message", (event) => {
    const data = event.data;
    if (event.origin !== origin || !data || data.type !== "resize" || !Number.isInteger(data.height)) return;
    for (const frame of frames)
      if (frame.contentWindow === event.source) frame.style.height = `${Math.min(Math.max(data.height, 80), 20000)}px`;
  });

  const id = script.dataset.form;
  if (id && /^[\w-]{22}$/.test(id)) {
    const frame = document.createElement("iframe");
    frame.src = addressed(`${origin}/f/${id}`);
    frame.title = (script.dataset.title || "Form").slice(0, 200);
    frame.style.height = "600px";
    adopt(frame);
    script.after(frame);
  }
  search();
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", search);
})();
