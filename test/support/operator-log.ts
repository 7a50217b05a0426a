import { expect } from "chai";
import type { OperatorProcess } from "./operator-process.js";

/**
 * Fails if the operator has logged what must never be: a promise that nobody looked after, a stack, or an error other than
 * those that the test has caused (`expected`: beginnings of their texts).
 */
export async function expectCalmLog(operator: OperatorProcess, expected: readonly RegExp[] = []): Promise<void> {
  const log = await operator.log();
  expect(log).not.to.match(/unhandled/i);
  const lines = log.split("\n").filter((line) => line !== "");
  const odd = lines.filter((line) => !line.startsWith("{"));
  expect(odd, "lines that are no log lines").to.deep.equal([]);
  const errors = lines
    .map((line) => JSON.parse(line) as { level: string; msg: string; error?: string; stack?: string })
    .filter(({ level }) => level === "error")
    .filter(({ error = "" }) => !expected.some((pattern) => pattern.test(error)));
  expect(errors).to.deep.equal([]);
}
