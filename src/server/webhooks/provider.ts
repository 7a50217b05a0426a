import { WEBHOOK_CONVENTIONS, type WebhookConventions, type WebhookSender } from "../../git/index.js";

/** Request headers by lowercase name. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Sender of a webhook according to its headers. Determines the meaning of event names; also a metrics label. */
export type Provider = WebhookSender | "unknown";

/** Kind of a webhook: refs may have changed, a connection test, or an event without effect on refs. */
export type WebhookEvent = "other" | "ping" | "push";

const PINGS: ReadonlySet<string> = new Set(["ping", "diagnostics:ping"]);

/** Returns the value of a header; undefined if it is missing or repeated. */
export function headerText(headers: RequestHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/** Returns the apparent sender of a webhook, which is not authenticated. */
export function providerOf(headers: RequestHeaders): Provider {
  return conventionsOf(headers)?.sender ?? "unknown";
}

/** Returns the kind of a webhook; defaults to a push. Headers are not signed, so the worst case is an unneeded poll. */
export function eventOf(headers: RequestHeaders): WebhookEvent {
  const host = conventionsOf(headers);
  const event = host?.event === undefined ? undefined : headerText(headers, host.event);
  if (event === undefined) return "push";
  if (PINGS.has(event)) return "ping";
  return host?.pushes?.includes(event) ? "push" : "other";
}

function conventionsOf(headers: RequestHeaders): WebhookConventions | undefined {
  return WEBHOOK_CONVENTIONS.find(({ event, proofs = [] }) =>
    [...proofs, ...(event === undefined ? [] : [event])].some((header) => headers[header] !== undefined),
  );
}
