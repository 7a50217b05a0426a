import { MAX_HANDLED, MAX_OPEN, type OpenProblem } from "../../api/notification-channel.js";
import { rfc3339 } from "../../base/clock.js";
import { cutText } from "../../base/cut-text.js";
import { type Pending, type Reported, shortKey } from "./channel-memory.js";

const MAX_TEXT = 256;

/**
 * Returns what a channel has reported after `sent` was accepted. `waiting`: what is not sent yet, before which nothing may count as
 * reported.
 */
export function withReported(before: Reported, sent: readonly Pending[], waiting: Iterable<Pending>): Reported {
  let open = [...(before.open ?? [])];
  const handled = [...(before.handled ?? [])];
  for (const item of sent) {
    if (item.kind === "event") handled.push(`${rfc3339(item.fact.time)} ${shortKey(item.fact)}`);
    else if (item.kind === "end") open = open.filter(({ key }) => key !== item.problem.key);
    else open = withProblem(open, item);
  }
  const oldest = Math.min(
    ...[...waiting].map((item) => (item.kind === "event" ? item.fact.time : Number.POSITIVE_INFINITY)),
  );
  return { ...withoutOldest(handled.sort(), before.handledThrough, oldest), open: open.length > 0 ? open : undefined };
}

/** At most one problem of each topic is open for an app: a later one replaces it. */
function withProblem(open: readonly OpenProblem[], { fact }: Extract<Pending, { fact: unknown }>): OpenProblem[] {
  const { key, app, topic, time, text } = fact;
  const others = open.filter((one) => one.app !== app || one.topic !== topic);
  const problem: OpenProblem = { key, app, topic, time: rfc3339(time), text: cutText(text, MAX_TEXT) };
  return others.length < MAX_OPEN ? [...others, problem] : others;
}

/** Drops the oldest keys if there are too many, and moves the time through which everything counts as reported. */
function withoutOldest(handled: readonly string[], through: string | undefined, waiting: number): Reported {
  const surplus = handled.length - MAX_HANDLED;
  const last = surplus > 0 ? handled[surplus - 1]?.split(" ")[0] : undefined;
  const limit = rfc3339(Math.min(Date.parse(last ?? ""), waiting - 1000));
  const end = last === undefined || (through !== undefined && through > limit) ? through : limit;
  const kept = handled.filter((one) => end === undefined || (one.split(" ")[0] ?? "") > end).slice(-MAX_HANDLED);
  return { handledThrough: end, handled: kept.length > 0 ? kept : undefined };
}
