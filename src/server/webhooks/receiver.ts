import type { Readable } from "node:stream";
import { messageOf } from "../../base/errors.js";
import { nothingHere, ProblemError } from "../../http/problem.js";
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

/** Response to a webhook that was not rejected. */
export type WebhookReply =
  | { readonly status: 200; readonly body: { readonly result: "pong" } }
  | { readonly status: 202; readonly body: { readonly result: "accepted" | "ignored"; readonly repository?: string } };

const refused = (options: { readonly close?: boolean } = {}) =>
  new ProblemError(
    "SIGNATURE_INVALID",
    "the signature is missing or invalid: compare the token with the Secret",
    options,
  );
const NOT_READY = "the webhook cannot be verified now: retry later";

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

  /** Handles a webhook. Throws ProblemError if it is rejected. */
  async receive(webhook: IncomingWebhook): Promise<WebhookReply> {
    const provider = providerOf(webhook.headers);
    const repository = `${webhook.namespace}/${webhook.name}`;
    const { result, reply, error } = await this.#verify(repository, webhook).catch((cause: unknown): Verdict => {
      return {
        result: "error",
        reply: new ProblemError("NOT_READY", NOT_READY, { retryAfter: 30 }),
        error: messageOf(cause),
      };
    });
    const { observe, refusals } = this.#options;
    observe(provider, result);
    const message = MESSAGES[result];
    // The name of a repository that does not exist is untrusted text.
    const subject = result === "not_found" ? {} : { repository };
    const fields = { ...subject, provider, ...(error === undefined ? {} : { error }) };
    if (message !== undefined) refusals.warn(`${result} ${subject.repository ?? ""}`, message, fields);
    if (reply instanceof ProblemError) throw reply;
    return reply;
  }

  async #verify(repository: string, { namespace, headers, body }: IncomingWebhook): Promise<Verdict> {
    const { secretOf, tokenOf, slots } = this.#options;
    const secret = secretOf(repository);
    if (secret === undefined) return { result: "not_found", reply: nothingHere(unread(headers)) };
    const proof = proofOf(headers);
    if (proof === undefined) return { result: "refused", reply: refused(unread(headers)) };
    const release = slots.take(repository);
    if (release === undefined) {
      const reply = new ProblemError("BUSY", "too many concurrent webhooks: retry later", {
        close: true,
        retryAfter: 5,
      });
      return { result: "busy", reply };
    }
    try {
      const check = new SignatureCheck(proof, await tokenOf(namespace, secret));
      if (!check.needsBody && !check.matches()) return { result: "refused", reply: refused(unread(headers)) };
      return await this.#read(repository, headers, body, check);
    } finally {
      release();
    }
  }

  async #read(repository: string, headers: RequestHeaders, body: Readable, check: SignatureCheck): Promise<Verdict> {
    const { maxBodyBytes, onPush } = this.#options;
    const end = await readBody(body, headerText(headers, "content-length"), maxBodyBytes, (chunk) =>
      check.update(chunk),
    );
    if (end === "too_large") {
      const detail = `the body is larger than ${maxBodyBytes} bytes: limit the events of the webhook to pushes`;
      return { result: end, reply: new ProblemError("BODY_TOO_LARGE", detail, { close: true }) };
    }
    if (end === "cut_off") {
      return { result: end, reply: new ProblemError("BODY_INCOMPLETE", "the body is incomplete", { close: true }) };
    }
    if (check.needsBody && !check.matches()) return { result: "refused", reply: refused() };
    const event = eventOf(headers);
    if (event === "ping") return { result: "ignored", reply: { status: 200, body: { result: "pong" } } };
    if (event === "other") return { result: "ignored", reply: { status: 202, body: { result: "ignored" } } };
    onPush(repository);
    return { result: "accepted", reply: { status: 202, body: { result: "accepted", repository } } };
  }
}

interface Verdict {
  readonly result: WebhookResult;
  readonly reply: ProblemError | WebhookReply;
  readonly error?: string;
}

/** Maximum size of a body that is discarded after a rejection, so that the connection can be reused. */
const DISCARDED_BYTES = 64 * 1024;

/** Options of a rejection before the body is read. Closes the connection if the body may be large. */
function unread(headers: RequestHeaders): { readonly close: boolean } {
  const announced = headerText(headers, "content-length");
  if (announced === undefined) return { close: headers["transfer-encoding"] !== undefined };
  return { close: Number(announced) > DISCARDED_BYTES };
}
