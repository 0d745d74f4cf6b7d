// The server's API, as anybody else could use it: /v2 is QStash's own, /_local what this server has beside it.

// Published in Upstash's documentation, and what the server uses while only this machine reaches it: no secret.
const DEVELOPMENT_TOKEN = "eyJVc2VySUQiOiJkZWZhdWx0VXNlciIsIlBhc3N3b3JkIjoiZGVmYXVsdFBhc3N3b3JkIn0=";
const KEPT = "qstash-token";

let current = sessionStorage.getItem(KEPT) ?? DEVELOPMENT_TOKEN;

export const token = () => current;

export function setToken(text) {
  current = text;
  sessionStorage.setItem(KEPT, text);
}

export class ApiError extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

// The link that the server printed holds a code; it is worth the token, once.
export async function exchange(code) {
  const answer = await fetch("/_local/token", { method: "POST", headers: { Authorization: `Bearer ${code}` } });
  if (!answer.ok) return false;
  setToken((await answer.json()).token);
  return true;
}

// A path out of constants and names: api`/v2/queues/${name}/pause`.
export function path(parts, ...names) {
  return parts.reduce((all, part, index) => all + segment(names[index - 1]) + part);
}

function segment(name) {
  // A browser would take these for directories, and ask for something else.
  if (name === "." || name === ".." || name === "") throw new Error(`no such name: ${JSON.stringify(name)}`);
  return encodeURIComponent(name);
}

export function query(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return given.length ? `?${new URLSearchParams(given)}` : "";
}

export const get = (target) => call("GET", target).then(read);
export const post = (target, json) => call("POST", target, json).then(read);
export const remove = (target, json) => call("DELETE", target, json).then(read);
export const file = (target) => call("GET", target).then((answer) => answer.blob());
export const publish = (target, headers, body) => send("POST", target, headers, body).then(read);

function call(method, target, json) {
  const headers = json === undefined ? {} : { "Content-Type": "application/json" };
  return send(method, target, headers, json === undefined ? null : JSON.stringify(json));
}

async function send(method, target, headers, body) {
  let answer;
  try {
    answer = await fetch(target, {
      method,
      body,
      headers: [...pairsOf(headers), ["Authorization", `Bearer ${current}`]],
      cache: "no-store",
      redirect: "error",
    });
  } catch (error) {
    throw new ApiError(0, `the server cannot be reached (${error.message})`);
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  throw new ApiError(answer.status, errorIn(text) ?? `the server answered ${answer.status}`);
}

function errorIn(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return undefined;
  }
}

async function read(answer) {
  const text = await answer.text();
  return text ? JSON.parse(text) : null;
}

const pairsOf = (headers) => (Array.isArray(headers) ? headers : Object.entries(headers));
