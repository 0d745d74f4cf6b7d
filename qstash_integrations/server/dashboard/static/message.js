// One message: what became of it so far, what it carries, how it is signed, and what can be done about it.

import * as api from "./api.js";
import { notHere } from "./absent.js";
import { act, button, confirmed, copy, h, redrawn, table } from "./dom.js";
import { clock, taskOf, zone } from "./format.js";
import { body, headers, secret } from "./content.js";
import { factsOf } from "./options.js";
import { nowButton, obstacle } from "./now.js";
import { cell, opens } from "./rows.js";
import { runHref } from "./run_state.js";
import { age, called, destination, flawNames, stateBadge, statusBadge } from "./state.js";
import { timeline } from "./timeline.js";

const GONE = "This server has no message of this id. It may have been removed after its retention, with a queue, or with the server's memory.";
const HELD = ["queued", "held"];
const FINISHED = ["delivered", "failed", "canceled"];

export function message(id) {
  const target = api.path`/_local/messages/${id}`;
  const head = h("div", { class: "card" });
  const steps = timeline(id);
  const calls = callbacks();
  const request = h("section", { class: "card" });
  const signature = h("section", { class: "card" });
  const element = h(
    "article",
    {},
    h("p", { class: "crumbs" }, h("a", { href: "#/messages" }, "Messages"), " / ", h("code", {}, id)),
    head,
    h("section", { class: "card" }, h("h2", {}, "Timeline ", h("span", { class: "zone" }, zone())), steps.element),
    calls.element,
    request,
    signature,
  );
  let shown = "";

  async function refresh() {
    let found;
    try {
      found = await api.get(target);
    } catch (error) {
      if (error.status === 404) return element.replaceChildren(notHere("Not here any more", GONE));
      throw error;
    }
    steps.draw(found.events);
    calls.draw(found);
    const { events, callbacks, failureCallbacks, ...rest } = found;
    const now = JSON.stringify(rest);
    if (now === shown) return;
    const isFirst = !shown;
    shown = now;
    head.replaceChildren(...headOf(rest, refresh));
    if (!isFirst) return;
    request.replaceChildren(
      h("h2", {}, "Request"),
      headers(rest.header, "Request headers"),
      body(rest, "body", `${target}/body`, "Request body"),
    );
    signature.replaceChildren(...signatureOf(await api.get(`${target}/request`), rest));
  }

  return { title: "Message", element, refresh };
}

