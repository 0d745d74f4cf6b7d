// What is shown while the page has no token that the server knows.

import * as api from "./api.js";
import { h, setText } from "./dom.js";

export function signIn(done) {
  const input = h("input", { type: "password", id: "token", autocomplete: "off", required: true });
  const problem = h("p", { class: "bad", role: "alert" });
  const form = h(
    "form",
    { class: "card narrow", onsubmit: submit },
    h("h1", {}, "Token, please"),
    h("p", {}, "This server can be reached from other machines, so it has a token of its own. It printed a link that",
      " opens the dashboard once, and the token as QSTASH_TOKEN."),
    h("label", { for: "token" }, "QSTASH_TOKEN"),
    input,
    problem,
    h("button", { class: "primary" }, "Open"),
  );
  async function submit(event) {
    event.preventDefault();
    api.setToken(input.value.trim());
    try {
      await api.get("/_local/overview");
      done();
    } catch (error) {
      setText(problem, error.status === 401 ? "That is not the token of this server." : error.message);
    }
  }
  return form;
}
