import { createHash, randomBytes } from "node:crypto";
import { EncryptJWT, jwtDecrypt } from "jose";
import type { Clock } from "../../../base/clock.js";
import { ConfigError } from "../../../config/errors.js";

const KEY_BYTES = 32;
/** What a sealed text is for: one kind never counts as another. */
export type Purpose = "session" | "sign-in";

/** Encrypts and authenticates what the server keeps in cookies (JWE with A256GCM), so that it needs no memory of its own. */
export class Sealer {
  readonly #clock: Clock;
  /** Keys by their id; the first one seals. */
  readonly #keys: ReadonlyMap<string, Uint8Array>;

  /** Takes the contents of the key file; without it, a random key. Throws ConfigError for a malformed key. */
  constructor(clock: Clock, keyFile: string | undefined) {
    this.#clock = clock;
    const keys = keyFile === undefined ? [randomBytes(KEY_BYTES)] : parseKeys(keyFile);
    this.#keys = new Map(keys.map((key) => [createHash("sha256").update(key).digest("hex").slice(0, 16), key]));
  }

  /** Seals claims until a time in milliseconds since the epoch. */
  async seal(purpose: Purpose, claims: Readonly<Record<string, unknown>>, expires: number): Promise<string> {
    const [entry] = this.#keys;
    if (entry === undefined) throw new Error("no key");
    const [kid, key] = entry;
    return new EncryptJWT({ ...claims })
      .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid })
      .setAudience(purpose)
      .setExpirationTime(Math.floor(expires / 1000))
      .encrypt(key);
  }

  /** Returns the claims of a sealed text; undefined if it is not genuine, for another purpose, or has expired. */
  async open(purpose: Purpose, sealed: string): Promise<Readonly<Record<string, unknown>> | undefined> {
    const resolve = ({ kid }: { readonly kid?: string }): Uint8Array => {
      const key = this.#keys.get(kid ?? "");
      if (key === undefined) throw new Error("unknown key");
      return key;
    };
    try {
      const { payload } = await jwtDecrypt(sealed, resolve, {
        audience: purpose,
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
        requiredClaims: ["exp"],
        currentDate: new Date(this.#clock.now()),
      });
      return payload;
    } catch {
      return undefined;
    }
  }
}

function parseKeys(text: string): Buffer[] {
  const lines = text.split(/\s+/).filter((line) => line !== "");
  const keys = lines.map((line) => Buffer.from(line, "base64"));
  if (keys.length > 0 && keys.every(({ length }) => length === KEY_BYTES)) return keys;
  throw new ConfigError(
    `the file of --session-key-file must have one key per line, each of ${KEY_BYTES} random bytes in base64, for example by: openssl rand -base64 32`,
    "CONFIG_INVALID",
  );
}
