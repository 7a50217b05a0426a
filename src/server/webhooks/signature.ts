import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { headerText, type RequestHeaders } from "./provider.js";

/** What a request brings to prove that its sender knows the token: a digest of the body, or the token itself. */
export interface Proof {
  readonly kind: "hmac" | "token";
  /** Of an HMAC its value, of a token its SHA-256: 32 bytes in both cases, so that a comparison always takes the same time. */
  readonly digest: Buffer;
}

const HEX = /^[0-9a-f]{64}$/i;

/**
 * Headers that prove something, in the order of preference; the first one that is there has to be right, and the others are
 * not looked at. The forms are those that the hosts document: GitHub and Bitbucket put the name of the algorithm in front,
 * Gitea and Forgejo do not, GitLab sends the token. SHA-1 is never accepted: whoever still sends it sends SHA-256 as well.
 */
const HEADERS: readonly (readonly [header: string, read: (text: string) => Proof | undefined])[] = [
  ["x-forgejo-signature", hexDigest],
  ["x-gitea-signature", hexDigest],
  ["x-hub-signature-256", namedDigest],
  ["x-hub-signature", namedDigest],
  ["x-gitlab-token", (text) => (text === "" ? undefined : { kind: "token", digest: sha256(text) })],
];

/** The proof of a request; undefined if there is none, or it cannot be read. */
export function proofOf(headers: RequestHeaders): Proof | undefined {
  const found = HEADERS.find(([header]) => headers[header] !== undefined);
  if (found === undefined) return undefined;
  const text = headerText(headers, found[0]);
  return text === undefined ? undefined : found[1](text);
}

/** Compares a proof with a token, while the body passes by: none of it is kept. */
export class SignatureCheck {
  readonly #proof: Proof;
  readonly #token: string;
  readonly #hmac;

  constructor(proof: Proof, token: string) {
    this.#proof = proof;
    this.#token = token;
    this.#hmac = createHmac("sha256", token);
  }

  /** Whether the body matters: a token proves itself. */
  get needsBody(): boolean {
    return this.#proof.kind === "hmac";
  }

  /** Takes in the next piece of the body, byte for byte as it was sent. */
  update(piece: Buffer): void {
    if (this.needsBody) this.#hmac.update(piece);
  }

  /** Whether the sender knows the token; to be asked once, after the whole body. */
  matches(): boolean {
    const expected = this.needsBody ? this.#hmac.digest() : sha256(this.#token);
    return timingSafeEqual(expected, this.#proof.digest);
  }
}

function hexDigest(text: string): Proof | undefined {
  return HEX.test(text) ? { kind: "hmac", digest: Buffer.from(text, "hex") } : undefined;
}

function namedDigest(text: string): Proof | undefined {
  return text.startsWith("sha256=") ? hexDigest(text.slice("sha256=".length)) : undefined;
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
