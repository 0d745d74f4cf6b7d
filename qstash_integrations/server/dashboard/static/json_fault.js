// Where a text stops being JSON, and what would go on there; browsers say it each in their own way, or not at all.

const SPACE = /[ \t\n\r]*/y;
const TOKEN = /[{}[\],:]|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const ENDS = { "{": "}", "[": "]" };

// Null for JSON; else {line, column, expected}, both counted from 1.
export function jsonFault(text) {
  const open = [];
  let expected = "a value";
  let isFirst = false; // right behind an opening bracket, where the closing one may follow
  let at = 0;
  for (;;) {
    at = past(SPACE, text, at);
    const token = text.slice(at, past(TOKEN, text, at));
    if (!token) return at === text.length && expected === "the end" ? null : placed(text, at, expected);
    if (open.length && token === ENDS[open.at(-1)] && (isFirst || expected.startsWith("a comma"))) {
      open.pop();
      expected = behind(open);
      isFirst = false;
    } else if (expected === "a value" && !"}],:".includes(token)) {
      if (ENDS[token]) open.push(token);
      isFirst = Boolean(ENDS[token]);
      expected = token === "{" ? "a name in double quotes" : isFirst ? "a value" : behind(open);
    } else if (expected === "a name in double quotes" && token.startsWith('"')) {
      expected = "a colon";
      isFirst = false;
    } else if (expected === "a colon" && token === ":") expected = "a value";
    else if (expected.startsWith("a comma") && token === ",") expected = open.at(-1) === "{" ? "a name in double quotes" : "a value";
    else return placed(text, at, expected);
    at += token.length;
  }
}

const behind = (open) => (open.length ? `a comma or ${ENDS[open.at(-1)]}` : "the end");

function past(pattern, text, at) {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

function placed(text, at, expected) {
  const lines = text.slice(0, at).split("\n");
  return { line: lines.length, column: lines.at(-1).length + 1, expected };
}
