// What the pages add to HTMX: the CSRF header, focus and announcements after a swap, errors of the
// network, and a word before a half-filled form is lost. Every page works without it.
(() => {
  "use strict";

  const byId = (id) => document.getElementById(id);
  const token = document.querySelector('meta[name="csrf-token"]');

  document.addEventListener("htmx:configRequest", (event) => {
    if (token && event.detail.verb !== "get") event.detail.headers["x-csrftoken"] = token.content;
  });

  // ---- after a swap: the focus never falls back to the top, and changes are said ----

  const waiting = new WeakMap();
  document.addEventListener("htmx:beforeRequest", (event) => {
    const target = event.detail.target;
    if (!target || target === document.body) return;
    waiting.set(event.detail.xhr, target);
    target.setAttribute("aria-busy", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    waiting.get(event.detail.xhr)?.removeAttribute("aria-busy");
  });

  let focused = null;
  document.addEventListener("htmx:beforeSwap", () => { focused = document.activeElement; });
  document.addEventListener("htmx:afterSettle", (event) => {
    const fresh = event.detail.elt;
    // What was put elsewhere in the page besides the answer takes no focus and says nothing.
    if (!(fresh instanceof Element) || fresh.closest("[data-fuori-posto]")) return;
    const wanted = fresh.matches("[data-fuoco]") ? fresh : fresh.querySelector("[data-fuoco]");
    if (wanted) wanted.focus();
    else if (focused && !focused.isConnected && (document.activeElement || document.body) === document.body) {
      if (!fresh.hasAttribute("tabindex")) fresh.setAttribute("tabindex", "-1");
      fresh.focus({ preventScroll: true });
    }
    focused = null;
    const said = fresh.matches("[data-annuncia]") ? fresh : fresh.querySelector("[data-annuncia]");
    if (said) byId("annuncio").textContent = said.textContent.trim();
  });

  // ---- messages under the fields of a form: said once, and the field knows that it is wrong ----

  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const { target, fragment } = event.detail;
    // What is proposed for a field never takes the place of what was typed while it was on its way.
    if (target.matches(".campo-modulo, .riga-campo")) {
      const fields = [...target.querySelectorAll("input, select")];
      if (fields.some((field) => /radio|checkbox/.test(field.type) ? field.checked : field.value)) event.detail.shouldSwap = false;
      return;
    }
    if (!target.classList.contains("campo-esito")) return;
    const field = byId(target.id.replace(/-esito$/, ""));
    if (field && field.matches("input:not([type=radio], [type=checkbox]), select")) {
      if (fragment.querySelector(".campo-errore")) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
    if (fragment.textContent.trim() === target.textContent.trim()) event.detail.shouldSwap = false;
  });

  // ---- errors that no answer explains ----

  const tell = (text) => {
    const place = byId("messaggi");
    if (!place) return;
    const box = document.createElement("div");
    const line = document.createElement("p");
    box.className = "messaggio messaggio-errore";
    box.setAttribute("role", "alert");
    line.textContent = text;
    box.append(line);
    place.replaceChildren(box);
    box.scrollIntoView({ block: "nearest" });
  };
  for (const kind of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(kind, () => tell("Il server non risponde. Controlla la connessione e riprova: quello che hai scritto è ancora nella pagina."));
  }
  document.addEventListener("htmx:responseError", () => {
    if (!document.querySelector("#messaggi .messaggio-errore")) tell("L’operazione non è riuscita. Ricarica la pagina e riprova.");
  });

  // ---- forms: sent once; a form marked data-custodisci is not lost without a word ----

  const kept = new Set();
  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && "custodisci" in form.dataset) kept.add(form);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if ("inviato" in form.dataset) {
      event.preventDefault();
      return;
    }
    kept.delete(form);
    form.dataset.inviato = "";
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-disabled", "true");
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.successful) kept.delete(event.detail.elt);
  });
  window.addEventListener("beforeunload", (event) => {
    for (const form of kept) if (!form.isConnected) kept.delete(form);
    if (kept.size) event.preventDefault();
  });
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-inviato]")) {
      delete form.dataset.inviato;
      for (const button of form.querySelectorAll("[aria-disabled]")) button.removeAttribute("aria-disabled");
    }
  });

  // ---- the menus of the header close by Escape and by a click elsewhere ----

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = document.querySelector(".testata details[open], .menu-stretto details[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  document.addEventListener("click", (event) => {
    for (const open of document.querySelectorAll(".testata details[open]")) {
      if (!open.contains(event.target)) open.open = false;
    }
  });

  const summary = document.querySelector("[data-fuoco]");
  if (summary) summary.focus();
})();
