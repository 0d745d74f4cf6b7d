// Headers and bodies: as they were, readable, and with what is secret covered.

import * as api from "./api.js";
import { act, button, copy, h, setText } from "./dom.js";
import { bytesOf, hex, prettyJson, size } from "./format.js";

const SECRET = /authorization|cookie|signature|api-?key|token|secret|passw|credential/i;
export const COVER = "••••••••••••";

// Covered until somebody clicks, and only on the screen: copying does not uncover.
export function secret(value, label) {
  const text = h("code", {}, COVER);
  const toggle = button("Show", () => cover(text.textContent !== COVER), { class: "small" });
  function cover(isCovered) {
    setText(text, isCovered ? COVER : value);
    setText(toggle, isCovered ? "Show" : "Hide");
    toggle.setAttribute("aria-label", `${toggle.textContent} ${label}`);
  }
  cover(true);
  return h("span", { class: "secret" }, text, toggle, button("Copy", copy(() => value), {
    class: "small", "aria-label": `Copy ${label}`,
  }));
}

export function headers(fields, caption) {
  const names = Object.keys(fields ?? {});
  if (!names.length) return h("p", { class: "quiet" }, "No headers.");
  const rows = names.flatMap((name) => fields[name].map((value) => h(
    "tr",
    {},
    h("th", { scope: "row" }, name),
    h("td", {}, SECRET.test(name) ? secret(value, name) : h("code", {}, value)),
  )));
  return h("table", { class: "headers" }, h("caption", { class: "unseen" }, caption), h("tbody", {}, rows));
}

// name: "body" or "responseBody", as the API calls it; target: where the whole of it is.
export function body(fields, name, target, label) {
  const length = fields[`${name}Size`] ?? 0;
  if (!length) return h("p", { class: "quiet" }, "No body.");
  const text = fields[name];
  const bytes = text === undefined ? bytesOf(fields[`${name}Base64`]) : new TextEncoder().encode(text);
  const ways = {
    ...(text !== undefined && prettyJson(text) !== null ? { Pretty: () => prettyJson(text) } : {}),
    ...(text === undefined ? {} : { Text: () => text }),
    Hex: () => hex(bytes),
  };
  const pre = h("pre", { tabindex: "0", "aria-label": label });
  const tabs = Object.keys(ways).map((way) => button(way, () => choose(way), { class: "small" }));
  function choose(way) {
    setText(pre, ways[way]());
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.textContent === way));
  }
  choose(Object.keys(ways)[0]);
  const cut = length > bytes.length ? `, the first ${size(bytes.length)} shown` : "";
  return h(
    "div",
    { class: "body" },
    h("div", { class: "actions" }, tabs, h("span", { class: "quiet grow" }, `${size(length)}${cut}`),
      button("Download", act(() => download(target)), { class: "small" })),
    pre,
  );
}

async function download(target) {
  const href = URL.createObjectURL(await api.file(target));
  h("a", { href, download: `${target.split("/")[3]}.bin` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10000);
}
