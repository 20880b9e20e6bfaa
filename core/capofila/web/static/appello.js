// The roll-call by keyboard: arrows go to the seat before and after, a letter casts its vote and goes on.
// Without it every box and every choice is reached by Tab and by the arrows of the browser.
(() => {
  "use strict";

  document.addEventListener("keydown", (event) => {
    const field = event.target;
    const form = field instanceof HTMLInputElement && field.closest("form[data-appello]");
    if (!form || event.ctrlKey || event.altKey || event.metaKey) return;
    if (field.matches("[data-tasti]")) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      const boxes = [...form.querySelectorAll("[data-tasti]")];
      boxes[boxes.indexOf(field) + step]?.focus();
      event.preventDefault();
      return;
    }
    const row = field.matches("[data-tasto]") && field.closest("[data-riga]");
    const choice = row && row.querySelector(`[data-tasto="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!choice) return;
    event.preventDefault();
    choice.checked = true;
    choice.dispatchEvent(new Event("input", { bubbles: true }));
    const rows = [...form.querySelectorAll("[data-riga]")];
    const next = rows[rows.indexOf(row) + 1];
    (next ? next.querySelector(":checked") || next.querySelector("input") : choice).focus();
  });
})();
