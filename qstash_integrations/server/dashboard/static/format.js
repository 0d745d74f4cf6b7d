// Values as people read them.

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

export function clock(at) {
  const date = new Date(at);
  const sameDay = date.toDateString() === new Date(now()).toDateString();
  const time = date.toLocaleTimeString([], { hour12: false, fractionalSecondDigits: 3, timeStyle: undefined,
    hour: "2-digit", minute: "2-digit", second: "2-digit" });
  return sameDay ? time : `${date.toLocaleDateString([], { month: "short", day: "numeric" })} ${time}`;
}

export function moment(at) {
  return new Date(at).toLocaleString([], {
    weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
  });
}

export function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

// The name of the task that a URL calls, null for any other: its query is what is known of the call.
const TASK = /^[^?#]*\/([A-Za-z0-9_.-]+)\?(?:id=[A-Za-z0-9-]{1,64}&at=[0-9]{1,15}&)?of=[0-9]{1,7}$/;
export const taskOf = (url) => url.match(TASK)?.[1] ?? null;

// A URL in two parts, the origin and the rest, which is cut in the middle: where it ends tells more than how it goes on.
export function parted(url, most = Infinity) {
  const [, origin, rest] = url.match(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)(.*)$/is) ?? ["", "", url];
  const shown = cut(origin, most / 2);
  return [shown, cut(rest, most - shown.length)];
}

function cut(text, most) {
  if (text.length <= most) return text;
  const end = Math.floor(most / 2);
  return `${text.slice(0, most - end - 1)}…${text.slice(-end)}`;
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
