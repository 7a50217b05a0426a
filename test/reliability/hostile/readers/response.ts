import { CANARY } from "../reader.js";

/** Fails when a response is a fault of the server, or shows the canary. */
export function check(what: string, status: number, text: string): void {
  if (status >= 500 && status !== 501 && status !== 503)
    throw new TypeError(`${what} responded with ${status}: ${text.slice(0, 200)}`);
  if (text.includes(CANARY)) throw new TypeError(`${what} shows a secret value`);
}

/** A value as text. */
export const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

/** The texts of a value as headers. */
export const headersOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Object(value) as object).flatMap(([name, one]) =>
      typeof one === "string" ? [[name.toLowerCase(), one]] : [],
    ),
  );
