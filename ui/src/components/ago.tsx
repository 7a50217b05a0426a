import { now } from "../state/clock.js";
import { relative, span } from "./time.js";

const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });

/** A time relative to now, with the exact one in the title. */
export function Ago({ at, as = "ago" }: { readonly at: string | undefined; readonly as?: "ago" | "span" }) {
  if (at === undefined) return null;
  const time = Date.parse(at);
  if (Number.isNaN(time)) return null;
  const text = as === "ago" ? relative(time, now.value) : span(now.value - time);
  return (
    <time dateTime={at} title={EXACT.format(time)}>
      {text}
    </time>
  );
}
