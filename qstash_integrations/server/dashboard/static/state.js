// A message's state and an answer's status, as small coloured words.

import { h } from "./dom.js";
import { parted, stateNames, taskOf } from "./format.js";

export const stateBadge = (state) => h("span", { class: `badge ${state}` }, stateNames[state] ?? state);

export function statusBadge(status) {
  if (status === undefined || status === null) return "";
  const kind = status >= 200 && status < 300 ? "delivered" : "failed";
  return h("span", { class: `status ${kind}` }, status === 0 ? "no answer" : String(status));
}

const MOST_OF_A_URL = 62;

// What a message calls: its method and URL, or the name of the task that is there; as a link, cut to a line.
export function called(method, url, href = null) {
  const task = taskOf(url);
  const [origin, rest] = parted(url, href ? MOST_OF_A_URL : Infinity);
  const text = task ?? [origin && h("span", { class: "quiet" }, origin), rest];
  return [
    h("span", { class: "method" }, task ? "task" : method),
    href ? h("a", { class: "row", href, title: url }, text) : h("span", { title: task && url }, text),
  ];
}

export const age = (at) => h("time", { "data-at": at, datetime: new Date(at).toISOString(), title: new Date(at).toISOString() });

export const flawNames = {
  wrong_key: "signed with another key",
  expired: "expired",
  url_mismatch: "signed for another URL",
  body_mismatch: "signed for another body",
  issuer: "of another issuer",
  malformed: "malformed",
  missing: "no signature at all",
};
