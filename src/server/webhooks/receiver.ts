import type { Readable } from "node:stream";
import { messageOf } from "../../base/errors.js";
import { errorReply, NOT_FOUND, type Reply } from "../reply.js";
import { readBody } from "./body.js";
import { eventOf, headerText, type Provider, providerOf, type RequestHeaders } from "./provider.js";
import type { RefusalLog } from "./refusal-log.js";
import { proofOf, SignatureCheck } from "./signature.js";
import type { Slots } from "./slots.js";

/** What becomes of a webhook: a label of the metrics. */
export type WebhookResult =
  | "accepted"
  | "busy"
  | "cut_off"
  | "error"
  | "ignored"
  | "not_found"
  | "refused"
  | "too_large";

/** A webhook as it comes in. */
export interface IncomingWebhook {
  readonly namespace: string;
  readonly name: string;
  readonly headers: RequestHeaders;
  readonly body: Readable;
}

/** How webhooks are received. */
export interface WebhookReceiverOptions {
  /** Name of the Secret with the token of a repository's webhook; undefined if there is no such repository, or it has no webhook. */
  readonly secretOf: (repository: string) => string | undefined;
  readonly tokenOf: (namespace: string, secret: string) => Promise<string>;
  /** Told of each push. */
  readonly onPush: (repository: string) => void;
  readonly slots: Slots;
  readonly maxBodyBytes: number;
  readonly refusals: RefusalLog;
  readonly observe: (provider: Provider, result: WebhookResult) => void;
}

const REFUSED = errorReply(401, "SIGNATURE_INVALID", "the signature is missing or wrong");
const TOO_LARGE: Reply = { ...errorReply(413, "BODY_TOO_LARGE", "the body is too large"), close: true };
const CUT_OFF: Reply = { ...errorReply(400, "BODY_INCOMPLETE", "the body did not come to its end"), close: true };
const BUSY: Reply = { ...errorReply(503, "BUSY", "too many webhooks at once: try again"), close: true, retryAfter: 5 };
const NOT_READY: Reply = { ...errorReply(503, "NOT_READY", "this webhook cannot be checked now"), retryAfter: 30 };

/** What the log says of a webhook, by its result. Never a header or a piece of the body: they are a stranger's. */
const MESSAGES: Readonly<Partial<Record<WebhookResult, string>>> = {
  busy: "webhooks are turned away: too many at once",
  cut_off: "a webhook did not come to its end in time",
  error: "a webhook cannot be checked",
  not_found: "a webhook for a repository that does not exist or has none",
  refused: "a webhook is refused: its signature is missing or wrong",
  too_large: "a webhook is refused: its body is too large",
};

/**
 * Decides about webhooks. A webhook is no more than a hint to ask the remote now: nothing that it says is used, so that to
 * send an old one again does no harm. All that is cheap is looked at before the body, which only passes by.
 */
export class WebhookReceiver {
  readonly #options: WebhookReceiverOptions;

  constructor(options: WebhookReceiverOptions) {
    this.#options = options;
  }

  /** Receives one; never throws. */
  async receive(webhook: IncomingWebhook): Promise<Reply> {
    const provider = providerOf(webhook.headers);
    const repository = `${webhook.namespace}/${webhook.name}`;
    const { result, reply, why } = await this.#judge(repository, webhook).catch(
      (error: unknown): Judgement => ({ result: "error", reply: NOT_READY, why: messageOf(error) }),
    );
    const { observe, refusals } = this.#options;
    observe(provider, result);
    const message = MESSAGES[result];
    // The name of a repository that there is not is a stranger's text.
    const named = result === "not_found" ? {} : { repository };
    const fields = { ...named, provider, ...(why === undefined ? {} : { error: why }) };
    if (message !== undefined) refusals.warn(`${result} ${named.repository ?? ""}`, message, fields);
    return reply;
  }

  async #judge(repository: string, { namespace, headers, body }: IncomingWebhook): Promise<Judgement> {
    const { secretOf, tokenOf, slots } = this.#options;
    const secret = secretOf(repository);
    if (secret === undefined) return { result: "not_found", reply: closing(NOT_FOUND, headers) };
    const proof = proofOf(headers);
    if (proof === undefined) return { result: "refused", reply: closing(REFUSED, headers) };
    const give = slots.take(repository);
    if (give === undefined) return { result: "busy", reply: BUSY };
    try {
      const check = new SignatureCheck(proof, await tokenOf(namespace, secret));
      if (!check.needsBody && !check.matches()) return { result: "refused", reply: closing(REFUSED, headers) };
      return await this.#read(repository, headers, body, check);
    } finally {
      give();
    }
  }

  async #read(repository: string, headers: RequestHeaders, body: Readable, check: SignatureCheck): Promise<Judgement> {
    const announced = headerText(headers, "content-length");
    const end = await readBody(body, announced, this.#options.maxBodyBytes, (piece) => check.update(piece));
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

interface Judgement {
  readonly result: WebhookResult;
  readonly reply: Reply;
  readonly why?: string;
}

/** Largest body that is read and thrown away after a refusal, so that the connection can be kept. */
const DISCARDED_BYTES = 64 * 1024;

/** A refusal before the body was read. Whoever may send much more, or does not say how much, is cut off. */
function closing(reply: Reply, headers: RequestHeaders): Reply {
  const announced = headerText(headers, "content-length");
  const small =
    announced === undefined ? headers["transfer-encoding"] === undefined : Number(announced) <= DISCARDED_BYTES;
  return small ? reply : { ...reply, close: true };
}
