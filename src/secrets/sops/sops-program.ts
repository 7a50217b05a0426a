import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { OverseerError } from "../../base/errors.js";
import { ChildError } from "../../child/child-error.js";
import type { ConfinedPrograms } from "../../child/confined-programs.js";
import { findProgram } from "../../child/confinement.js";
import { isRecord } from "../../manifest/shape.js";
import { OneTimeKey } from "./age-keys.js";
import type { ServiceCredentials, ServiceEntry } from "./key-services.js";

/** Where it is looked for if it is named without a path. */
const PLACES = ["/usr/local/bin", "/usr/bin", "/bin"];
/** What it prints if a service was not reached. */
const UNREACHABLE =
  /no such host|connection refused|connection reset|i\/o timeout|deadline exceeded|network is unreachable|TLS handshake|EOF|temporarily unavailable|StatusCode: 5\d\d|ThrottlingException/i;

/** How the program `sops` is run. */
export interface SopsProgramOptions {
  /** Path, or name to look for; defaults to its name. */
  readonly path: string | undefined;
  /** Runs programs without a network, and with one. */
  readonly offline: ConfinedPrograms;
  readonly online: ConfinedPrograms;
  /** Proxies. */
  readonly env?: Readonly<Record<string, string>>;
  /** Creates a private folder, in memory if there is room. */
  readonly makeFolder: () => Promise<string>;
}

/**
 * The program `sops`, which uses keys of PGP and of clouds. It gets no file of Git: only the encrypted data key, which it encrypts again
 * for a key of age that is used once.
 */
export class SopsProgram {
  readonly #options: SopsProgramOptions;
  #found: Promise<string | undefined> | undefined;

  constructor(options: SopsProgramOptions) {
    this.#options = options;
  }

  /** Returns its path; undefined if it is not installed. */
  find(): Promise<string | undefined> {
    this.#found ??= findProgram(this.#options.path ?? "sops", PLACES);
    return this.#found;
  }

  /**
   * Decrypts a data key; undefined if none of the keys can.
   *
   * @throws OverseerError if it cannot be run, or a service cannot be reached: the render is repeated.
   */
  async dataKey(
    entries: readonly ServiceEntry[],
    credentials: ServiceCredentials,
    network: boolean,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const program = await this.find();
    if (program === undefined) return undefined;
    const folder = await this.#options.makeFolder();
    try {
      const once = await OneTimeKey.make();
      const file = join(folder, "file.json");
      const config = join(folder, "config.yaml");
      await writeFile(config, JSON.stringify({ creation_rules: [{ age: once.recipient }] }), { mode: 0o600 });
      await writeFile(file, JSON.stringify(fileOf(entries)), { mode: 0o600 });
      await mkdir(join(folder, "gnupg"), { mode: 0o700 });
      if (credentials.keyRing !== undefined)
        await writeFile(join(folder, "gnupg", "secring.gpg"), credentials.keyRing, { mode: 0o600 });
      const { online, offline, env: proxies = {} } = this.#options;
      const outcome = await (network ? online : offline).run({
        program,
        args: ["--config", config, "updatekeys", "--yes", "--input-type", "json", file],
        cwd: folder,
        signal,
        // Nothing of this process: no credentials of a cloud, no agents, and no other programs.
        env: {
          HOME: folder,
          TMPDIR: folder,
          PATH: "/nonexistent",
          GNUPGHOME: join(folder, "gnupg"),
          SOPS_GPG_EXEC: "/nonexistent/gpg",
          ...(network ? proxies : {}),
          ...credentials.env,
        },
      });
      if (outcome.code === 0) return await once.open(encryptedIn(await readFile(file, "utf8")));
      if (network && UNREACHABLE.test(outcome.stderr)) throw unavailable("cannot reach the service of the key");
      return undefined;
    } catch (error) {
      if (error instanceof ChildError) throw unavailable(`cannot be run: it ${error.message}`);
      throw error;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

/** A file without values. Its MAC is not verified when keys are changed. */
function fileOf(entries: readonly ServiceEntry[]): object {
  const keys: Record<string, unknown[]> = {};
  for (const { field, entry } of entries) {
    keys[field] ??= [];
    keys[field].push(entry);
  }
  return { sops: { ...keys, lastmodified: "2020-01-01T00:00:00Z", mac: "", version: "3.9.0" } };
}

/** The data key for the one recipient of age; empty if it is not there. */
function encryptedIn(text: string): string {
  const parsed: unknown = JSON.parse(text);
  const { sops } = isRecord(parsed) ? parsed : {};
  const [entry] = isRecord(sops) && Array.isArray(sops.age) ? sops.age : [];
  return isRecord(entry) && typeof entry.enc === "string" ? entry.enc : "";
}

function unavailable(what: string): OverseerError {
  return new OverseerError(`the program sops, which decrypts keys of files, ${what}; the render is repeated`, {
    code: "SOPS_UNAVAILABLE",
    reason: "RenderFailed",
    class: "retryable",
  });
}
