import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { headerText, type RequestHeaders } from "./provider.js";

/** Proof that the sender knows the token: a signature of the body, or the token itself. */
export interface Proof {
  readonly kind: "hmac" | "signing-token" | "token";
  /**
   * The HMAC, or the SHA-256 of the token: 32 bytes in both cases, for a constant-time comparison. One match is enough,
   * since a sender signs with both keys during key rotation.
   */
  readonly digests: readonly Buffer[];
  /** Signed prefix of the body. */
  readonly before?: string;
}

type ReadProof = (text: string, headers: RequestHeaders) => Proof | undefined;

const HEX = /^[0-9a-f]{64}$/i;
const BASIC = /^Basic ([A-Za-z0-9+/]+={0,2})$/i;
const BASE64 = /^v1,([A-Za-z0-9+/]{43}=)$/;
/** Prefix of signing tokens; the rest is the base64-encoded key. */
const SIGNING_TOKEN = "whsec_";
const MIN_KEY_BYTES = 16;
/** Maximum number of signatures checked in one header. */
const MAX_SIGNATURES = 4;

/**
 * Signature headers in order of preference. The first one present must be valid; the others are ignored. The formats are
 * those documented by the Git hosts: GitHub and Bitbucket prefix the algorithm, Gitea and Forgejo do not, and GitLab
 * follows Standard Webhooks if it has a signing token and otherwise sends its secret token. Azure DevOps signs nothing, and sends
 * the token as the password of basic authentication. SHA-1 is never accepted:
 * hosts that still send it also send SHA-256.
 */
const HEADERS: readonly (readonly [header: string, read: ReadProof])[] = [
  ["x-forgejo-signature", hexDigest],
  ["x-gitea-signature", hexDigest],
  ["x-hub-signature-256", namedDigest],
  ["x-hub-signature", namedDigest],
  ["webhook-signature", standardDigests],
  ["x-gitlab-token", plainToken],
  ["authorization", basicPassword],
];

/** Returns the proof in a request; undefined if it is missing or malformed. */
export function proofOf(headers: RequestHeaders): Proof | undefined {
  const found = HEADERS.find(([header]) => headers[header] !== undefined);
  if (found === undefined) return undefined;
  const text = headerText(headers, found[0]);
  return text === undefined ? undefined : found[1](text, headers);
}

/** Compares a proof with a token, hashing the body as a stream. */
export class SignatureCheck {
  readonly #proof: Proof;
  readonly #token: string;
  readonly #hmac;

  constructor(proof: Proof, token: string) {
    this.#proof = proof;
    this.#token = token;
    this.#hmac = createHmac("sha256", proof.kind === "signing-token" ? signingKey(token) : token);
    if (proof.before !== undefined) this.#hmac.update(proof.before);
  }

  /** Whether the body is signed; a plain token needs no body. */
  get needsBody(): boolean {
    return this.#proof.kind !== "token";
  }

  /** Adds the next chunk of the raw body. */
  update(chunk: Buffer): void {
    if (this.needsBody) this.#hmac.update(chunk);
  }

  /** Reports whether the sender knows the token. Call it once, after the whole body. */
  matches(): boolean {
    const expected = this.needsBody ? this.#hmac.digest() : sha256(this.#token);
    return this.#proof.digests.filter((digest) => timingSafeEqual(expected, digest)).length > 0;
  }
}

function plainToken(text: string): Proof | undefined {
  return text === "" ? undefined : { kind: "token", digests: [sha256(text)] };
}

/** Returns the password of basic authentication (RFC 7617). The user name is ignored. */
function basicPassword(text: string): Proof | undefined {
  const encoded = BASIC.exec(text)?.[1];
  const [, password] = /^[^:]*:(.*)$/s.exec(Buffer.from(encoded ?? "", "base64").toString("utf8")) ?? [];
  return password === undefined ? undefined : plainToken(password);
}

function hexDigest(text: string): Proof | undefined {
  return HEX.test(text) ? { kind: "hmac", digests: [Buffer.from(text, "hex")] } : undefined;
}

function namedDigest(text: string): Proof | undefined {
  return text.startsWith("sha256=") ? hexDigest(text.slice("sha256=".length)) : undefined;
}

/** Parses the signatures of Standard Webhooks, which also sign id and time. The time is not checked, since replays do no harm. */
function standardDigests(text: string, headers: RequestHeaders): Proof | undefined {
  const id = headerText(headers, "webhook-id");
  const time = headerText(headers, "webhook-timestamp");
  const signatures = text.split(" ").slice(0, MAX_SIGNATURES);
  const digests = signatures.flatMap((signature) => {
    const digest = BASE64.exec(signature)?.[1];
    return digest === undefined ? [] : [Buffer.from(digest, "base64")];
  });
  if (id === undefined || time === undefined || digests.length === 0) return undefined;
  return { kind: "signing-token", digests, before: `${id}.${time}.` };
}

/** Returns the key in a signing token. If it has no key of sufficient length, the whole text is the key; no host signs with that. */
function signingKey(token: string): Buffer {
  const key = token.startsWith(SIGNING_TOKEN) ? Buffer.from(token.slice(SIGNING_TOKEN.length), "base64") : undefined;
  return key !== undefined && key.length >= MIN_KEY_BYTES ? key : Buffer.from(token);
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
