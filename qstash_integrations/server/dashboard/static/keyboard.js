// One-key shortcuts, for when no field has the focus.

import { button, h } from "./dom.js";

const PLACES = { m: "messages", d: "dead-letters", s: "schedules", q: "queues", u: "groups", w: "workflows", e: "settings" };
const HELP = [
  ["/", "search messages"],
  ["j  k", "next, previous row"],
  ["Enter", "open the row that has the focus; Back returns to it"],
  ["d", "deliver it now, or retry a dead letter now: the row that has the focus, or the open message"],
  ["n", "publish"],
  ["g m", "messages; g d dead letters, g s schedules, g q queues, g u URL groups, g w workflows, g e settings"],
  ["?", "this help"],
  ["Esc", "leave a field, close a dialog"],
];
let isGoing = false;

export function listenToKeys() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return document.activeElement?.blur();
    if (event.target.closest?.("input, textarea, select")) return;
    if (pressed(event.key)) event.preventDefault();
  });
}

function pressed(key) {
  if (isGoing) {
    isGoing = false;
    if (!PLACES[key]) return false;
    location.hash = `#/${PLACES[key]}`;
    return true;
  }
  if (key === "g") return (isGoing = true);
  if (key === "n") return Boolean((location.hash = "#/publish"));
  if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
  if (key === "d") return actNow();
  if (key === "?") return showHelp();
  if (key !== "/") return false;
  document.querySelector("[data-search]")?.focus();
  return true;
}

function move(step) {
  const links = [...document.querySelectorAll("tbody a.row")];
  // A button of a row is in that row, too.
  const here = links.indexOf(document.activeElement.closest("tr")?.querySelector("a.row"));
  links[here < 0 ? 0 : Math.min(Math.max(here + step, 0), links.length - 1)]?.focus();
  return links.length > 0;
}

// Of the row that has the focus, or of the message that is open.
function actNow() {
  const place = document.activeElement.closest("tr") ?? document.querySelector("article");
  const found = place?.querySelector("[data-now]");
  found?.click();
  return Boolean(found);
}

export function showHelp() {
  const dialog = h(
    "dialog",
    { onclose: () => dialog.remove(), "aria-label": "Keyboard shortcuts" },
    h("h2", {}, "Keys"),
    h("dl", { class: "facts" }, HELP.map(([key, text]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, text)])),
    h("div", { class: "actions" }, button("Close", () => dialog.close())),
  );
  document.body.append(dialog);
  dialog.showModal();
  return true;
}
