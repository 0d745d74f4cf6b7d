// The states of workflow runs and of their steps, as small coloured words; and where a run is shown.

import { query } from "./api.js";
import { h } from "./dom.js";

export const runStates = {
  RUN_STARTED: "Running",
  RUN_SUCCESS: "Succeeded",
  RUN_FAILED: "Failed",
  RUN_CANCELED: "Canceled",
};
const STEPS = {
  STEP_PROGRESS: "In progress",
  STEP_SUCCESS: "Done",
  STEP_RETRY: "Retrying",
  STEP_FAILED: "Failed",
  STEP_CANCELED: "Canceled",
};
// By the end of the state's name, whichever of the two it is.
const TONES = { STARTED: "active", PROGRESS: "active", SUCCESS: "delivered", RETRY: "retrying", FAILED: "failed", CANCELED: "canceled" };

const badge = (names, state) => h("span", { class: `badge ${TONES[state.split("_")[1]] ?? ""}` }, names[state] ?? state);
export const runHref = (run) => `#/workflows/${encodeURIComponent(run.workflowRunId)}${query({ created: run.workflowRunCreatedAt })}`;
export const runBadge = (state) => badge(runStates, state);
export const stepBadge = (state) => badge(STEPS, state);
