import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { headerText, type RequestHeaders } from "./provider.js";

/** What a request brings to prove that its sender knows the token: a digest of the body, or the token itself. */
export interface Proof {
  readonly kind: "hmac" | "signing-token" | "token";
  /**
   * Of an HMAC its value, of a token its SHA-256: 32 bytes in both cases, so that a comparison always takes the same time. One of
   * several is enough: a sender whose key is being changed signs with both.
   */
  readonly digests: readonly Buffer[];
  /** What is signed before the body. */
  readonly before?: string;
}

type ReadProof = (text: string, headers: RequestHeaders) => Proof | undefined;

const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^v1,([A-Za-z0-9+/]{43}=)$/;
/** How signing tokens begin; what follows is the key, as base64. */
const SIGNING_TOKEN = "whsec_";
const MIN_KEY_BYTES = 16;
/** Most signatures of one header that are looked at. */
const MAX_SIGNATURES = 4;

/**
 * Headers that prove something, in the order of preference; the first one that is there has to be right, and the others are
 * not looked at. The forms are those that the hosts document: GitHub and Bitbucket put the name of the algorithm in front,
 * Gitea and Forgejo do not, GitLab signs as Standard Webhooks says if it has a signing token, and else sends its secret token.
 * SHA-1 is never accepted: whoever still sends it sends SHA-256 as well.
 */
const HEADERS: readonly (readonly [header: string, read: ReadProof])[] = [
  ["x-forgejo-signature", hexDigest],
  ["x-gitea-signature", hexDigest],
  ["x-hub-signature-256", namedDigest],
  ["x-hub-signature", namedDigest],
  ["webhook-signature", standardDigests],
  ["x-gitlab-token", (text) => (text === "" ? undefined : { kind: "token", digests: [sha256(text)] })],
];

/** The proof of a request; undefined if there is none, or it cannot be read. */
export function proofOf(headers: RequestHeaders): Proof | undefined {
  const found = HEADERS.find(([header]) => headers[header] !== undefined);
  if (found === undefined) return undefined;
  const text = headerText(headers, found[0]);
  return text === undefined ? undefined : found[1](text, headers);
}

/** Compares a proof with a token, while the body passes by: none of it is kept. */
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

  /** Whether the body matters: a token proves itself. */
  get needsBody(): boolean {
    return this.#proof.kind !== "token";
  }

  /** Takes in the next piece of the body, byte for byte as it was sent. */
  update(piece: Buffer): void {
    if (this.needsBody) this.#hmac.update(piece);
  }

  /** Whether the sender knows the token; to be asked once, after the whole body. */
  matches(): boolean {
    const expected = this.needsBody ? this.#hmac.digest() : sha256(this.#token);
    return this.#proof.digests.filter((digest) => timingSafeEqual(expected, digest)).length > 0;
  }
}

function hexDigest(text: string): Proof | undefined {
  return HEX.test(text) ? { kind: "hmac", digests: [Buffer.from(text, "hex")] } : undefined;
}

function namedDigest(text: string): Proof | undefined {
  return text.startsWith("sha256=") ? hexDigest(text.slice("sha256=".length)) : undefined;
}

/** Signs id and time as well. Whether the time is long ago is not looked at: to send a webhook again does no harm. */
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

/** The key in a signing token. What holds none, or one that could be guessed, is a key itself, which no host signs with. */
function signingKey(token: string): Buffer {
  const key = token.startsWith(SIGNING_TOKEN) ? Buffer.from(token.slice(SIGNING_TOKEN.length), "base64") : undefined;
  return key !== undefined && key.length >= MIN_KEY_BYTES ? key : Buffer.from(token);
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
