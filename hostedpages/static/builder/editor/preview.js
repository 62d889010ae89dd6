// The one script of the preview: starts the module beside it. The page that a visitor gets has none
// of this; it loads its own script instead.
import(new URL("preview_frame.js", document.currentScript.src).href);
