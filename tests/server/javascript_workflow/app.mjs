// An app in Node whose workflows are served by the official SDK. It prints its port, then a line of JSON for each thing
// that a workflow tells. POST /do evaluates an expression, for which `client` is the SDK's.
import { createServer } from "node:http";
import { Client, WorkflowNonRetryableError } from "@upstash/workflow";
import { createWorkflow, serve, serveMany } from "@upstash/workflow/cloudflare";

const write = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
// The output is for what is told.
console.log = console.warn = console.error;

const { env } = process;
const client = new Client({ baseUrl: env.QSTASH_URL, token: env.QSTASH_TOKEN, retry: false });
const calls = {};
const lost = {}; // by path: which call of it has a 500 for its answer
const seen = { atOnce: 0, most: 0, ran: {} };
let base = "";

const tell = (value) => write({ told: value });
const count = (name) => (seen.ran[name] = (seen.ran[name] ?? 0) + 1);
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const child = createWorkflow(async (context) => {
  const got = await context.run("get", () => context.requestPayload);
  return { got, label: context.label ?? null, depth: context.headers.get("x-user") };
});
const failing = createWorkflow(
  async (context) => {
    await context.run("fail", () => {
      throw new WorkflowNonRetryableError("no use");
    });
  },
  { failureFunction: ({ context }) => tell({ failed: context.requestPayload }) },
);
const cancelled = createWorkflow(async (context) => {
  await context.run("one", () => 1);
  await context.cancel();
});
const middle = createWorkflow(async (context) => {
  const { body } = await context.invoke("the child", { workflow: child, body: context.requestPayload });
  return { through: body.got };
});
const slow = createWorkflow(async (context) => {
  await context.waitForEvent("until told", `go-${context.requestPayload.id}`, { timeout: "1m" });
  await context.run("one", () => 1);
  return "late";
});
const parent = createWorkflow(async (context) => {
  const one = await context.invoke("one", {
    workflow: child, body: { n: 1 }, headers: { "x-user": "joe" }, label: "a", workflowRunId: `one-${context.requestPayload}`,
  });
  const [two, three, four] = await Promise.all([
    context.invoke("two", { workflow: middle, body: "x" }),
    context.invoke("three", { workflow: failing, body: { n: 3 } }),
    context.invoke("four", { workflow: cancelled }),
  ]);
  tell({ one, two, three, four });
});
const outliving = createWorkflow(async (context) => {
  const outlived = await context.invoke("outlives the server", { workflow: slow, body: context.requestPayload });
  tell({ outlived });
});
const failingParent = createWorkflow(async (context) => {
  await Promise.all([
    context.invoke("outlives it", { workflow: slow, body: context.requestPayload }),
    context.run("fails", async () => {
      while (!calls["/many/slow"]) await pause(10);
      throw new WorkflowNonRetryableError("no use");
    }),
    context.run("comes late", async () => {
      const { workflowRunId } = context;
      while ((await client.logs({ workflowRunId })).runs[0].workflowState === "RUN_STARTED") await pause(10);
      return "late";
    }),
  ]);
});

