// Evaluates expressions of JavaScript that come in as JSON, one per line, and answers each with one line of JSON.
// `client` and `receiver` are those of the official SDK, configured with the first line.
import { createInterface } from "node:readline";
import { Client, Receiver } from "@upstash/qstash";

// The output is for answers.
console.log = console.error;

const Expression = (async () => {}).constructor;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const configured = JSON.parse((await lines.next()).value);
const client = new Client(configured.client);
const receiver = new Receiver(configured.receiver);

for await (const line of lines) {
  const { expression, values } = JSON.parse(line);
  let answer;
  try {
    const evaluate = new Expression("client", "receiver", ...Object.keys(values), `return ${expression}`);
    answer = { value: await evaluate(client, receiver, ...Object.values(values)) };
  } catch (error) {
    answer = { error: `${error.name} ${error.status ?? ""}: ${error.message}` };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
