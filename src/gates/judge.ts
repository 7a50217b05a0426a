import type { GateState } from "../api/change.js";
import { shortRevision } from "../api/short-revision.js";
import type { Clock } from "../base/clock.js";
import { rfc3339 } from "../base/clock.js";
import { cutText } from "../base/cut-text.js";
import { messageOf } from "../base/errors.js";
import { type GateContext, MissingFactError } from "./context.js";
import type { Gate, GateVerdict } from "./gate.js";

/** Maximum length of a message in a Change's status. */
const MAX_MESSAGE = 1024;
/** Maximum time for one verdict. */
const JUDGE_TIMEOUT_MS = 10_000;
/** Delay until a gate that could not be evaluated is judged again. */
const RETRY_MS = 30_000;

/** A gate and its state. */
export interface GateResult {
  readonly gate: Gate;
  readonly state: GateState;
  /** Epoch milliseconds at which to judge again without an event, if any. */
  readonly until?: number | undefined;
}

/**
 * Evaluates every gate, even after one that waits, so that users see all causes at once. A gate that throws, lacks a fact or does
 * not respond in time waits. `previous` are the states recorded before: `since` is kept while the state is the same.
 */
export async function judgeGates(
  gates: readonly Gate[],
  context: GateContext,
  clock: Clock,
  previous: readonly GateState[] = [],
): Promise<GateResult[]> {
  return Promise.all(
    gates.map(async (gate) => {
      const verdict = await verdictOf(gate, context, clock);
      const message = cutText(verdict.message ?? "passed", MAX_MESSAGE);
      const before = previous.find(({ name }) => name === gate.name);
      const since = (before?.state === verdict.state ? before.since : undefined) ?? rfc3339(context.now);
      const until = verdict.state === "Wait" ? verdict.until : undefined;
      const remedy = verdict.state === "Wait" ? describeRemedy(verdict, context) : {};
      return { gate, state: { name: gate.name, state: verdict.state, message, since, ...remedy }, until };
    }),
  );
}

/** Returns the results of the gates that did not pass. */
export function closedGates(results: readonly GateResult[]): GateResult[] {
  return results.filter(({ state }) => state.state !== "Pass");
}

/** Returns who can open a gate, until when it waits at the latest, and what happens otherwise. */
function describeRemedy(
  { opens, otherwise, until }: Extract<GateVerdict, { state: "Wait" }>,
  { app }: GateContext,
): Pick<GateState, "opens" | "otherwise" | "until"> {
  const applied = app.status?.applied?.revision;
  const stays = applied === undefined ? "nothing is applied" : `${shortRevision(applied)} stays applied`;
  return {
    opens: cutText(opens, MAX_MESSAGE),
    otherwise: cutText(otherwise ?? stays, MAX_MESSAGE),
    ...(until === undefined || !Number.isFinite(until) ? {} : { until: rfc3339(until) }),
  };
}

async function verdictOf(gate: Gate, context: GateContext, clock: Clock): Promise<GateVerdict> {
  try {
    return await inTime(async () => gate.judge(context), clock);
  } catch (error) {
    context.signal.throwIfAborted();
    const cause = error instanceof MissingFactError ? error.message : `the gate failed: ${messageOf(error)}`;
    return {
      state: "Wait",
      message: `cannot be evaluated: ${cause}; evaluated again automatically`,
      opens: "the operator, once it has what is missing",
      until: context.now + RETRY_MS,
    };
  }
}

/** Returns the result of `run`, or throws a MissingFactError after the timeout. The work is not stopped. */
async function inTime<T>(run: () => Promise<T>, clock: Clock): Promise<T> {
  let expire = (): void => {};
  const expired = new Promise<never>((_, reject) => {
    expire = () => reject(new MissingFactError(`there was no verdict within ${JUDGE_TIMEOUT_MS / 1000}s`));
  });
  const timer = clock.after(JUDGE_TIMEOUT_MS, expire);
  try {
    return await Promise.race([run(), expired]);
  } finally {
    timer.cancel();
  }
}
