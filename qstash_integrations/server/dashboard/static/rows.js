// Whole rows open: by a click anywhere where no other button or link is, as their own link would.

import { h } from "./dom.js";

const OWN = "a, button, input, select, textarea, label, summary, .choose";

export function opens(row) {
  row.classList.add("opens");
  row.addEventListener("click", (event) => follow(row, event, event.ctrlKey || event.metaKey));
  row.addEventListener("auxclick", (event) => event.button === 1 && follow(row, event, true));
  return row;
}

function follow(row, event, elsewhere) {
  if (event.target.closest(OWN) || event.shiftKey || event.altKey || isSelecting(row)) return;
  const link = row.querySelector("a.row");
  if (elsewhere) return open(link.href, "_blank");
  // Where Back has to return to.
  link.focus({ preventScroll: true });
  link.click();
}

// Who has just marked a text wants that text.
function isSelecting(row) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(row, true);
}

// Cells say what they are where there is no head above them: data-label is shown on narrow screens.
export const cell = (label, attributes, ...children) => h("td", { "data-label": label, ...attributes }, children);
