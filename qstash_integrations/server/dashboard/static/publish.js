// The form to publish with, or to make a schedule: every option that there is, and the same call for curl.

import * as api from "./api.js";
import { act, button, h, notice, setText } from "./dom.js";
import { preview } from "./cron.js";
import { size } from "./format.js";
import { jsonFault } from "./json_fault.js";
import { CRON, GROUPS, QUEUE, headersFrom, valuesOf } from "./options.js";

export function publish(parameters) {
  const inputs = new Map();
  const destination = h("input", {
    id: "destination", required: true, autocomplete: "off", spellcheck: "false", list: "groups", class: "grow",
    placeholder: "http://127.0.0.1:8000/hooks/ship, or a URL group", value: parameters.get("to") ?? "",
  });
  const suggestions = h("datalist", { id: "groups" });
  const text = h("textarea", { id: "body", rows: "8", spellcheck: "false" }, '{"hello": "world"}');
  const flaw = h("p", { class: "bad", role: "status", hidden: true });
  text.addEventListener("input", check);
  const upload = h("input", { type: "file", "aria-label": "Body from a file", onchange: chosen });
  const origin = h("p", { class: "quiet", hidden: true });
  const result = h("div", { class: "result", role: "status" });
  let bytes = null; // a body that is no text, or a file

  function chosen() {
    const [file] = upload.files;
    if (file) file.arrayBuffer().then((buffer) => useBytes(new Uint8Array(buffer)));
  }

  // A hint: whoever wants to may send what is no JSON.
  function check() {
    const fault = /^\s*[{["]/.test(text.value) ? jsonFault(text.value) : null;
    flaw.hidden = !fault;
    if (fault) setText(flaw, `Not JSON: line ${fault.line}, column ${fault.column}: here should be ${fault.expected}.`);
  }

  function useBytes(found) {
    bytes = found;
    flaw.hidden = true;
    text.disabled = true;
    text.value = `${size(found.length)}, sent as they are`;
  }

  function call() {
    const values = Object.fromEntries([...inputs].map(([name, input]) => [
      name, input.type === "checkbox" ? (input.checked ? input.value : "") : input.value.trim(),
    ]));
    const headers = headersFrom(values);
    const isSchedule = Boolean(values[CRON]);
    const queue = values[QUEUE];
    if (isSchedule && queue) headers.push([QUEUE, queue]);
    const start = isSchedule ? "/v2/schedules/" : queue ? api.path`/v2/enqueue/${queue}/` : "/v2/publish/";
    return { isSchedule, target: start + checked(destination.value.trim(), start), headers, body: bytes ?? text.value };
  }

  async function submit(event) {
    event.preventDefault();
    result.replaceChildren();
    try {
      const { isSchedule, target, headers, body } = call();
      const sent = typeof body === "string" ? new TextEncoder().encode(body) : body;
      const answer = await api.publish(target, headers, sent);
      result.replaceChildren(...(isSchedule ? scheduled(answer) : published(answer)));
    } catch (error) {
      result.replaceChildren(h("p", { class: "bad", role: "alert" }, error.message));
    }
    result.scrollIntoView({ block: "nearest" });
  }

  async function fill() {
    const groups = await api.get("/v2/topics");
    suggestions.replaceChildren(...groups.map((group) => h("option", { value: group.name })));
    const from = parameters.get("from");
    if (!from) return;
    const target = api.path`/_local/messages/${from}`;
    const message = await api.get(target);
    destination.value = message.url;
    for (const [name, value] of Object.entries(valuesOf(message))) inputs.get(name).value = value;
    for (const details of element.querySelectorAll("details")) {
      details.open ||= [...details.querySelectorAll("input, textarea, select")].some((input) => input.value && input.type !== "checkbox");
    }
    setText(origin, message.isRedacted
      ? "From an earlier message. What was redacted in it is not known here: fill it in again."
      : "From an earlier message; nothing of it changes, this becomes a new one.");
    origin.hidden = false;
    const whole = new Uint8Array(await (await api.file(`${target}/body`)).arrayBuffer());
    try {
      text.value = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(whole);
    } catch {
      useBytes(whole);
    }
  }

  const element = h(
    "section",
    {},
    h("div", { class: "heading" }, h("h1", {}, "Publish")),
    h(
      "form",
      { class: "card publish", onsubmit: submit },
      origin,
      h("label", { for: "destination" }, "Destination"),
      destination,
      suggestions,
      h("label", { for: "body" }, "Body"),
      text,
      flaw,
      upload,
      GROUPS.map(([name, fields], index) => h("details", { open: index === 0 }, h("summary", {}, name),
        h("div", { class: "fields" }, fields.map((field) => labelled(field, inputs))))),
      h("div", { class: "actions" }, h("button", { class: "primary" }, "Publish"),
        button("Copy as curl", act(() => navigator.clipboard.writeText(curl(call())), "Copied"))),
      result,
    ),
  );
  const cron = inputs.get(CRON);
  cron.closest("label").after(preview(cron));
  if (parameters.get("cron")) {
    cron.value = parameters.get("cron");
    cron.closest("details").open = true;
    cron.dispatchEvent(new Event("input"));
  }
  fill().catch((error) => notice(error.message, true));
  return { title: "Publish", element };
}

// A browser tidies paths: /a/../b becomes /b, and with enough dots another call of the API. Such a URL is for curl.
function checked(destination, start) {
  const path = destination.split("?")[0];
  const isTidied = /[\\#]/.test(destination) || path.split("/").some((part) => /^(\.|%2e){1,2}$/i.test(part));
  const sent = new URL(start + destination, location.origin);
  if (isTidied || !(sent.pathname + sent.search).startsWith(start) || sent.origin !== location.origin) {
    throw new Error("A browser would change this URL before it sends it (a dot segment, a backslash or a #). Use curl for it.");
  }
  return destination;
}

function labelled(field, inputs) {
  const { name } = field;
  const common = { name, placeholder: field.placeholder, spellcheck: "false", autocomplete: "off", value: field.value };
  let input;
  if (field.choices) {
    input = h("select", { name }, field.choices.map((choice) => h("option", { value: choice }, choice || "default")));
    input.value = field.value;
  } else if (field.lines) input = h("textarea", { ...common, rows: "2" });
  else if (field.flag) input = h("input", { ...common, type: "checkbox", value: field.flag });
  else input = h("input", { ...common, type: field.type ?? "text", min: field.type === "number" ? "0" : null });
  inputs.set(name, input);
  return h("label", { class: field.flag ? "flag" : field.lines ? "tall" : null }, h("span", {}, field.label), input);
}

function published(answer) {
  const receipts = Array.isArray(answer) ? answer : [answer];
  return [h("p", {}, "Published:"), h("ul", {}, receipts.map((receipt) => h("li", {},
    h("a", { href: `#/messages/${encodeURIComponent(receipt.messageId)}` }, receipt.messageId),
    receipt.url ? ` ${receipt.url}` : "",
    receipt.deduplicated ? h("b", {}, " a duplicate of this one; nothing new was stored") : "")))];
}

const scheduled = (answer) => [
  h("p", {}, "Schedule ", h("a", { href: "#/schedules" }, answer.scheduleId), " is made."),
];

function curl({ target, headers, body }) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  const unicode = (text) => new TextDecoder().decode(Uint8Array.from(text, (char) => char.charCodeAt(0)));
  return [
    `curl --path-as-is -X POST ${quoted(location.origin + target)}`,
    '-H "Authorization: Bearer $QSTASH_TOKEN"',
    // Of its own accord, curl would say that the body is a form.
    ...(headers.some(([name]) => name === "Content-Type") ? [] : ["-H 'Content-Type:'"]),
    ...headers.map(([name, value]) => `-H ${quoted(`${name}: ${unicode(value)}`)}`),
    typeof body === "string" ? `--data-raw ${quoted(body)}` : "--data-binary @body",
  ].join(" \\\n  ");
}
