// The grid of a sheet: moves between cells by arrows and Enter, Escape gives back what was there, Shift
// and F2 comments, and a word before lines that were not saved are lost. Saving is HTMX's; without all this the grid is a form.
(() => {
  "use strict";

  const grid = document.querySelector("[data-griglia]");
  if (!grid) return;
  const rows = () => [...grid.querySelectorAll("tr")].filter((row) => row.querySelector("td input"));
  const cells = (row) => [...row.querySelectorAll("td input")];
  const status = document.getElementById("salvataggio");
  const before = new WeakMap();
  const unsaved = new Set();

  // What the page would repeat in each of two thousand cells: ids, the keyboard of a telephone, the sign of
  // a remark, where it is told what is wrong, how a line is saved.
  const form = document.getElementById("modulo-griglia");
  const year = document.getElementById("anno-prima");
  const columns = [...grid.querySelectorAll("thead th[data-colonna]")].map((head) => [head.dataset.colonna, head.textContent]);
  for (const row of grid.querySelectorAll("tr[id^=riga-]")) {
    const line = row.id.slice(5);
    row.querySelectorAll("td").forEach((td, number) => {
      const [column, name] = columns[number];
      const cell = td.firstElementChild;
      cell.id = `campo-${line}-${column}`;
      cell.dataset.colonna = column;
      const small = td.querySelector("small");
      if (small) small.id = `${cell.id}-prima`;
      if (!document.getElementById(`${cell.id}-nota`)) {
        const note = document.createElement("span");
        note.id = `${cell.id}-nota`;
        note.className = "cella-detto";
        td.append(note);
      }
      const remark = document.createElement("a");
      remark.className = "cella-commenta";
      remark.href = `?commenta=${line}&colonna=${column}#campo-testo`;
      remark.title = "Commenta";
      remark.setAttribute("aria-label", `Commenta ${name}`);
      td.append(remark);
      if (cell.localName !== "input") return;
      cell.inputMode = column === "utenti" ? "numeric" : "decimal";
      cell.maxLength = 40;
      cell.setAttribute("aria-describedby", `${small && year ? `anno-prima ${small.id} ` : ""}${cell.id}-nota`);
      // By keyboard a cell is one stop: its remark is opened by Shift and F2.
      remark.tabIndex = -1;
    });
    if (!form || !row.querySelector("td input")) continue;
    row.setAttribute("hx-post", form.getAttribute("action"));
    row.setAttribute("hx-trigger", "change");
    row.setAttribute("hx-sync", "this:queue last");
  }
  document.addEventListener("htmx:configRequest", (event) => {
    // A line is sent by itself, though its form has them all.
    const row = event.detail.elt;
    if (grid.contains(row)) event.detail.parameters = Object.fromEntries([...row.querySelectorAll("input")].map((one) => [one.name, one.value]));
  });

  const go = (cell) => {
    if (!cell) return;
    cell.focus();
    cell.select();
  };
  const beside = (cell, step) => {
    const line = cells(cell.closest("tr"));
    go(line[line.indexOf(cell) + step]);
  };
  const along = (cell, step) => {
    const all = rows();
    const row = all[all.indexOf(cell.closest("tr")) + step];
    if (row) go(row.querySelector(`input[data-colonna="${cell.dataset.colonna}"]`));
  };

  grid.addEventListener("focusin", (event) => {
    if (event.target.matches("input[data-colonna]")) before.set(event.target, event.target.value);
  });
  grid.addEventListener("keydown", (event) => {
    const cell = event.target;
    if (!cell.matches("input[data-colonna]") || event.altKey || event.ctrlKey || event.metaKey) return;
    const whole = cell.selectionStart === 0 && cell.selectionEnd === cell.value.length;
    const start = whole || (cell.selectionStart === 0 && cell.selectionEnd === 0);
    const end = whole || (cell.selectionStart === cell.value.length && cell.selectionEnd === cell.value.length);
    if (event.key === "Enter") along(cell, event.shiftKey ? -1 : 1);
    else if (event.key === "ArrowDown" && !event.shiftKey) along(cell, 1);
    else if (event.key === "ArrowUp" && !event.shiftKey) along(cell, -1);
    else if (event.key === "ArrowLeft" && !event.shiftKey && start) beside(cell, -1);
    else if (event.key === "ArrowRight" && !event.shiftKey && end) beside(cell, 1);
    else if (event.key === "F2" && event.shiftKey) {
      const link = cell.closest("td").querySelector(".cella-commenta");
      // What is being typed is saved before the page is left.
      if (!link) return;
      cell.blur();
      whenSaved(() => location.assign(link.href));
    } else if (event.key === "Escape" && before.has(cell)) {
      cell.value = before.get(cell);
      cell.select();
      mark(cell.closest("tr"));
    } else return;
    event.preventDefault();
  });

  // ---- what is not saved yet ----

  const saved = new WeakMap();
  const sent = new WeakMap();
  const mark = (row) => {
    const changed = cells(row).some((cell) => cell.value !== (saved.get(cell) ?? cell.defaultValue));
    if (changed) unsaved.add(row);
    else unsaved.delete(row);
    row.classList.toggle("riga-da-salvare", changed);
  };
  grid.addEventListener("input", (event) => {
    mark(event.target.closest("tr"));
    status.textContent = "";
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    const row = event.detail.elt;
    if (grid.contains(row)) sent.set(event.detail.xhr, cells(row).map((cell) => [cell, cell.value]));
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const values = sent.get(event.detail.xhr);
    if (!values || !event.detail.successful) return;
    for (const [cell, value] of values) saved.set(cell, value);
    mark(event.detail.elt);
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const cell of grid.querySelectorAll("input[data-colonna]")) {
      const note = document.getElementById(`${cell.id}-nota`);
      if (note && note.querySelector(".cella-errore")) cell.setAttribute("aria-invalid", "true");
      else cell.removeAttribute("aria-invalid");
    }
  });
  let waiting = null;
  const whenSaved = (then) => {
    if (unsaved.size) waiting = then;
    else then();
  };
  document.addEventListener("htmx:afterSettle", () => {
    if (waiting && !unsaved.size) waiting();
    waiting = null;
  });

  let leaving = false;
  document.addEventListener("submit", (event) => { if (event.target.id === "modulo-griglia") leaving = true; });
  window.addEventListener("beforeunload", (event) => { if (unsaved.size && !leaving) event.preventDefault(); });

  // A line just added, or the cell of a finding: the address names it.
  const named = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named && named.matches("input[data-colonna]")) go(named);
  else if (named && named.matches("textarea")) named.focus();
})();
