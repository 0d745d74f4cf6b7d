// What a message belongs to, each with its kind in words, and a link: to what else belongs there, or to the message itself.

import { query } from "./api.js";
import { h } from "./dom.js";
import { flawNames } from "./state.js";

export function chips(item) {
  const found = [
    ...(item.labels ?? []).map((label) => filter("label", "label", label)),
    item.queueName && filter("queue", "queueName", item.queueName),
    item.topicName && filter("group", "topicName", item.topicName),
    item.scheduleId && filter("schedule", "scheduleId", item.scheduleId),
    item.flowControlKey && filter("flow", "flowControlKey", item.flowControlKey),
    item.isCallback && callback(item.sourceMessageId),
    item.signature && h("span", { class: "chip flaw" }, kind("signature"), flawNames[item.signature] ?? item.signature),
  ].filter(Boolean);
  return found.length ? h("span", { class: "chips" }, found) : "";
}

const kind = (name) => h("span", { class: "kind" }, name, " ");

function filter(name, parameter, value) {
  const href = `#/messages${query({ [parameter]: value })}`;
  return h("a", { class: `chip ${name}`, href, title: `Messages with ${name} ${value}` }, kind(name), value);
}

function callback(sourceId) {
  if (!sourceId) return h("span", { class: "chip callback" }, kind("callback"));
  const href = `#/messages/${encodeURIComponent(sourceId)}`;
  return h("a", { class: "chip callback", href, title: `Of message ${sourceId}` }, kind("callback of"), shortId(sourceId));
}

// Enough to tell one from another; the whole stands in the title of what is around it.
export const shortId = (id) => `…${id.slice(-6)}`;
