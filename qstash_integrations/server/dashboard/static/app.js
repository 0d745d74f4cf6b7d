// Which view is shown, and the pulse that keeps it up to date.

import * as api from "./api.js";
import { h, notice, setText } from "./dom.js";
import { relative, setNow } from "./format.js";
import { listenToKeys, showHelp } from "./keyboard.js";
import { signIn } from "./sign_in.js";
import { noSuchPage } from "./absent.js";
import { deadLetters } from "./dead_letters.js";
import { groups } from "./groups.js";
import { message } from "./message.js";
import { messages } from "./messages.js";
import { publish } from "./publish.js";
import { queues } from "./queues.js";
import { gone, isBack } from "./reach.js";
import { run } from "./run.js";
import { schedules } from "./schedules.js";
import { settings } from "./settings.js";
import { startTheme } from "./theme.js";
import { workflows } from "./workflows.js";
import { arrive, leave, restore } from "./visited.js";

// Each gives {title, element, refresh()}; what it shows without an event of a message is asked for every third pulse.
const VIEWS = {
  "": ({ parameters }) => messages(parameters),
  messages: ({ rest, parameters }) => (rest ? message(rest) : messages(parameters)),
  "dead-letters": () => deadLetters(),
  schedules: () => schedules(),
  queues: () => queues(),
  groups: () => groups(),
  settings: () => settings(),
  workflows: ({ rest, parameters }) => (rest ? run(rest, parameters) : workflows(parameters)),
  publish: ({ parameters }) => publish(parameters),
};
const PULSE = 1000;
const main = document.getElementById("main");
const live = document.getElementById("live");
let view = null;
let position = null;
let pulses = 0;
let timer = null;

function place() {
  const [path, search] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [name, ...rest] = path.split("/");
  return { name, rest: decode(rest.join("/")), parameters: new URLSearchParams(search) };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

async function show() {
  const here = place();
  if (here.name === "main") return main.focus();
  leave(view);
  const kept = arrive();
  view = kept?.view ?? (Object.hasOwn(VIEWS, here.name) ? VIEWS[here.name](here) : noSuchPage(here.name));
  document.title = `${view.title} · Local QStash`;
  for (const link of document.querySelectorAll(".top a[href]")) {
    const isHere = link.getAttribute("href") === `#/${here.name || "messages"}`;
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  main.setAttribute("aria-busy", String(!kept));
  main.replaceChildren(h("p", { class: "loading" }, "Loading…"), view.element);
  restore(kept);
  await refreshed(view);
  pointOut(here.parameters.get("at"));
}

// The row or card that a link was about.
function pointOut(id) {
  const found = id && [...main.querySelectorAll("[data-id]")].find((element) => element.dataset.id === id);
  if (!found) return;
  found.tabIndex = -1;
  found.focus();
}

async function refreshed(shown) {
  try {
    await shown.refresh?.();
    if (shown === view) main.removeAttribute("aria-busy");
  } catch (error) {
    if (error.status === 401) askForToken();
    else if (error.status !== 0) notice(error.message, true);
  }
  drawTimes();
}

async function pulse() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") {
    try {
      const overview = await api.get("/_local/overview");
      const changed = isBack() || overview.position !== position;
      drawOverview(overview);
      pulses += 1;
      position = overview.position;
      if (view && (changed || pulses % 3 === 0)) await refreshed(view);
    } catch (error) {
      if (error.status === 401) return askForToken();
      gone();
    }
  }
  timer = setTimeout(pulse, PULSE);
}

function drawOverview(overview) {
  setNow(overview.time);
  live.dataset.state = "up";
  setText(live, overview.parallelismCount ? `${overview.parallelismCount} in flight` : "live");
  const count = document.getElementById("dead-count");
  count.hidden = !overview.deadLetters;
  setText(count, String(overview.deadLetters));
  drawTimes();
}

function drawTimes() {
  for (const time of document.querySelectorAll("time[data-at]")) setText(time, relative(Number(time.dataset.at)));
}

function askForToken() {
  clearTimeout(timer);
  view = null;
  live.dataset.state = "down";
  setText(live, "signed out");
  main.replaceChildren(signIn(() => (show(), pulse())));
}

async function start() {
  startTheme(document.getElementById("theme"));
  document.getElementById("help").addEventListener("click", showHelp);
  listenToKeys();
  const code = location.hash.match(/^#token=(.+)$/)?.[1];
  if (code) {
    history.replaceState(null, "", "/#/messages");
    if (!(await api.exchange(code))) notice("This link was used already; it works once.", true);
  }
  addEventListener("hashchange", show);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && pulse());
  await pulse();
  if (live.dataset.state !== "down" || live.textContent !== "signed out") await show();
}

start();