function headOf(found, refresh) {
  return [
    h("h1", { class: "url" }, stateBadge(found.state), called(found.method, found.url)),
    actions(found, refresh),
    h("dl", { class: "facts" }, facts(found).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
  ];
}

// The messages that were made of its attempts, with what became of them.
function callbacks() {
  const rows = h("tbody");
  const draw = redrawn(rows, (item) => item.messageId, (item) => opens(h(
    "tr",
    { "data-id": item.messageId },
    cell("State", {}, stateBadge(item.state), " ", statusBadge(item.responseStatus)),
    cell("Kind", {}, item.isFailure ? "failure callback" : "callback"),
    cell("Destination", { class: "url" }, destination(item.method, item.url, item.messageId)),
    cell("Age", { class: "number quiet" }, age(item.createdAt)),
  )));
  const element = h("section", { class: "card", hidden: true }, h("h2", {}, "Callbacks"),
    table("Callbacks", ["State", "Kind", "Destination", ["Age", "number"]], rows));
  return {
    element,
    draw(found) {
      const failures = (found.failureCallbacks ?? []).map((item) => ({ ...item, isFailure: true }));
      const all = [...(found.callbacks ?? []), ...failures].sort((one, other) => one.createdAt - other.createdAt);
      element.hidden = !all.length;
      draw(all);
    },
  };
}

const toMessage = (id) => h("a", { href: `#/messages/${encodeURIComponent(id)}` }, h("code", {}, id));

function facts(found) {
  const to = (name, value) => h("a", { href: `#/messages${api.query({ [name]: value })}` }, value);
  const waits = !FINISHED.includes(found.state) && found.state !== "active";
  return [
    ["Id", [h("code", {}, found.messageId), " ", button("Copy", copy(() => found.messageId), { class: "small" })]],
    taskOf(found.url) && ["URL", h("code", {}, found.url)],
    ["Published", [clock(found.createdAt), " (", age(found.createdAt), ")"]],
    waits && ["Next attempt", [clock(found.nextDeliveryTime), " (", age(found.nextDeliveryTime), ")"]],
    HELD.includes(found.state) && obstacle(found) && ["Waits for", obstacle(found)],
    ...factsOf(found),
    found.topicName && ["URL group", [to("topicName", found.topicName), found.endpointName && ` / ${found.endpointName}`]],
    found.workflowRunId && ["Workflow run", h("a", { href: runHref(found) }, h("code", {}, found.workflowRunId))],
    found.isCallback && ["Callback of", found.sourceMessageId ? toMessage(found.sourceMessageId) : "a message that is gone"],
    found.signature && ["Signature", h("b", { class: "bad" }, flawNames[found.signature])],
    found.callerIP && ["Published from", h("code", {}, found.callerIP)],
  ].filter(Boolean);
}

const open = (id) => (location.hash = `#/messages/${encodeURIComponent(id)}`);

function actions(found, refresh) {
  const target = api.path`/_local/messages/${found.messageId}`;
  const replay = (asked, done) => act(async () => {
    const { messageId } = await api.post(`${target}/replay`, asked());
    open(messageId);
  }, done);
  const cancel = act(async () => {
    if (!(await confirmed("Cancel this message? An attempt under way may still succeed.", "Cancel message"))) return false;
    await api.remove(api.path`/v2/messages/${found.messageId}`);
    await refresh();
  }, "Canceled");
  const flaw = h(
    "select",
    { "aria-label": "What is wrong with the signature" },
    Object.entries(flawNames).map(([value, label]) => h("option", { value }, label)),
  );
  const send = replay(() => ({ signature: flaw.value }), "Sent with a broken signature");
  const breakage = button("Send with a broken signature", send, {
    title: "One attempt with a signature that your app has to refuse: look for its 401",
  });
  return h(
    "div",
    { class: "actions" },
    nowButton(found, (id) => (id === found.messageId ? refresh() : open(id)), { class: "primary" }),
    button("Replay", replay(() => ({}), "Published again")),
    h("a", { class: "button", href: `#/publish${api.query({ from: found.messageId })}` }, "Edit and send again"),
    !FINISHED.includes(found.state) && button("Cancel", cancel, { class: "danger" }),
    h("span", { class: "grow" }),
    h("span", { class: "joined" }, flaw, breakage),
  );
}

function signatureOf(request, found) {
  const claims = Object.entries(request.claims ?? {}).map(([name, value]) => h(
    "tr",
    {},
    h("th", { scope: "row" }, h("code", {}, name)),
    h("td", {}, h("code", {}, typeof value === "string" ? value || '""' : JSON.stringify(value))),
    h("td", { class: "quiet" }, meaning(name, value)),
  ));
  const token = request.header["Upstash-Signature"]?.[0];
  return [
    h("h2", {}, "Signature"),
    h("p", { class: "quiet" }, "Every attempt is signed anew. This is what one made now would carry",
      found.signature ? `; it is wrong on purpose: ${flawNames[found.signature]}.` : ", signed with the current key."),
    token ? h("p", {}, secret(token, "Upstash-Signature")) : h("p", {}, "No signature."),
    claims.length ? h("div", { class: "scroll" }, h("table", { class: "headers" },
      h("caption", { class: "unseen" }, "Claims"), h("tbody", {}, claims))) : null,
    h("details", {}, h("summary", {}, "All headers of the request"), headers(request.header, "Headers as sent")),
  ].filter(Boolean);
}

function meaning(name, value) {
  switch (name) {
    case "iss": return "who signed: always Upstash";
    case "sub": return "the URL that was published to; your app's public URL has to be the same";
    case "exp": return `good until ${clock(value * 1000)}`;
    case "iat": return `signed at ${clock(value * 1000)}`;
    case "nbf": return value ? `not before ${clock(value * 1000)}` : "no earliest time";
    case "jti": return "this attempt; another one has another id";
    case "body": return "SHA-256 of the body, base64url";
    case "aud": return "not used";
    default: return "";
  }
}
