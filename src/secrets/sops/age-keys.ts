import { armor, Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import type { AgeEntry } from "./metadata.js";

/** Texts with keys, and where they come from. */
export interface KeyTexts {
  /** What people call it: `Secret shop/sops-age`. */
  readonly from: string;
  /** Contents of key files of age by name. */
  readonly files: ReadonlyMap<string, string>;
  /** Keys and credentials for the program `sops`, by the name of their entry. */
  readonly services?: ReadonlyMap<string, string>;
}

/** A private key of age with its recipient, which is public. */
interface AgeKey {
  readonly identity: string;
  readonly recipient: string;
}

/** Shown recipients of a file or a Secret. */
const MAX_SHOWN = 3;
/** Shown characters of a recipient. */
const SHOWN = 16;
/** Keys of one Secret: each costs time for each file. */
const MAX_KEYS = 20;
const DATA_KEY_BYTES = 32;

/** Private keys of age, which decrypt the data keys of files. */
export class AgeKeys {
  readonly #from: string;
  readonly #keys: readonly AgeKey[];

  private constructor(from: string, keys: readonly AgeKey[]) {
    this.#from = from;
    this.#keys = keys;
  }

  /** Parses files as age-keygen writes them. A text says which file and line is wrong, without quoting it. */
  static async parse({ from, files }: KeyTexts): Promise<AgeKeys | string> {
    const keys: AgeKey[] = [];
    for (const [name, text] of files) {
      for (const [index, line] of text.split(/\r?\n/).entries()) {
        const identity = line.trim();
        if (identity === "" || identity.startsWith("#")) continue;
        if (keys.length >= MAX_KEYS)
          return `${from} has more than ${MAX_KEYS} keys of age: remove those that are not used`;
        const recipient = await recipientOf(identity);
        if (recipient === undefined)
          return `${from}, key ${name}, line ${index + 1}: expected a key that begins with AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1, as age-keygen writes it`;
        keys.push({ identity, recipient });
      }
    }
    return keys.length > 0 ? new AgeKeys(from, keys) : `${from} has no key of age: add one as age-keygen writes it`;
  }

  /** Decrypts the data key of a file; a text says why none of the keys can. Keys that the file names are tried first. */
  async dataKey(entries: readonly AgeEntry[]): Promise<Uint8Array | string> {
    let damaged = false;
    for (const { recipient, enc } of entries) {
      const known = this.#keys.filter((key) => key.recipient === recipient);
      if (known.length === 0) continue;
      const key = await unwrap(enc, known);
      if (key !== undefined) return key;
      damaged = true;
    }
    if (damaged)
      return "the data key in the metadata of SOPS is damaged, or is not for the recipient that it names: restore what sops wrote";
    return `the file is encrypted for ${showRecipients(entries)}, and ${this.#from} has the key of ${showRecipients(this.#keys)}: add the key of a recipient to it, or run sops updatekeys on the file`;
  }
}

/** A key of age for which another program encrypts one data key. */
export class OneTimeKey {
  readonly #identity: string;
  readonly recipient: string;

  private constructor(identity: string, recipient: string) {
    this.#identity = identity;
    this.recipient = recipient;
  }

  static async make(): Promise<OneTimeKey> {
    const identity = await generateX25519Identity();
    return new OneTimeKey(identity, await identityToRecipient(identity));
  }

  /** Decrypts the data key; undefined if it was not encrypted for this key. */
  open(enc: string): Promise<Uint8Array | undefined> {
    return unwrap(enc, [{ identity: this.#identity, recipient: this.recipient }]);
  }
}

async function unwrap(enc: string, keys: readonly AgeKey[]): Promise<Uint8Array | undefined> {
  const decrypter = new Decrypter();
  for (const { identity } of keys) decrypter.addIdentity(identity);
  try {
    const key = await decrypter.decrypt(armor.decode(enc));
    return key.length === DATA_KEY_BYTES ? key : undefined;
  } catch {
    return undefined;
  }
}

async function recipientOf(identity: string): Promise<string | undefined> {
  if (!/^AGE-SECRET-KEY-(?:PQ-)?1[A-Z0-9]+$/.test(identity)) return undefined;
  try {
    return await identityToRecipient(identity);
  } catch {
    return undefined;
  }
}

/** Recipients for messages. */
export function showRecipients(entries: readonly { readonly recipient: string }[]): string {
  const all = [...new Set(entries.map(({ recipient }) => recipient))];
  // The beginning tells them apart, and leaves room for the remedy; those of post-quantum keys have two thousand characters.
  const shown = all.slice(0, MAX_SHOWN).map((one) => `${one.slice(0, SHOWN).replace(/[^a-z0-9-]/g, "?")}…`);
  return all.length > MAX_SHOWN ? `${shown.join(", ")} and ${all.length - MAX_SHOWN} more` : shown.join(", ");
}
