// Workflow runs: the newest first, narrowed down by state, id, URL or label.

import * as api from "./api.js";
import { act, button, h, redrawn, setText, table } from "./dom.js";
import { span } from "./format.js";
import { cell, opens } from "./rows.js";
import { age } from "./state.js";
import { runBadge, runHref, runStates } from "./run_state.js";
import { readdress } from "./visited.js";

const PAGE = 50;
const SOON = 150; // milliseconds after the last key
const FILTERS = [["workflowRunId", "Run id"], ["workflowUrl", "URL, exactly"], ["label", "Label"]];

export function workflows(parameters) {
  const wanted = Object.fromEntries(["state", ...FILTERS.map(([name]) => name)].map((name) => [name, parameters.get(name) ?? ""]));
  const cursors = [""];
  const rows = h("tbody");
  const draw = redrawn(rows, (run) => `${run.workflowRunId} ${run.workflowRunCreatedAt}`, runRow);
  const empty = h("p", { class: "empty", hidden: true });
  const newer = button("← Newer", act(() => (cursors.pop(), refresh())));
  const older = button("Older →", act(() => (cursors.push(older.dataset.cursor), refresh())));
  let timer = null;
  let address = location.hash;

  function changed() {
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (location.hash !== address) return;
      cursors.splice(0, cursors.length, "");
      readdress(`#/workflows${api.query(wanted)}`);
      address = location.hash;
      act(refresh)();
    }, SOON);
  }

  async function refresh() {
    const page = await api.get(`/v2/workflows/logs${api.query({ ...wanted, count: PAGE, cursor: cursors.at(-1), trimBody: 200 })}`);
    draw(page.runs);
    older.dataset.cursor = page.cursor ?? "";
    older.disabled = !page.cursor;
    newer.disabled = cursors.length === 1;
    empty.hidden = page.runs.length > 0;
    const isNarrowed = Object.values(wanted).some(Boolean);
    setText(empty, isNarrowed ? "No run is like that." : "No workflow has run here yet. Give the SDK of Upstash Workflow the environment block of Settings.");
  }

  const select = h("select", { "aria-label": "State", onchange: (event) => ((wanted.state = event.target.value), changed()) },
    [["", "Any state"], ...Object.entries(runStates)].map(([value, label]) => h("option", { value }, label)));
  select.value = wanted.state;
  const field = ([name, label]) => h("input", {
    type: "search", "aria-label": label, placeholder: label, value: wanted[name], maxlength: "200",
    ...(name === "workflowRunId" ? { "data-search": "" } : {}),
    oninput: (event) => ((wanted[name] = event.target.value.trim()), changed()),
  });
  const element = h(
    "section",
    {},
    h("div", { class: "heading" }, h("h1", {}, "Workflows")),
    h("form", { class: "filters unfolded", role: "search", onsubmit: (event) => event.preventDefault() }, select, FILTERS.map(field)),
    table("Workflow runs", ["State", "Run", ["Labels", "wide"], ["Steps", "number"], ["Took", "number roomy"], ["Started", "number"]], rows),
    empty,
    h("div", { class: "actions pages" }, newer, older),
  );
  return { title: "Workflows", element, refresh };
}

function runRow(run) {
  const steps = run.steps.flatMap((group) => (group.type === "next" ? [] : group.steps));
  const ended = run.workflowRunCompletedAt;
  return opens(h(
    "tr",
    { "data-id": run.workflowRunId },
    cell("State", {}, runBadge(run.workflowState)),
    h("td", { class: "url" }, h("a", { class: "row", href: runHref(run) }, run.workflowRunId), h("div", { class: "quiet" }, h("code", {}, run.workflowUrl))),
    cell("Labels", { class: "wide" }, (run.labels ?? []).join(", ")),
    cell("Steps", { class: "number" }, String(steps.filter((step) => step.stepId).length)),
    cell("Took", { class: "number roomy quiet" }, ended ? span(ended - run.workflowRunCreatedAt) : ""),
    cell("Started", { class: "number quiet" }, age(run.workflowRunCreatedAt)),
  ));
}
