// Every option of a publish call: its field in the form, and the header that carries it.

const METHODS = ["POST", "GET", "PUT", "PATCH", "DELETE"];

const callback = (prefix, what) => [
  { header: prefix, label: `${what} URL`, type: "url", placeholder: "https://…" },
  { header: `${prefix}-Method`, label: "Method", choices: ["", ...METHODS] },
  { header: `${prefix}-Retries`, label: "Retries", type: "number", placeholder: "as the message" },
  { header: `${prefix}-Retry-Delay`, label: "Retry delay", placeholder: "1000 * (1 + retried)" },
  { header: `${prefix}-Timeout`, label: "Timeout", placeholder: "30s" },
  { lines: `${prefix}-Forward-`, label: `${what} headers`, placeholder: "Name: value, one a line" },
];

// name, whether it is open at first, fields
export const GROUPS = [
  ["Message", true, [
    { header: "Upstash-Method", label: "Method", choices: METHODS },
    { header: "Content-Type", label: "Content type", placeholder: "none", value: "application/json" },
    { header: "Upstash-Label", label: "Labels", placeholder: "signup, eu" },
    { queue: true, label: "Queue", placeholder: "none" },
    { lines: "Upstash-Forward-", label: "Headers", placeholder: "X-Tenant: 42\none a line" },
  ]],
  ["When", false, [
    { header: "Upstash-Delay", label: "Delay", placeholder: "1h30m" },
    { header: "Upstash-Not-Before", label: "Not before", type: "datetime-local", instant: true },
    { header: "Upstash-Cron", label: "Cron: makes it a schedule", placeholder: "CRON_TZ=Europe/Berlin 0 7 * * *" },
    { header: "Upstash-Schedule-Id", label: "Schedule id", placeholder: "made up if empty" },
  ]],
  ["Retries and timeout", false, [
    { header: "Upstash-Retries", label: "Retries", type: "number", placeholder: "3" },
    { header: "Upstash-Retry-Delay", label: "Retry delay, milliseconds", placeholder: "pow(2, retried) * 1000" },
    { header: "Upstash-Timeout", label: "Timeout", placeholder: "30s" },
  ]],
  ["Flow control", false, [
    { header: "Upstash-Flow-Control-Key", label: "Key" },
    { limit: "parallelism", label: "At a time", type: "number" },
    { limit: "rate", label: "Rate", type: "number" },
    { limit: "period", label: "Period", placeholder: "1m" },
  ]],
  ["Deduplication", false, [
    { header: "Upstash-Deduplication-Id", label: "Deduplication id" },
    { header: "Upstash-Content-Based-Deduplication", label: "By content", flag: "true" },
  ]],
  ["Callback", false, callback("Upstash-Callback", "Callback")],
  ["Failure callback", false, callback("Upstash-Failure-Callback", "Failure callback")],
  ["Redact in logs", false, [
    { redact: "body", label: "The body", flag: "body" },
    { redact: "header", label: "All headers", flag: "header" },
    { redact: "names", label: "Only these headers", placeholder: "Authorization, X-Key" },
  ]],
];

export const nameOf = (field) => field.header ?? field.lines ?? field.limit ?? (field.redact ? `redact ${field.redact}` : "queue");

// The headers for what stands in the form, by the fields' names. Values are UTF-8, as the server reads them.
export function headersFrom(values) {
  const headers = [];
  const add = (name, value) => headers.push([name, utf8(value)]);
  for (const [, , fields] of GROUPS) {
    for (const field of fields) {
      const value = values[nameOf(field)];
      if (!value || field.limit || field.redact || field.queue) continue;
      if (field.lines) for (const [name, text] of pairs(value)) add(field.lines + name, text);
      else add(field.header, field.instant ? String(Math.floor(new Date(value) / 1000)) : value);
    }
  }
  const limits = ["parallelism", "rate", "period"].filter((name) => values[name]).map((name) => `${name}=${values[name]}`);
  if (limits.length) add("Upstash-Flow-Control-Value", limits.join(", "));
  const names = (values["redact names"] ?? "").split(",").map((name) => name.trim()).filter(Boolean);
  const redacted = [values["redact body"], values["redact header"], ...names.map((name) => `header[${name}]`)].filter(Boolean);
  if (redacted.length) add("Upstash-Redact-Fields", redacted.join(", "));
  return headers;
}

function pairs(text) {
  return text.split("\n").filter((line) => line.trim()).map((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) throw new Error(`"${line.trim()}" is no header: put a colon between name and value`);
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
}

const utf8 = (text) => String.fromCharCode(...new TextEncoder().encode(text));

// What a message was published with, as values of the form.
export function valuesOf(message) {
  const lines = (header) => Object.entries(header ?? {})
    .flatMap(([name, values]) => values.map((value) => `${name}: ${value}`)).join("\n");
  const { "Content-Type": contentType, ...header } = message.header ?? {};
  return {
    "Upstash-Method": message.method,
    "Content-Type": contentType?.[0] ?? "",
    "Upstash-Forward-": lines(header),
    "Upstash-Label": (message.labels ?? []).join(", "),
    queue: message.queueName ?? "",
    "Upstash-Retries": String(message.maxRetries),
    "Upstash-Retry-Delay": message.retryDelayExpression ?? "",
    "Upstash-Timeout": message.timeout ? `${message.timeout}s` : "",
    "Upstash-Flow-Control-Key": message.flowControlKey ?? "",
    parallelism: message.parallelism ?? "",
    rate: message.rate ?? "",
    period: message.rate ? `${message.period}s` : "",
    "Upstash-Callback": message.callback ?? "",
    "Upstash-Callback-Forward-": lines(message.callbackHeader),
    "Upstash-Failure-Callback": message.failureCallback ?? "",
    "Upstash-Failure-Callback-Forward-": lines(message.failureCallbackHeader),
  };
}
