// Values as people read them.

const END = 16; // characters
const STATES = {
  queued: "Queued",
  waiting: "Waiting",
  retrying: "Retrying",
  held: "Held",
  active: "Active",
  delivered: "Delivered",
  failed: "Failed",
  canceled: "Canceled",
};

export const stateNames = STATES;

// The server's clock, which can be another one: tests move it.
let offset = 0;
export const setNow = (serverTime) => (offset = serverTime - Date.now());
export const now = () => Date.now() + offset;

export function span(milliseconds) {
  const seconds = Math.abs(milliseconds) / 1000;
  if (seconds < 1) return `${Math.round(Math.abs(milliseconds))} ms`;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} d`;
}

// "12 s ago", "in 3 min"; coarse, since it is drawn again every second.
export function relative(at) {
  const distance = at - now();
  if (Math.abs(distance) < 1000) return "now";
  const text = span(Math.round(distance / 1000) * 1000).replace(".0", "");
  return distance < 0 ? `${text} ago` : `in ${text}`;
}

const DAY = { year: "numeric", month: "short", day: "numeric" };
const HOUR = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const SECOND = { ...HOUR, second: "2-digit", fractionalSecondDigits: 3 };

// An instant that stands by itself: with its year and its zone.
export const clock = (at) => new Date(at).toLocaleString([], { ...DAY, ...SECOND, timeZoneName: "short" });

// One among others, whose zone is said once for all of them: see zone. Of today, only the time.
export function hour(at) {
  const isToday = new Date(at).toDateString() === new Date(now()).toDateString();
  return new Date(at).toLocaleString([], isToday ? SECOND : { ...DAY, ...SECOND });
}

export const zone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

// A moment of a calendar, to the minute, in the browser's zone unless another one is given.
export const moment = (at, timeZone) => new Date(at).toLocaleString([], {
  weekday: "short", ...DAY, ...HOUR, timeZone, timeZoneName: "short",
});

// For a title: to the millisecond, with the distance to UTC.
export function iso(at) {
  const minutes = -new Date(at).getTimezoneOffset();
  const there = new Date(at + minutes * 60000).toISOString().slice(0, -1);
  const two = (number) => String(Math.floor(Math.abs(number))).padStart(2, "0");
  return `${there}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

// The name of the task that a URL calls, null for any other: its query is what is known of the call.
const TASK = /^[^?#]*\/([A-Za-z0-9_.-]+)\?(?:id=[A-Za-z0-9-]{1,64}&at=[0-9]{1,15}&)?of=[0-9]{1,7}$/;
export const taskOf = (url) => url.match(TASK)?.[1] ?? null;

// A URL in three parts: the origin, cut in the middle where it is long, the path, and of a long path its end, which tells
// more than how it goes on.
export function parted(url, mostOfOrigin = Infinity) {
  const [, origin, rest] = url.match(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)(.*)$/is) ?? ["", "", url];
  const end = rest.length > 2 * END ? rest.slice(-END) : "";
  return [cut(origin, mostOfOrigin), rest.slice(0, rest.length - end.length), end];
}

function cut(text, most) {
  const half = Math.floor(most / 2);
  return text.length <= most ? text : `${text.slice(0, most - half - 1)}…${text.slice(-half)}`;
}

export const plural = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;

// Indents without parsing into numbers: 12345678901234567890 stays what it is. Null when the text is no JSON.
export function prettyJson(text) {
  try {
    JSON.parse(text);
  } catch {
    return null;
  }
  const tokens = text.match(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/g) ?? [];
  let out = "";
  let depth = 0;
  tokens.forEach((token, index) => {
    const line = () => `\n${"  ".repeat(depth)}`;
    if (token === "{" || token === "[") {
      depth += 1;
      out += token;
      if (!"}]".includes(tokens[index + 1])) out += line();
    } else if (token === "}" || token === "]") {
      depth -= 1;
      if (!"{[".includes(tokens[index - 1])) out += line();
      out += token;
    } else if (token === ",") out += `,${line()}`;
    else out += token === ":" ? ": " : token;
  });
  return out;
}

export function hex(bytes) {
  const lines = [];
  for (let start = 0; start < bytes.length; start += 16) {
    const row = bytes.subarray(start, start + 16);
    const digits = Array.from(row, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    const text = Array.from(row, (byte) => (byte > 31 && byte < 127 ? String.fromCharCode(byte) : ".")).join("");
    lines.push(`${start.toString(16).padStart(8, "0")}  ${digits.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

export const bytesOf = (base64) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
