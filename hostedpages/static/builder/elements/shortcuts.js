// Keys that work on every staff screen: "/" goes to the search, "?" shows the list of keys.
// A screen adds its own rows to <dialog id="keys"> with the block "keys" of base.html.
const isTyping = (target) => target.isContentEditable || target.closest?.("input, textarea, select, dialog[open]");

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type='search']:not([disabled])");
    if (!search) return;
    event.preventDefault();
    search.focus();
    search.select();
  }
  if (event.key === "?") {
    event.preventDefault();
    document.getElementById("keys")?.showModal();
  }
});

document.getElementById("keys")?.addEventListener("click", (event) => {
  if (event.target.closest("[data-close]") || event.target.id === "keys") event.currentTarget.close();
});
document.querySelector("[data-keys]")?.addEventListener("click", (event) => {
  event.currentTarget.closest("details")?.removeAttribute("open");
  document.getElementById("keys")?.showModal();
});
