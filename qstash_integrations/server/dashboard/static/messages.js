// The list of messages: newest first, as they change, narrowed down by filters that stand in the address.

import { nothingYet } from "./absent.js";
import * as api from "./api.js";
import { chart } from "./chart.js";
import { chips, shortId } from "./chips.js";
import { button, h, list, setText, table } from "./dom.js";
import { relative, size, stateNames } from "./format.js";
import { nowButton } from "./now.js";
import { narrowing, pages } from "./pages.js";
import { cell, opens } from "./rows.js";
import { age, destination, stateBadge, statusBadge } from "./state.js";

const PAGE = 100;
const MOST_CALLS = 10;
const FILTERS = ["state", "text", "url", "queueName", "label", "scheduleId", "topicName", "flowControlKey"];

export function messages(parameters) {
  const wanted = Object.fromEntries(FILTERS.map((name) => [name, parameters.get(name) ?? ""]));
  const picture = chart();
  const rows = h("tbody");
  const draw = list(rows, (item) => item.messageId, (item) => messageRow(item, paged.load));
  const empty = h("p", { class: "empty", hidden: true });
  const first = nothingYet("No messages yet. Publish one, here or from your app.", "message");
  const narrowed = () => FILTERS.some((name) => wanted[name]);
  const paged = pages((cursor, isCurrent) => search(wanted, cursor, isCurrent), (page, isFirst) => {
    draw(page.messages);
    setText(paged.older, page.cursor && !page.messages.length ? "Search further →" : "Older →");
    const isAll = isFirst && !page.cursor && !narrowed();
    first.hidden = page.messages.length > 0 || !isAll;
    empty.hidden = page.messages.length > 0 || isAll;
    setText(empty, page.cursor ? "Nothing among the newest messages; older ones were not looked at yet."
      : narrowed() ? "No message is like that." : "No older messages.");
  });
  const filters = filterForm(wanted, narrowing("messages", wanted, paged.restart));

  const element = h(
    "section",
    {},
    h("h1", { class: "unseen" }, "Messages"),
    picture.element,
    filters,
    table("Messages", ["State", "Destination", ["Belongs to", "wide"], ["Retries", "number roomy"], "Answer", ["Age", "number"], ""], rows),
    empty,
    first,
    paged.element,
  );
  return { title: "Messages", element, refresh: () => Promise.all([paged.load(), picture.refresh()]) };
}

// A page of messages. One call looks only for as long as deliveries can wait, so it may take several.
async function search(wanted, cursor, isCurrent) {
  const found = [];
  for (let call = 0; call < MOST_CALLS && isCurrent(); call += 1) {
    const page = await api.get(`/_local/messages${api.query({ ...wanted, cursor, count: PAGE - found.length })}`);
    found.push(...page.messages);
    cursor = page.cursor;
    if (!cursor || found.length === PAGE) break;
  }
  return { messages: found, cursor };
}

function filterForm(wanted, onChange) {
  const changed = () => (drawFold(), onChange());
  const states = [["", "Any state"], ...Object.entries(stateNames)];
  const select = h(
    "select",
    { "aria-label": "State", onchange: (event) => ((wanted.state = event.target.value), changed()) },
    states.map(([value, label]) => h("option", { value }, label)),
  );
  select.value = wanted.state;
  const field = (name, label, attributes) => h("input", {
    type: "search",
    "aria-label": label,
    placeholder: label,
    value: wanted[name],
    maxlength: "200",
    oninput: (event) => ((wanted[name] = event.target.value.trim()), changed()),
    ...attributes,
  });
  // On a phone only the search is there until somebody asks for more.
  const fold = button("Filters", () => (form.classList.toggle("unfolded"), drawFold()), { class: "fold" });
  const drawFold = () => {
    const count = FILTERS.filter((name) => name !== "text" && wanted[name]).length;
    setText(fold, count ? `Filters (${count})` : "Filters");
    fold.setAttribute("aria-expanded", String(form.classList.contains("unfolded")));
  };
  const more = [["scheduleId", "Schedule"], ["topicName", "URL group"], ["flowControlKey", "Flow control"]];
  const form = h(
    "form",
    { class: "filters", role: "search", onsubmit: (event) => event.preventDefault() },
    select,
    field("text", "Text in message", { "data-search": "", placeholder: "Search bodies, answers, headers, ids" }),
    fold,
    field("url", "URL contains"),
    field("queueName", "Queue"),
    field("label", "Label"),
    // Seldom typed, but followed to from other views.
    more.filter(([name]) => wanted[name]).map(([name, label]) => field(name, label)),
  );
  drawFold();
  return form;
}

function messageRow(first, done) {
  const cells = {
    state: cell("State", { class: "state" }),
    retries: cell("Retries", { class: "number quiet roomy" }),
    answer: cell("Answer"),
    now: cell("", { class: "actions" }),
  };
  const element = opens(h(
    "tr",
    { "data-id": first.messageId },
    cells.state,
    cell("Destination", { class: "url" }, destination(first.method, first.url, first.messageId), preview(first)),
    cell("Belongs to", { class: "wide" }, chips(first)),
    cells.retries,
    cells.answer,
    cell("Age", { class: "number quiet" }, age(first.createdAt)),
    cells.now,
  ));
  let shown = "";
  function update(item) {
    const now = [item.state, item.retried, item.responseStatus, item.nextDeliveryTime, item.dlqId].join();
    if (now === shown) return;
    shown = now;
    const isAhead = item.state === "retrying" || (item.state === "waiting" && item.nextDeliveryTime > item.createdAt);
    cells.state.replaceChildren(stateBadge(item.state), ...(isAhead ? [" ", age(item.nextDeliveryTime)] : []));
    for (const time of cells.state.querySelectorAll("time")) setText(time, relative(item.nextDeliveryTime));
    setText(cells.retries, item.maxRetries ? `${item.retried} of ${item.maxRetries}` : "none");
    cells.answer.replaceChildren(statusBadge(item.responseStatus));
    const hasFocus = cells.now.contains(document.activeElement);
    cells.now.replaceChildren(nowButton(item, done, { class: "small" }) ?? "");
    if (hasFocus) (cells.now.querySelector("button") ?? element.querySelector("a.row")).focus();
  }
  return { element, update };
}

// What tells it from others that go to the same place.
function preview(item) {
  const id = h("code", { title: item.messageId }, shortId(item.messageId));
  return h("div", { class: "line more" }, id, bodyOf(item));
}

function bodyOf(item) {
  if (item.isRedacted) return "redacted body";
  if (item.isBinary) return `binary, ${size(item.bodySize)}`;
  return item.body ? h("code", { class: "preview" }, item.body.replace(/\s+/g, " ")) : "no body";
}
