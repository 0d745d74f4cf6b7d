// What failed for good: look, try again, throw away; one or many.

import * as api from "./api.js";
import { chips } from "./chips.js";
import { act, button, confirmed, h, redrawn, setText, table } from "./dom.js";
import { plural } from "./format.js";
import { age, called, statusBadge } from "./state.js";

const PAGE = 50;
const LONGEST_ANSWER = 120;

export function deadLetters() {
  const chosen = new Set();
  const cursors = [""];
  let letters = [];
  const rows = h("tbody");
  const draw = redrawn(rows, (letter) => letter.dlqId, (letter) => letterRow(letter, chosen, drawChoice, refresh));
  const all = h("input", { type: "checkbox", "aria-label": "Choose all on this page", onchange: chooseAll });
  const retry = button("Retry", () => {}, { class: "primary" });
  const remove = button("Delete", () => {}, { class: "danger" });
  const empty = h("p", { class: "empty", hidden: true }, "No dead letters. Messages come here after their last retry failed.");
  const newer = button("← Newer", act(() => (cursors.pop(), refresh())));
  const older = button("Older →", act(() => (cursors.push(older.dataset.cursor), refresh())));

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
    cursors.splice(0, cursors.length, "");
    await refresh();
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

  async function refresh() {
    const page = await api.get(`/v2/dlq${api.query({ order: "latestFirst", count: PAGE, cursor: cursors.at(-1) })}`);
    letters = page.messages;
    // On its way into a row, a body is cut: only its beginning is shown.
    draw(letters.map((letter) => ({ ...letter, body: "", responseBody: (letter.responseBody ?? "").slice(0, LONGEST_ANSWER) })));
    older.dataset.cursor = page.cursor ?? "";
    older.disabled = !page.cursor;
    newer.disabled = cursors.length === 1;
    empty.hidden = letters.length > 0;
    drawChoice();
  }

  const element = h(
    "section",
    {},
    h("div", { class: "heading" }, h("h1", {}, "Dead letters"), h("span", { class: "grow" }), retry, remove),
    table("Dead letters", [all, "Destination", ["Labels", "wide"], "Last answer", ["Failed", "number"], ""], rows),
    empty,
    h("div", { class: "actions pages" }, newer, older),
  );
  return { title: "Dead letters", element, refresh };
}

function letterRow(letter, chosen, changed, refresh) {
  const at = Number(letter.dlqId.split("-")[0]);
  const box = h("input", {
    type: "checkbox",
    checked: chosen.has(letter.dlqId),
    "aria-label": `Choose ${letter.url}`,
    onchange: () => (chosen[box.checked ? "add" : "delete"](letter.dlqId), changed()),
  });
  const one = api.path`${letter.dlqId}`;
  return h(
    "tr",
    {},
    h("td", {}, box),
    h("td", { class: "url" }, called(letter.method, letter.url, `#/messages/${encodeURIComponent(letter.messageId)}`)),
    h("td", { class: "wide" }, chips(letter)),
    h("td", { class: "answer" }, statusBadge(letter.responseStatus), " ", h("span", { class: "quiet" }, letter.responseBody ?? "")),
    h("td", { class: "number quiet" }, age(at)),
    h("td", { class: "actions" },
      button("Retry", act(async () => {
        await api.post(`/v2/dlq/retry/${one}`);
        chosen.delete(letter.dlqId);
        await refresh();
      }, "Published again"), { class: "small" }),
      button("Delete", act(async () => {
        await api.remove(`/v2/dlq/${one}`);
        chosen.delete(letter.dlqId);
        await refresh();
      }, "Deleted"), { class: "small" })),
  );
}
