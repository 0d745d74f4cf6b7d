// Workflow runs: the newest first, narrowed down by state, id, URL or label.

import * as api from "./api.js";
import { h, redrawn, setText, table } from "./dom.js";
import { span } from "./format.js";
import { narrowing, pages } from "./pages.js";
import { cell, opens } from "./rows.js";
import { age } from "./state.js";
import { runBadge, runHref, runStates } from "./run_state.js";

const PAGE = 50;
const FILTERS = [["workflowRunId", "Run id"], ["workflowUrl", "URL, exactly"], ["label", "Label"]];

export function workflows(parameters) {
  const wanted = Object.fromEntries(["state", ...FILTERS.map(([name]) => name)].map((name) => [name, parameters.get(name) ?? ""]));
  const rows = h("tbody");
  const draw = redrawn(rows, (run) => `${run.workflowRunId} ${run.workflowRunCreatedAt}`, runRow);
  const empty = h("p", { class: "empty", hidden: true });
  const ask = (cursor) => api.get(`/v2/workflows/logs${api.query({ ...wanted, count: PAGE, cursor, trimBody: 200 })}`);
  const paged = pages(ask, (page) => {
    draw(page.runs);
    empty.hidden = page.runs.length > 0;
    const isNarrowed = Object.values(wanted).some(Boolean);
    setText(empty, isNarrowed ? "No run is like that." : "No workflow has run here yet. Give the SDK of Upstash Workflow the environment block of Settings.");
  });
  const changed = narrowing("workflows", wanted, paged.restart);

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
    paged.element,
  );
  return { title: "Workflows", element, refresh: paged.load };
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
