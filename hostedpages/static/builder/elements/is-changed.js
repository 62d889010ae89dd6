// Whether a control differs from what the server drew: what the browser itself restored, and what was
// typed before the scripts were there, counts too. Controls with data-passing are never saved.
export function isChanged(control) {
  if (!control.name || control.localName === "button" || control.hasAttribute("data-passing")) return false;
  if (control.localName === "select") return control.selectedIndex !== drawnIndex(control);
  if (["checkbox", "radio"].includes(control.type)) return control.checked !== control.defaultChecked;
  return control.type !== "hidden" && control.value !== control.defaultValue;
}

// A list in which nothing was chosen shows its first choice.
function drawnIndex(select) {
  return Math.max(0, [...select.options].findIndex((each) => each.defaultSelected));
}
