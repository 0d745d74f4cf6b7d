// Where nothing is: a sentence, and how there would be something; or where to go from here.

import { act, button, h } from "./dom.js";

const AT = "http://127.0.0.1:8000/hooks/ship";

// With each, an app's own code goes on: the token stays in its environment, and out of this page.
const curl = (target, ...more) => [`curl -X POST ${location.origin}${target}`, '-H "Authorization: Bearer $QSTASH_TOKEN"', ...more]
  .join(" \\\n  ");
const python = (call) => `# export QSTASH_URL=${location.origin}, and QSTASH_TOKEN from Settings
from qstash_integrations import QStash

with QStash() as qstash:
    ${call}
`;

const SNIPPETS = {
  message: () => ({
    curl: curl(`/v2/publish/${AT}`, `-H "Content-Type: application/json"`, `-d '{"order": 3}'`),
    Python: python(`qstash.publish_json(url="${AT}", body={"order": 3})`),
  }),
  schedule: () => ({
    curl: curl(`/v2/schedules/${AT}`, `-H "Upstash-Cron: CRON_TZ=Europe/Berlin 0 7 * * *"`, `-H "Upstash-Schedule-Id: daily"`),
    Python: python(`qstash.schedule.create(destination="${AT}", cron="CRON_TZ=Europe/Berlin 0 7 * * *", schedule_id="daily")`),
  }),
  queue: () => ({
    curl: curl(`/v2/enqueue/mail/${AT}`, `-d '{"to": "ada@example.com"}'`),
    Python: python(`qstash.enqueue_json(queue="mail", url="${AT}", body={"to": "ada@example.com"})`),
  }),
  flow: () => ({
    curl: curl(`/v2/publish/${AT}`, `-H "Upstash-Flow-Control-Key: mail"`, `-H "Upstash-Flow-Control-Value: rate=5,period=60"`),
  }),
  group: () => ({
    curl: curl("/v2/topics/parcels/endpoints", `-H "Content-Type: application/json"`, `-d '{"endpoints": [{"url": "${AT}"}]}'`),
  }),
};

// what: the snippets of SNIPPETS that would change it.
export function nothingYet(sentence, what) {
  return h("div", { class: "empty", hidden: true }, h("div", {}, sentence), snippets(SNIPPETS[what]()));
}

function snippets(ways) {
  const pre = h("pre", { tabindex: "0" });
  const tabs = Object.keys(ways).map((way) => button(way, () => choose(way), { class: "small" }));
  function choose(way) {
    pre.textContent = ways[way];
    pre.setAttribute("aria-label", `With ${way}`);
    for (const tab of tabs) tab.setAttribute("aria-pressed", String(tab.textContent === way));
  }
  choose(Object.keys(ways)[0]);
  const copy = button("Copy", act(() => navigator.clipboard.writeText(pre.textContent), "Copied"), { class: "small" });
  return h("div", { class: "snippet" }, h("div", { class: "actions" }, tabs, h("span", { class: "grow" }), copy), pre);
}

export const notHere = (title, sentence) => h(
  "div",
  { class: "card" },
  h("h1", {}, title),
  h("p", {}, sentence),
  h("div", { class: "actions" }, h("a", { class: "button", href: "#/messages" }, "All messages"),
    h("a", { class: "button", href: "#/publish" }, "Publish one")),
);

export const noSuchPage = (name) => ({
  title: "Not found",
  element: h("section", {}, notHere("No such page", `The dashboard has no page “${name.slice(0, 60)}”; the link may be mistyped, or of another version.`)),
});
