import type { Readable } from "node:stream";
import { messageOf } from "../../base/errors.js";
import { errorReply, NOT_FOUND, type Reply } from "../reply.js";
import { readBody } from "./body.js";
import { eventOf, headerText, type Provider, providerOf, type RequestHeaders } from "./provider.js";
import type { RefusalLog } from "./refusal-log.js";
import { proofOf, SignatureCheck } from "./signature.js";
import type { Slots } from "./slots.js";

/** Result of a webhook; also a metrics label. */
export type WebhookResult =
  | "accepted"
  | "busy"
  | "cut_off"
  | "error"
  | "ignored"
  | "not_found"
  | "refused"
  | "too_large";

/** A received webhook. */
export interface IncomingWebhook {
  readonly namespace: string;
  readonly name: string;
  readonly headers: RequestHeaders;
  readonly body: Readable;
}

/** Options of the receiver. */
export interface WebhookReceiverOptions {
  /** Returns the name of the Secret with the webhook token; undefined if the repository does not exist or has no webhook. */
  readonly secretOf: (repository: string) => string | undefined;
  readonly tokenOf: (namespace: string, secret: string) => Promise<string>;
  /** Called for each push. */
  readonly onPush: (repository: string) => void;
  readonly slots: Slots;
  readonly maxBodyBytes: number;
  readonly refusals: RefusalLog;
  readonly observe: (provider: Provider, result: WebhookResult) => void;
}

const REFUSED = errorReply(401, "SIGNATURE_INVALID", "the signature is missing or invalid");
const TOO_LARGE: Reply = { ...errorReply(413, "BODY_TOO_LARGE", "the body is too large"), close: true };
const CUT_OFF: Reply = { ...errorReply(400, "BODY_INCOMPLETE", "the body is incomplete"), close: true };
const BUSY: Reply = {
  ...errorReply(503, "BUSY", "too many concurrent webhooks: retry later"),
  close: true,
  retryAfter: 5,
};
const NOT_READY: Reply = {
  ...errorReply(503, "NOT_READY", "the webhook cannot be verified now: retry later"),
  retryAfter: 30,
};

/** Log messages by result. They never include headers or the body, which are untrusted. */
const MESSAGES: Readonly<Partial<Record<WebhookResult, string>>> = {
  busy: "webhook rejected: too many concurrent webhooks",
  cut_off: "webhook rejected: the body is incomplete",
  error: "cannot verify a webhook",
  not_found: "webhook rejected: the repository does not exist or has no webhook",
  refused: "webhook rejected: the signature is missing or invalid",
  too_large: "webhook rejected: the body is too large",
};

/**
 * Verifies webhooks. A webhook is only a hint to poll the remote: its content is not used, so a replay does no harm. All
 * cheap checks run before the body is read, and the body is never buffered.
 */
export class WebhookReceiver {
  readonly #options: WebhookReceiverOptions;

  constructor(options: WebhookReceiverOptions) {
    this.#options = options;
  }

  /** Handles a webhook; never throws. */
  async receive(webhook: IncomingWebhook): Promise<Reply> {
    const provider = providerOf(webhook.headers);
    const repository = `${webhook.namespace}/${webhook.name}`;
    const { result, reply, error } = await this.#verify(repository, webhook).catch(
      (cause: unknown): Verdict => ({ result: "error", reply: NOT_READY, error: messageOf(cause) }),
    );
    const { observe, refusals } = this.#options;
    observe(provider, result);
    const message = MESSAGES[result];
    // The name of a repository that does not exist is untrusted text.
    const subject = result === "not_found" ? {} : { repository };
    const fields = { ...subject, provider, ...(error === undefined ? {} : { error }) };
    if (message !== undefined) refusals.warn(`${result} ${subject.repository ?? ""}`, message, fields);
    return reply;
  }

  async #verify(repository: string, { namespace, headers, body }: IncomingWebhook): Promise<Verdict> {
    const { secretOf, tokenOf, slots } = this.#options;
    const secret = secretOf(repository);
    if (secret === undefined) return { result: "not_found", reply: closing(NOT_FOUND, headers) };
    const proof = proofOf(headers);
    if (proof === undefined) return { result: "refused", reply: closing(REFUSED, headers) };
    const release = slots.take(repository);
    if (release === undefined) return { result: "busy", reply: BUSY };
    try {
      const check = new SignatureCheck(proof, await tokenOf(namespace, secret));
      if (!check.needsBody && !check.matches()) return { result: "refused", reply: closing(REFUSED, headers) };
      return await this.#read(repository, headers, body, check);
    } finally {
      release();
    }
  }

  async #read(repository: string, headers: RequestHeaders, body: Readable, check: SignatureCheck): Promise<Verdict> {
    const announced = headerText(headers, "content-length");
    const end = await readBody(body, announced, this.#options.maxBodyBytes, (chunk) => check.update(chunk));
    if (end === "too_large") return { result: end, reply: TOO_LARGE };
    if (end === "cut_off") return { result: end, reply: CUT_OFF };
    if (check.needsBody && !check.matches()) return { result: "refused", reply: REFUSED };
    const event = eventOf(headers);
    if (event === "ping") return { result: "ignored", reply: { status: 200, body: { result: "pong" } } };
    if (event === "other") return { result: "ignored", reply: { status: 202, body: { result: "ignored" } } };
    this.#options.onPush(repository);
    return { result: "accepted", reply: { status: 202, body: { result: "accepted", repository } } };
  }
}

interface Verdict {
  readonly result: WebhookResult;
  readonly reply: Reply;
  readonly error?: string;
}

/** Maximum size of a body that is discarded after a rejection, so that the connection can be reused. */
const DISCARDED_BYTES = 64 * 1024;

/** Returns a rejection before the body is read. Closes the connection if the body may be large. */
function closing(reply: Reply, headers: RequestHeaders): Reply {
  const announced = headerText(headers, "content-length");
  const small =
    announced === undefined ? headers["transfer-encoding"] === undefined : Number(announced) <= DISCARDED_BYTES;
  return small ? reply : { ...reply, close: true };
}
