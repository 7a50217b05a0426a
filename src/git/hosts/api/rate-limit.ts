/** Response headers by lower-case name. */
export type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Upper bound of a wait that a host asks for; clocks may be wrong. */
const LONGEST_WAIT_MS = 3_600_000;
/** Wait after 429 without a time. */
const DEFAULT_WAIT_MS = 60_000;

/** Headers with the number of remaining requests, and with the time of the next ones. */
const REMAINING = ["x-ratelimit-remaining", "ratelimit-remaining"];
const RESET = ["x-ratelimit-reset", "ratelimit-reset"];
/** A larger number is a time since the epoch, a smaller one a number of seconds. */
const EPOCH_SECONDS = 1_000_000_000;

/** Returns the value of a header; the first one if it is repeated. */
export function headerOf(headers: ResponseHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * Returns the milliseconds to wait if a response says that the rate limit is exceeded: 429, and 403 with no request left or with
 * Retry-After (GitHub). Undefined for any other response.
 */
export function rateLimitWait(status: number, headers: ResponseHeaders, now: number): number | undefined {
  const retryAfter = retryAfterOf(headers, now);
  const isExhausted = REMAINING.some((name) => headerOf(headers, name)?.trim() === "0");
  if (status !== 429 && !(status === 403 && (isExhausted || retryAfter !== undefined))) return undefined;
  const wait = retryAfter ?? (isExhausted ? resetOf(headers, now) : undefined) ?? DEFAULT_WAIT_MS;
  return Math.min(LONGEST_WAIT_MS, Math.max(0, wait));
}

/** Returns the delay of a Retry-After header: seconds or a date (RFC 9110). */
export function retryAfterOf(headers: ResponseHeaders, now: number): number | undefined {
  const text = headerOf(headers, "retry-after")?.trim();
  if (text === undefined || text === "") return undefined;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(LONGEST_WAIT_MS, Math.max(0, ms)) : undefined;
}

function resetOf(headers: ResponseHeaders, now: number): number | undefined {
  const text = RESET.map((name) => headerOf(headers, name)).find((value) => value !== undefined);
  const seconds = Number(text);
  if (text === undefined || !Number.isFinite(seconds)) return undefined;
  return seconds > EPOCH_SECONDS ? seconds * 1000 - now : seconds * 1000;
}
