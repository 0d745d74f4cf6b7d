// Queues and flow control: how full, how many at a time, pause.

import { nothingYet } from "./absent.js";
import * as api from "./api.js";
import { act, button, confirmed, h, redrawn, setText, table } from "./dom.js";
import { cell } from "./rows.js";

export function queues() {
  const queueRows = h("tbody");
  const flowRows = h("tbody");
  const drawQueues = redrawn(queueRows, (queue) => queue.name, (queue) => queueRow(queue, refresh));
  const drawFlows = redrawn(flowRows, (flow) => flow.flowControlKey, (flow) => flowRow(flow, refresh));
  const noQueues = nothingYet("No queues. The first message for one makes it.", "queue");
  const noFlows = nothingYet("No flow-control keys: the first message that names one makes it.", "flow");
  const global = h("span", { class: "quiet" });

  async function refresh() {
    const [foundQueues, flows, all] = await Promise.all([
      api.get("/v2/queues"), api.get("/v2/flowControl"), api.get("/v2/globalParallelism"),
    ]);
    drawQueues(foundQueues);
    // Counted in periods, which pass without anything happening.
    drawFlows(flows.map(({ ratePeriodStart, ...flow }) => flow));
    noQueues.hidden = foundQueues.length > 0;
    noFlows.hidden = flows.length > 0;
    setText(global, `${all.parallelismCount} of ${all.parallelismMax} requests in flight, all together`);
  }

  const element = h(
    "section",
    {},
    h("div", { class: "heading" }, h("h1", {}, "Queues"), h("span", { class: "grow" }), newQueue(refresh)),
    table("Queues", ["Queue", ["Waiting", "number"], "At a time", ""], queueRows),
    noQueues,
    h("div", { class: "heading" }, h("h2", {}, "Flow control"), h("span", { class: "grow" }), global),
    table("Flow control", ["Key", ["Waiting", "number"], "At a time", "Per period", ""], flowRows),
    noFlows,
  );
  return { title: "Queues", element, refresh };
}

function newQueue(refresh) {
  const name = h("input", { "aria-label": "New queue", placeholder: "New queue", required: true, pattern: "[A-Za-z0-9._\\-]+" });
  return h("form", {
    class: "joined",
    async onsubmit(event) {
      event.preventDefault();
      await act(async () => {
        await api.post("/v2/queues", { queueName: name.value, parallelism: 1 });
        name.value = "";
        await refresh();
      }, "Queue made")();
    },
  }, name, h("button", {}, "Add"));
}

function queueRow(queue, refresh) {
  const { name, paused } = queue;
  const change = (fields, done) => act(async () => {
    await api.post("/v2/queues", { queueName: name, parallelism: queue.parallelism, paused, ...fields() });
    await refresh();
  }, done);
  const pause = act(async () => {
    await api.post(api.path`/v2/queues/${name}/` + (paused ? "resume" : "pause"));
    await refresh();
  }, paused ? "Resumed" : "Paused");
  const remove = act(async () => {
    if (!(await confirmed(`Delete the queue ${name} with its ${queue.lag} waiting messages?`, "Delete"))) return false;
    await api.remove(api.path`/v2/queues/${name}`);
    await refresh();
  }, "Deleted");
  const parallelism = numberInput(queue.parallelism, `Parallelism of ${name}`);
  return h(
    "tr",
    { "data-id": name },
    h("td", {}, h("a", { class: "row", href: `#/messages${api.query({ queueName: name })}` }, name), " ",
      paused && h("span", { class: "badge held" }, "Paused")),
    cell("Waiting", { class: "number" }, String(queue.lag)),
    cell("At a time", {}, h("span", { class: "joined" }, parallelism,
      button("Set", change(() => ({ parallelism: Number(parallelism.value) }), "Changed"), { class: "small" }))),
    h("td", { class: "actions" },
      button(paused ? "Resume" : "Pause", pause, { class: "small" }),
      button("Delete", remove, { class: "small danger" })),
  );
}

function flowRow(flow, refresh) {
  const key = flow.flowControlKey;
  const post = (verb, done) => act(async () => {
    await api.post(api.path`/v2/flowControl/${key}/` + verb());
    await refresh();
  }, done);
  const isPinned = flow.isPinnedParallelism || flow.isPinnedRate;
  const parallelism = numberInput(flow.parallelismMax || "", `Parallelism of ${key}`);
  const rate = numberInput(flow.rateMax || "", `Rate of ${key}`);
  const period = numberInput(flow.ratePeriod, `Period of ${key} in seconds`);
  // Rate and period are fixed together.
  const pinned = () => `pin${api.query({ parallelism: parallelism.value, rate: rate.value, period: rate.value && period.value })}`;
  return h(
    "tr",
    { "data-id": key },
    h("td", {}, h("a", { class: "row", href: `#/messages${api.query({ flowControlKey: key })}` }, key), " ",
      flow.isPaused && h("span", { class: "badge held" }, "Paused"), " ", isPinned && h("span", { class: "tag" }, "pinned")),
    cell("Waiting", { class: "number" }, String(flow.waitListSize)),
    cell("At a time", {}, `${flow.parallelismCount} of `, parallelism),
    cell("Per period", {}, `${flow.rateCount} of `, rate, " per ", period, " s"),
    h("td", { class: "actions" },
      button(flow.isPaused ? "Resume" : "Pause", post(() => (flow.isPaused ? "resume" : "pause"), flow.isPaused ? "Resumed" : "Paused"), { class: "small" }),
      button("Pin", post(pinned, "Pinned"), { class: "small", title: "Fix these limits against what messages bring" }),
      isPinned && button("Unpin", post(() => "unpin?parallelism=true&rate=true", "Unpinned"), { class: "small" }),
      button("Reset rate", post(() => "resetRate", "Rate count is 0"), { class: "small" })),
  );
}

const numberInput = (value, label) => h("input", { type: "number", min: "1", class: "short", value, "aria-label": label });
