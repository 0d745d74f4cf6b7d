// How an app is told of this server, how the server was started, its signing keys, and a new start.

import * as api from "./api.js";
import { act, button, confirmed, copy, h, setText } from "./dom.js";
import { COVER } from "./content.js";
import { size, span } from "./format.js";

const quoted = (text) => (/^[\w.:/=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
const WAYS = {
  ".env": (settings) => settings.map(([name, value]) => `${name}=${value}\n`).join(""),
  Shell: (settings) => settings.map(([name, value]) => `export ${name}=${quoted(value)}\n`).join(""),
  Compose: (settings) => `environment:\n${settings.map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`).join("")}`,
};
const TAKEN = [
  ["Largest body", ({ body }) => size(body)],
  ["Largest batch", ({ batch }) => size(batch)],
  ["Retries at most", ({ retries }) => String(retries)],
  ["Delay at most", ({ delay }) => span(delay * 1000)],
  ["Time for an answer", ({ timeout }) => span(timeout * 1000)],
  ["Requests at once", ({ parallelism }) => String(parallelism)],
];

export function settings() {
  const block = environment();
  const server = h("dl", { class: "facts" });
  async function refresh() {
    const about = await api.get("/_local/server");
    server.replaceChildren(...facts(about).flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
    await block.refresh(about.url);
  }
  const element = h(
    "section",
    {},
    h("div", { class: "heading" }, h("h1", {}, "Settings")),
    block.element,
    h("div", { class: "card" }, h("h2", {}, "This server"), server),
    rotation(refresh),
    clearing(),
  );
  return { title: "Settings", element, refresh };
}

function environment() {
  let values = [];
  let way = ".env";
  let isCovered = true;
  const pre = h("pre", { tabindex: "0", "aria-label": "Environment of your app" });
  const problem = h("p", { class: "quiet", hidden: true }, "The token that you came in with may only read, so the keys are not shown.");
  const tabs = Object.keys(WAYS).map((name) => button(name, () => ((way = name), draw()), { class: "small" }));
  const toggle = button("Show", () => ((isCovered = !isCovered), draw()), { class: "small" });
  const actions = h("div", { class: "actions" }, tabs, h("span", { class: "grow" }), toggle,
    button("Copy", copy(() => WAYS[way](values)), { class: "small primary" }));

  // Covered until somebody clicks, and only on the screen: copying does not uncover.
  function draw() {
    setText(pre, WAYS[way](values.map(([name, value]) => [name, isCovered && name !== "QSTASH_URL" ? COVER : value])));
    setText(toggle, isCovered ? "Show" : "Hide");
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.textContent === way));
  }

  async function refresh(url) {
    // What this token may not see it may not see later either.
    if (!problem.hidden) return;
    let keys;
    try {
      keys = await api.get("/v2/keys");
    } catch (error) {
      if (error.status !== 403) throw error;
      problem.hidden = false;
      actions.hidden = pre.hidden = true;
      return;
    }
    values = [
      ["QSTASH_URL", url], ["QSTASH_TOKEN", api.token()],
      ["QSTASH_CURRENT_SIGNING_KEY", keys.current], ["QSTASH_NEXT_SIGNING_KEY", keys.next],
    ];
    draw();
  }

  const element = h("div", { class: "card" }, h("h2", {}, "Environment of your app"), actions, problem, pre);
  return { element, refresh };
}

function facts({ version, url, db, allowHosts, rewrites, reaches, limits, keeps }) {
  return [
    ["Version", version],
    ["Address", h("code", {}, url)],
    ["Kept in", db ? h("code", {}, db) : ["memory, gone when the server ends; keep it with ", h("code", {}, "--db FILE")]],
    ["Delivers to", reaches === "local" ? "this machine and every other" : ["public addresses alone; others with ", h("code", {}, "--allow-private")]],
    allowHosts.length && ["Also called", h("code", {}, allowHosts.join(", "))],
    rewrites.length && ["Instead of", rewrites.map(({ from, to }) => h("div", {}, h("code", {}, from), " to ", h("code", {}, to)))],
    ["Messages stay", span(keeps.messages * 1000)],
    ["Dead letters stay", span(keeps.deadLetters * 1000)],
    ...TAKEN.map(([name, shown]) => [name, shown(limits)]),
  ].filter(Boolean);
}

function rotation(refresh) {
  const question = "Rotate the signing keys? The next key becomes the current one. Apps keep working, as they have both;"
    + " update their settings before you rotate again.";
  const rotate = act(async () => {
    if (!(await confirmed(question, "Rotate"))) return false;
    await api.post("/v2/keys/rotate");
    await refresh();
  }, "Rotated: copy the new settings into your app");
  const text = "The next key becomes the current one, and a new next key is made. Try here whether your app survives it.";
  return risky("Rotate", text, button("Rotate keys", rotate, { class: "danger" }));
}

function clearing() {
  const question = "Forget all messages, dead letters, schedules, queues, URL groups, flow-control keys and workflow runs?"
    + " Only the keys and the token stay. There is no way back.";
  const clear = act(async () => {
    if (!(await confirmed(question, "Clear all"))) return false;
    await api.post("/_local/clear");
  }, "All clear");
  const text = "Without starting the server again. What is being delivered at this moment still arrives.";
  return risky("A new start", text, button("Clear all", clear, { class: "danger" }));
}

const risky = (title, text, action) => h("div", { class: "card" }, h("h2", {}, title), h("p", {}, text), h("div", { class: "actions" }, action));
