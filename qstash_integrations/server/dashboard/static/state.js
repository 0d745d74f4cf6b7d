// A message's state and an answer's status, as small coloured words.

import { h } from "./dom.js";
import { stateNames, taskOf } from "./format.js";

export const stateBadge = (state) => h("span", { class: `badge ${state}` }, stateNames[state] ?? state);

export function statusBadge(status) {
  if (status === undefined || status === null) return "";
  const kind = status >= 200 && status < 300 ? "delivered" : "failed";
  return h("span", { class: `status ${kind}` }, status === 0 ? "no answer" : String(status));
}

// What a message calls: its method and URL, or the name of the task that is there.
export function called(method, url, href = null) {
  const task = taskOf(url);
  const text = task ?? url;
  return [
    h("span", { class: "method" }, task ? "task" : method),
    href ? h("a", { class: "row", href, title: task && url }, text) : h("span", { title: task && url }, text),
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
