// The button "Copy link". It listens on the document, so that a fragment which comes later works, too.
(() => {
  "use strict";
  if (window.partneroDashboard) return; // one listener, however often a page loads this
  window.partneroDashboard = true;

  const copy = async (field) => {
    try {
      await navigator.clipboard.writeText(field.value);
      return true;
    } catch {
      // Browsers have no clipboard on plain http, or it isn't allowed: what is selected may be copied all the same.
      field.select();
      return document.execCommand("copy");
    }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element && event.target.closest("button[data-partnero-copied]");
    const root = button && button.closest(".partnero-dashboard");
    if (!root) return;
    const said = root.querySelector("[role=status]");
    said.textContent = "";
    const done = await copy(root.querySelector("input"));
    if (done) button.focus();
    said.textContent = done ? button.dataset.partneroCopied : button.dataset.partneroFailed;
  });

  document.addEventListener("focusin", (event) => {
    if (event.target instanceof Element && event.target.matches(".partnero-dashboard-copy input")) event.target.select();
  });
})();
