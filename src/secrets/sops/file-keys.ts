import { AgeKeys, type KeyTexts, showRecipients } from "./age-keys.js";
import { KEY_SERVICES, type ServiceCredentials, type ServiceEntry } from "./key-services.js";
import type { SopsMetadata } from "./metadata.js";
import type { SopsProgram } from "./sops-program.js";

/** Shown keys of services. */
const MAX_SHOWN = 3;

/** Decrypts data keys of files: with keys of age, and those of other services by the program `sops`. */
export class FileKeys {
  readonly #texts: KeyTexts;
  readonly #age: AgeKeys | undefined;
  readonly #program: SopsProgram | undefined;
  readonly #signal: AbortSignal;

  private constructor(
    texts: KeyTexts,
    age: AgeKeys | undefined,
    program: SopsProgram | undefined,
    signal: AbortSignal,
  ) {
    this.#texts = texts;
    this.#age = age;
    this.#program = program;
    this.#signal = signal;
  }

  /** Parses keys. A text says which cannot be used. */
  static async parse(
    texts: KeyTexts,
    program: SopsProgram | undefined,
    signal: AbortSignal,
  ): Promise<FileKeys | string> {
    const hasOthers = (texts.services?.size ?? 0) > 0;
    const age = texts.files.size === 0 && hasOthers ? undefined : await AgeKeys.parse(texts);
    return typeof age === "string" ? age : new FileKeys(texts, age, program, signal);
  }

  /** Decrypts the data key of a file; a text says why none of the keys can. */
  async dataKey({ age, services }: SopsMetadata): Promise<Uint8Array | string> {
    const byAge = age.length > 0 ? await this.#age?.dataKey(age) : undefined;
    if (byAge instanceof Uint8Array || services.length === 0) return byAge ?? this.#missing(age, services);
    const usable = services.filter((entry) => this.#textsFor(entry).length > 0);
    if (usable.length === 0) return byAge ?? this.#missing(age, services);
    if ((await this.#program?.find()) === undefined)
      return `the file is encrypted for ${show(usable)}, which needs the program sops, and it is not installed beside the operator: install it or set --sops to its path, or ${ADD_AGE}`;
    let unusable: string | undefined;
    // What needs no network comes first.
    for (const network of [false, true]) {
      const entries = usable.filter(({ field }) => KEY_SERVICES.get(field)?.network === network);
      const credentials = this.#credentials(entries);
      if (typeof credentials === "string") {
        unusable ??= credentials;
        continue;
      }
      const key =
        entries.length > 0 ? await this.#program?.dataKey(entries, credentials, network, this.#signal) : undefined;
      if (key !== undefined) return key;
    }
    if (unusable !== undefined) return unusable;
    return `the file is encrypted for ${show(usable)}, and sops cannot decrypt its data key with what ${this.#texts.from} has for that: add the private key, or credentials that may decrypt with the key, or ${ADD_AGE}`;
  }

  #missing(age: SopsMetadata["age"], services: readonly ServiceEntry[]): string {
    const recipients = [
      ...(age.length > 0 ? [showRecipients(age)] : []),
      ...(services.length > 0 ? [show(services)] : []),
    ];
    const fields = [...new Set(services.map(({ field }) => field))];
    const places = fields.map((field) => KEY_SERVICES.get(field)?.place ?? "");
    const remedy = places.length > 0 ? `add ${places.join(", or ")}; or ${ADD_AGE}` : "add a key of age to it";
    return `the file is encrypted for ${recipients.join(" and ")}, and ${this.#texts.from} has no key for that: ${remedy}`;
  }

  /** Texts of the Secret that are for the service of an entry. */
  #textsFor({ field }: ServiceEntry): string[] {
    const found = [...(this.#texts.services ?? [])].filter(([name]) => KEY_SERVICES.get(field)?.isPlace(name));
    return found.map(([, text]) => text);
  }

  #credentials(entries: readonly ServiceEntry[]): ServiceCredentials | string {
    let all: ServiceCredentials = { env: {} };
    for (const entry of new Map(entries.map((one) => [one.field, one])).values()) {
      const service = KEY_SERVICES.get(entry.field);
      const read = service?.credentials(this.#textsFor(entry)) ?? "";
      if (typeof read === "string")
        return `${this.#texts.from}: the entry for ${service?.name} cannot be used: ${read}; add ${service?.place}`;
      all = { ...all, ...read, env: { ...all.env, ...read.env } };
    }
    return all;
  }
}

const ADD_AGE = "add a recipient of age to the file with sops updatekeys";

function show(entries: readonly ServiceEntry[]): string {
  const all = entries.map(({ field, entry }) => {
    const service = KEY_SERVICES.get(field);
    return `${service?.name} (${service?.key(entry).slice(0, 120)})`;
  });
  const shown = all.slice(0, MAX_SHOWN).join(", ");
  return all.length > MAX_SHOWN ? `${shown} and ${all.length - MAX_SHOWN} more` : shown;
}
