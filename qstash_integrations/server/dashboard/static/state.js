// A message's state and an answer's status, as small coloured words.

import { h } from "./dom.js";
import { iso, parted, stateNames, taskOf } from "./format.js";

export const stateBadge = (state) => h("span", { class: `badge ${state}` }, stateNames[state] ?? state);

export function statusBadge(status) {
  if (status === undefined || status === null) return "";
  const kind = status >= 200 && status < 300 ? "delivered" : "failed";
  return h("span", { class: `status ${kind}` }, status === 0 ? "no answer" : String(status));
}

const MOST_OF_ORIGIN = 36; // characters

// What a message calls: its method and URL, or the name of the task that is there.
export function called(method, url) {
  const task = taskOf(url);
  const [origin, path, end] = parted(url);
  return [kindOf(method, task), h("span", { title: task && url }, task ?? [h("span", { class: "quiet" }, origin), path, end])];
}

// The same on one line, as a link to the message. What has no room is cut out of the middle.
export function destination(method, url, messageId) {
  const task = taskOf(url);
  const [origin, path, end] = parted(url, MOST_OF_ORIGIN);
  const text = task ?? [h("span", { class: "start" }, h("span", { class: "quiet" }, origin), path), h("span", {}, end)];
  const href = `#/messages/${encodeURIComponent(messageId)}`;
  return h("div", { class: "line" }, kindOf(method, task), h("a", { class: "row", href, title: url }, text));
}

const kindOf = (method, task) => h("span", { class: "method" }, task ? "task" : method);

export const age = (at) => h("time", { "data-at": at, datetime: new Date(at).toISOString(), title: iso(at) });

export const flawNames = {
  wrong_key: "signed with another key",
  expired: "expired",
  url_mismatch: "signed for another URL",
  body_mismatch: "signed for another body",
  issuer: "of another issuer",
  malformed: "malformed",
  missing: "no signature at all",
};
