// Whether the server answers: a banner says since when it does not, and what to do. What is shown stays, and is stale.

import { h, setText } from "./dom.js";
import { clock } from "./format.js";

const live = document.getElementById("live");
let lastAt = Date.now();
let banner = null;

// True when it was gone.
export function isBack() {
  lastAt = Date.now();
  const wasGone = banner !== null;
  banner?.remove();
  banner = null;
  return wasGone;
}

export function gone() {
  live.dataset.state = "down";
  setText(live, "not reachable");
  if (banner) return;
  banner = h(
    "div",
    { class: "banner", role: "alert" },
    h("p", {}, h("b", {}, `No answer from ${location.origin} since ${clock(lastAt)}.`), " What is shown is from then."),
    h("p", { class: "quiet" }, "Start the server again with ", h("code", {}, "qstash-integrations dev"),
      " as you did before; this page goes on by itself."),
  );
  document.getElementById("main").before(banner);
}
