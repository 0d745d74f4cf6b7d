// What each kind of option is in the dashboard: its inputs in the form, the headers that they become, the values that a
// message fills them with again, and how the page of a message shows it. A kind that is not here is a text.

import { query } from "./api.js";
import { headers as headerTable } from "./content.js";
import { h } from "./dom.js";
import { clock } from "./format.js";

const input = (option, more) => ({ name: option.header, label: option.label, placeholder: option.default || option.example, ...more });
const code = (text) => h("code", {}, String(text));
export const link = (name, value) => h("a", { href: `#/messages${query({ [name]: value })}` }, value);

const text = {
  inputs: (option) => [input(option)],
  headers: (option, values) => (values[option.header] ? [[option.header, values[option.header]]] : []),
  values: (option, message) => ({ [option.header]: message[option.field] ?? "" }),
  shown: (option, message) => code(message[option.field]),
};
const lines = (fields) => Object.entries(fields ?? {})
  .flatMap(([name, values]) => values.map((value) => `${name}: ${value}`)).join("\n");

const KINDS = {
  text,
  choice: { ...text, inputs: (option) => [input(option, { choices: option.default ? option.choices : ["", ...option.choices], value: option.default })] },
  number: { ...text, inputs: (option) => [input(option, { type: "number" })] },
  expression: { ...text, inputs: (option) => [input(option, { label: `${option.label}, ${option.unit}` })] },
  callback: { ...text, inputs: (option) => [input(option, { type: "url" })] },
  flag: { ...text, inputs: (option) => [input(option, { flag: "true" })] },
  duration: {
    ...text,
    values: (option, message) => ({ [option.header]: message[option.field] ? `${message[option.field]}s` : "" }),
    shown: (option, message) => `${message[option.field]} s`,
  },
  instant: {
    ...text,
    inputs: (option) => [input(option, { type: "datetime-local" })],
    headers: (option, values) => text.headers(option, values)
      .map(([name, value]) => [name, String(Math.floor(new Date(value) / 1000))]),
    shown: (option, message) => clock(message[option.field]),
  },
  labels: {
    ...text,
    values: (option, message) => ({ [option.header]: (message[option.field] ?? []).join(", ") }),
    shown: (option, message) => message[option.field].flatMap((label) => [link("label", label), " "]),
  },
  // The path of the call says it, or a schedule's header: see publish.js.
  queue: { ...text, headers: () => [], shown: (option, message) => link(option.field, message[option.field]) },
  content_type: {
    ...text,
    inputs: (option) => [input(option, { value: option.example })],
    values: (option, message) => ({ [option.header]: message.header?.[option.header]?.[0] ?? "" }),
    shown: () => null, // among the headers of the request
  },
  headers: {
    inputs: (option) => [input(option, { lines: true })],
    headers: (option, values) => pairs(values[option.header]).map(([name, value]) => [option.header + name, value]),
    values(option, message) {
      const { "Content-Type": ignored, ...others } = message[option.field] ?? {};
      return { [option.header]: lines(others) };
    },
    shown: () => null,
  },
  // What the callback has of its own, and the headers that are forwarded to it.
  callback_headers: {
    inputs: (option, table) => [...settings(option, table).flatMap((one) => inputsOf(one, table)), forwarded(option)],
    headers: (option, values, table) => [
      ...settings(option, table).flatMap((one) => headersOf(one, values, table)),
      ...pairs(values[forwarded(option).name]).map(([name, value]) => [forwarded(option).name + name, value]),
    ],
    values: (option, message) => ({ [forwarded(option).name]: lines(message[option.field]) }),
    shown: (option, message) => headerTable(message[option.field], option.label),
  },
  flow_control: {
    inputs: (option, table) => option.parts.map((part) => ({ ...inputsOf(part, table)[0], name: partName(option, part) })),
    headers(option, values) {
      const found = {};
      for (const part of option.parts) {
        const value = values[partName(option, part)];
        if (value) (found[part.header] ??= []).push(part.name === "key" ? value : `${part.name}=${value}`);
      }
      return Object.entries(found).map(([name, parts]) => [name, parts.join(", ")]);
    },
    values: (option, message) => Object.fromEntries(option.parts.map((part) => [
      partName(option, part), kindOf(part).values({ ...part, header: "value" }, message).value,
    ])),
    shown: (option, message) => [link(option.field, message[option.field]), limits(message)],
  },
  redaction: {
    inputs: (option) => [
      { name: redacted(option, "body"), label: "The body", flag: "body" },
      { name: redacted(option, "header"), label: "All headers", flag: "header" },
      { name: redacted(option, "names"), label: "Only these headers", placeholder: "Authorization, X-Key" },
    ],
    headers(option, values) {
      const names = (values[redacted(option, "names")] ?? "").split(",").map((name) => name.trim()).filter(Boolean);
      const given = [values[redacted(option, "body")], values[redacted(option, "header")]];
      const parts = [...given, ...names.map((name) => `header[${name}]`)].filter(Boolean);
      return parts.length ? [[option.header, parts.join(", ")]] : [];
    },
    values: () => ({}), // what was redacted is not known: it has to be filled in again
    shown(option, message) {
      const { body, header } = message[option.field];
      const names = header === true ? ["header"] : header.map((name) => `header[${name}]`);
      return code([...(body ? ["body"] : []), ...names].join(", "));
    },
  },
};

const kindOf = (option) => KINDS[option.kind] ?? text;
export const inputsOf = (option, table) => kindOf(option).inputs(option, table);
export const headersOf = (option, values, table) => kindOf(option).headers(option, values, table);
export const valuesOf = (option, message) => kindOf(option).values(option, message);
export const shownOf = (option, message) => (message[option.field] === undefined ? null : kindOf(option).shown(option, message));

// The rows that hold for callbacks, under the callback's own headers and without what goes without saying for messages.
function settings(option, table) {
  const own = (one) => ({ ...one, header: one.header.replace("Upstash-", option.header), default: "", prefix: option.header });
  return table.filter((one) => one.of.includes("callback")).map((one) => ({ ...own(one), parts: one.parts.map(own) }));
}

const forwarded = (option) => input(option, { name: `${option.header}Forward-`, lines: true });
const partName = (option, part) => (part.name === "key" ? part.header : (option.prefix ?? "") + part.name);
const redacted = (option, part) => `${option.prefix ?? ""}redact ${part}`;
const limits = (found) => [
  found.parallelism && `, ${found.parallelism} at a time`,
  found.rate && `, ${found.rate} per ${found.period} s`,
].filter(Boolean).join("");

function pairs(value) {
  return (value ?? "").split("\n").filter((line) => line.trim()).map((line) => {
    const colon = line.indexOf(":");
    if (colon < 1) throw new Error(`"${line.trim()}" is no header: put a colon between name and value`);
    return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
  });
}