const routes = {
  steps: serve(async (context) => {
    const one = await context.run("one", () => context.requestPayload.n + 1);
    const two = await context.run("zwei für", () => ({ grüße: one * 2 }));
    tell({ payload: context.requestPayload, user: context.headers.get("x-user"), label: context.label, two });
    return { total: two };
  }),
  group: serve(async (context) => {
    const began = await context.run("first", () => Date.now());
    const [a, , b] = await Promise.all([
      context.run("a", () => count("a")),
      context.sleep("a second", 1),
      context.run("b", () => count("b")),
    ]);
    const ended = await context.run("last", () => Date.now());
    tell({ a, b, took: ended - began });
  }),
  "many-steps": serve(async (context) => {
    const found = await Promise.all(
      Array.from({ length: context.requestPayload }, (_, index) => context.run(`step ${index}`, () => index)),
    );
    tell(found.reduce((sum, one) => sum + one, 0));
  }),
  sleeping: serve(async (context) => {
    const until = await context.run("until when", () => Date.now() / 1000 + 1.338);
    await context.sleepUntil("until then", until);
    const woken = await context.run("woken", () => Date.now() / 1000);
    await context.sleep("one second", "1s");
    tell({ late: woken - until, slept: Date.now() / 1000 - woken });
  }),
  calling: serve(async (context) => {
    const found = await context.call("find", { url: `${base}/target`, method: "POST", body: JSON.stringify({ für: 1 }) });
    const missing = await context.call("miss", { url: `${base}/missing`, method: "GET", retries: 1, retryDelay: "1" });
    tell({ found: [found.status, found.body, found.header["X-Found"]], missing: [missing.status, missing.body] });
  }),
  "calling-wrongly": serve(async (context) => {
    await context.call("no text", { url: `${base}/target`, method: "POST", body: { n: 1 } });
  }),
  "calling-a-workflow": serve(async (context) => {
    const { status } = await context.call("start it", {
      url: `${base}/steps`, method: "POST", body: JSON.stringify({ n: 4 }),
    });
    tell({ status });
  }),
  large: serve(async (context) => {
    const text = await context.run("large", () => "ü".repeat(1_500_000));
    await context.run("small", () => 1);
    tell([context.requestPayload.length, text.length]);
  }),
  retried: serve(async (context) => {
    const tries = await context.run("twice in vain", () => {
      if (count("retried") < 3) throw new Error("not yet");
      return { tries: seen.ran.retried, retried: context.retried };
    });
    tell(tries);
  }),
  losing: serve(async (context) => {
    const one = await context.run("one", () => 1);
    const others = await Promise.all([context.run("two", () => 2), context.run("three", () => 3)]);
    tell([one, ...others]);
  }),
  telling: serve(async (context) => {
    const id = context.requestPayload;
    const told = [];
    for (const kind of ["text", "object"]) {
      const { notifyResponse } = await context.notify(kind, `${kind}-${id}`, "told");
      told.push(...notifyResponse);
    }
    tell({ notified: told.map((one) => one.workflowRunId) });
  }),
  waiting: serve(async (context) => {
    const id = context.requestPayload;
    const late = await context.waitForEvent("in vain", `never-${id}`, { timeout: 1 });
    const [text, object] = await Promise.all([
      context.waitForEvent("text", `text-${id}`, { timeout: "1m" }),
      context.waitForEvent("object", `object-${id}`, { timeout: "1m" }),
    ]);
    const { notifyResponse } = await context.notify("nobody", `nobody-${id}`, "data");
    tell({ late, text, object, notifyResponse });
  }),
  early: serve(async (context) => {
    await context.run("wait until it has come", async () => {
      const response = await client.notify({
        eventId: "early", eventData: { n: 1 }, workflowRunId: context.workflowRunId,
      });
      return response;
    });
    tell(await context.waitForEvent("later", "early", { timeout: "1m" }));
  }),
  hooked: serve(async (context) => {
    const hook = await context.createWebhook("the hook");
    await context.run("call it early", async () => {
      await fetch(`${hook.webhookUrl}?a=1`, { method: "PUT", headers: { "x-test": "v" }, body: "für" });
      await fetch(hook.webhookUrl);
    });
    const first = await context.waitForWebhook("first", hook, "1m");
    const second = await context.waitForWebhook("second", hook, "1m");
    const third = await context.waitForWebhook("third", hook, "1s");
    const { method, url, headers } = first.request;
    tell({
      first: [method, url === `${hook.webhookUrl}?a=1`, headers.get("x-test"), await first.request.text()],
      second: second.request.method,
      third: third.timeout,
    });
  }),
  failing: serve(
    async (context) => {
      await context.run("one", () => 1);
      await context.run("two", () => {
        throw new Error(`broken ${count("failing")}`);
      });
    },
    {
      failureFunction: ({ context, failStatus, failResponse, failStack }) => {
        tell({
          payload: context.requestPayload, user: context.headers.get("x-user"), failStatus, failResponse,
          stack: typeof failStack,
        });
        return "told";
      },
    },
  ),
  hopeless: serve(
    async (context) => {
      await context.call("too often", { url: `${base}/target`, retries: 1_000_000 });
    },
    { failureFunction: ({ failStatus, failResponse }) => tell({ failStatus, failResponse }) },
  ),
  cancelling: serve(async (context) => {
    await context.run("one", () => count("cancelling"));
    await context.cancel();
  }),
  limited: serve(async (context) => {
    for (const name of ["one", "two"]) {
      await context.run(name, async () => {
        seen.atOnce += 1;
        seen.most = Math.max(seen.most, seen.atOnce);
        await pause(30);
        seen.atOnce -= 1;
      });
    }
    tell(context.requestPayload);
  }),
};
const many = serveMany({
  child, failing, cancelled, middle, slow, parent, outliving, "failing-parent": failingParent,
});

const Expression = (async () => {}).constructor;
const plain = {
  do: async (request) => {
    const { expression, values } = await request.json();
    const evaluate = new Expression("client", "calls", "seen", "lost", ...Object.keys(values), `return ${expression}`);
    try {
      return Response.json({ value: await evaluate(client, calls, seen, lost, ...Object.values(values)) });
    } catch (error) {
      return Response.json({ error: `${error.name} ${error.status ?? ""}: ${error.message}` });
    }
  },
  target: async (request) => Response.json(await request.json(), { headers: { "x-found": "yes" } }),
  missing: () => new Response("nothing", { status: 404 }),
  "told-elsewhere": async (request) => (tell({ elsewhere: await request.json() }), new Response("ok")),
  plain: () => new Response("hello"),
};

async function answer(request) {
  const [, name] = new URL(request.url).pathname.split("/");
  if (plain[name]) return plain[name](request);
  return (name === "many" ? many : routes[name]).fetch(request, env);
}

const server = createServer(async (incoming, outgoing) => {
  const parts = [];
  for await (const part of incoming) parts.push(part);
  const path = new URL(incoming.url, base).pathname;
  const isLost = (calls[path] = (calls[path] ?? 0) + 1) === lost[path];
  const body = parts.length ? Buffer.concat(parts) : undefined;
  const request = new Request(`${base}${incoming.url}`, { method: incoming.method, headers: incoming.headers, body });
  const response = await answer(request);
  const text = await response.text();
  outgoing.writeHead(isLost ? 500 : response.status, { ...Object.fromEntries(response.headers), ...(isLost && { "retry-after": "0" }) });
  outgoing.end(text);
});
server.listen(0, "127.0.0.1", () => {
  base = `http://127.0.0.1:${server.address().port}`;
  write({ url: base });
});
