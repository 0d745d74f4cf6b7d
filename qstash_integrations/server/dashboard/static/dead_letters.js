// What failed for good: look, try again, throw away; one or many.

import * as api from "./api.js";
import { chips } from "./chips.js";
import { act, button, confirmed, h, redrawn, setText, table } from "./dom.js";
import { plural } from "./format.js";
import { nowButton } from "./now.js";
import { pages } from "./pages.js";
import { cell, opens } from "./rows.js";
import { age, destination, statusBadge } from "./state.js";

const PAGE = 50;
const LONGEST_ANSWER = 200; // bytes

export function deadLetters() {
  const chosen = new Set();
  let letters = [];
  const rows = h("tbody");
  const draw = redrawn(rows, (letter) => letter.dlqId, (letter) => letterRow(letter, chosen, drawChoice, paged.load));
  const all = h("input", { type: "checkbox", "aria-label": "Choose all on this page", onchange: chooseAll });
  const retry = button("Retry", () => {}, { class: "primary" });
  const remove = button("Delete", () => {}, { class: "danger" });
  const empty = h("p", { class: "empty", hidden: true }, "No dead letters. Messages come here after their last retry failed.");
  const paged = pages(
    (cursor) => api.get(`/v2/dlq${api.query({ order: "latestFirst", count: PAGE, trimBody: LONGEST_ANSWER, cursor })}`),
    (page) => {
      letters = page.messages;
      draw(letters);
      empty.hidden = letters.length > 0;
      drawChoice();
    },
  );

  // Nothing chosen means every dead letter there is, and asks first.
  const ids = () => (chosen.size ? { dlqIds: [...chosen] } : {});
  const whom = () => (chosen.size ? plural(chosen.size, "dead letter") : "all dead letters");
  retry.addEventListener("click", act(async () => {
    if (!chosen.size && !(await confirmed("Publish all dead letters again?", "Retry all"))) return false;
    await api.post("/v2/dlq/retry", ids());
    await emptied();
  }, "Published again"));
  remove.addEventListener("click", act(async () => {
    if (!(await confirmed(`Delete ${whom()} for ever?`, "Delete"))) return false;
    await api.remove("/v2/dlq", ids());
    await emptied();
  }, "Deleted"));

  async function emptied() {
    chosen.clear();
    await paged.restart();
  }

  function chooseAll() {
    for (const letter of letters) chosen[all.checked ? "add" : "delete"](letter.dlqId);
    for (const box of rows.querySelectorAll("input[type=checkbox]")) box.checked = all.checked;
    drawChoice();
  }

  function drawChoice() {
    all.checked = letters.length > 0 && letters.every((letter) => chosen.has(letter.dlqId));
    setText(retry, chosen.size ? `Retry ${chosen.size}` : "Retry all");
    setText(remove, chosen.size ? `Delete ${chosen.size}` : "Delete all");
    retry.disabled = remove.disabled = !letters.length && !chosen.size;
  }

  const element = h(
    "section",
    {},
    h("div", { class: "heading" }, h("h1", {}, "Dead letters"), h("span", { class: "grow" }), retry, remove),
    table("Dead letters", [all, "Answer", "Destination", "Why", ["Belongs to", "wide"], ["Failed", "number"], ""], rows),
    empty,
    paged.element,
  );
  return { title: "Dead letters", element, refresh: paged.load };
}

function letterRow(letter, chosen, changed, refresh) {
  const box = h("input", {
    type: "checkbox",
    checked: chosen.has(letter.dlqId),
    "aria-label": `Choose ${letter.url}`,
    onchange: () => (chosen[box.checked ? "add" : "delete"](letter.dlqId), changed()),
  });
  const done = async () => {
    chosen.delete(letter.dlqId);
    await refresh();
  };
  const remove = act(async () => {
    await api.remove(api.path`/v2/dlq/${letter.dlqId}`);
    await done();
  }, "Deleted");
  return opens(h(
    "tr",
    { "data-id": letter.messageId },
    cell("", { class: "choose" }, box),
    cell("Answer", {}, statusBadge(letter.responseStatus)),
    cell("Destination", { class: "url" }, destination(letter.method, letter.url, letter.messageId)),
    cell("Why", { class: "why" }, h("div", { class: "line", title: letter.responseBody }, reason(letter))),
    cell("Belongs to", { class: "wide" }, chips(letter)),
    cell("Failed", { class: "number quiet" }, age(Number(letter.dlqId.split("-")[0]))),
    cell("", { class: "actions" }, nowButton(letter, done, { class: "small" }), button("Delete", remove, { class: "small" })),
  ));
}

// Of the answer the first line that says something: all of it stands on the page of the message.
function reason(letter) {
  if (letter.responseBodyBase64) return "binary answer";
  const text = (letter.responseBody ?? "").trim();
  if (!text) return "empty answer";
  return h("code", {}, /^[[{]/.test(text) ? text.replace(/\s+/g, " ") : text.split("\n", 1)[0]);
}
