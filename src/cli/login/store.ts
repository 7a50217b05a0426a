import { randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CommandError, EXIT } from "../exit-codes.js";
import { fileFault } from "../file-fault.js";

/** Tokens of an issuer of OpenID Connect, and how they are renewed. */
export interface IssuedTokens {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: string;
  readonly idToken: string;
  readonly refreshToken?: string;
  /** Time in milliseconds since the epoch at which the ID token expires. */
  readonly expires: number;
}

/** How a user has signed in to a server. */
export interface Login {
  /** Bearer token as it was given. */
  readonly token?: string;
  readonly oidc?: IssuedTokens;
  /** Certificates of the authorities that the server is trusted by, PEM. */
  readonly ca?: string;
}

interface Logins {
  readonly logins: Readonly<Record<string, Login>>;
}

/** How long another command may keep the file, how often to look, and when its lock is a leftover. In milliseconds. */
const LOCK_WAIT_MS = 30_000;
const LOCK_POLL_MS = 50;
const LOCK_STALE_MS = 60_000;

/** The credentials of the REST APIs that the user has signed in to: a file that only the user can read. */
export class LoginStore {
  /** The file. */
  readonly path: string;

  constructor(env: NodeJS.ProcessEnv) {
    const { XDG_CONFIG_HOME: config, HOME: home = homedir() } = env;
    this.path = join(config === undefined || config === "" ? join(home, ".config") : config, "overseer", "logins.json");
  }

  /** Returns the URLs of the servers. */
  async servers(): Promise<readonly string[]> {
    return Object.keys((await this.#read()).logins);
  }

  /** Returns the login of a server; undefined if there is none. Throws CommandError if the file cannot be used. */
  async get(server: string): Promise<Login | undefined> {
    return (await this.#read()).logins[server];
  }

  /**
   * Replaces the login of a server by the result of `change`, which is given the present one; undefined removes it. Commands that run at
   * the same time wait for each other, so that a refresh token is not used twice.
   */
  async update(
    server: string,
    change: (login: Login | undefined) => Promise<Login | undefined>,
  ): Promise<Login | undefined> {
    await mkdir(dirname(this.path), { recursive: true, mode: 0o700 });
    const unlock = await this.#lock();
    try {
      const { logins } = await this.#read();
      const changed = await change(logins[server]);
      if (changed === logins[server]) return changed;
      const { [server]: _, ...others } = logins;
      await this.#write({ logins: changed === undefined ? others : { ...others, [server]: changed } });
      return changed;
    } finally {
      await unlock();
    }
  }

  async #read(): Promise<Logins> {
    let text: string;
    try {
      const { mode } = await stat(this.path);
      if ((mode & 0o077) !== 0)
        throw new CommandError(
          `${this.path} holds credentials and can be read by others: run "chmod 600 ${this.path}"`,
          EXIT.noConnection,
        );
      text = await readFile(this.path, "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return { logins: {} };
      if (error instanceof CommandError) throw error;
      throw new CommandError(`${this.path} cannot be read: ${fileFault(error)}`, EXIT.noConnection);
    }
    const read = parse(text);
    if (isLogins(read)) return read;
    // Its contents are not quoted: they are credentials.
    throw new CommandError(
      `${this.path} is damaged: delete it, and sign in again with "overseer login"`,
      EXIT.noConnection,
    );
  }

  async #write(logins: Logins): Promise<void> {
    const temporary = `${this.path}.${randomBytes(6).toString("hex")}`;
    try {
      await writeFile(temporary, `${JSON.stringify(logins, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
      await rename(temporary, this.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new CommandError(`${this.path} cannot be written: ${fileFault(error)}`, EXIT.failed);
    }
  }

  async #lock(): Promise<() => Promise<void>> {
    const lock = `${this.path}.lock`;
    const end = performance.now() + LOCK_WAIT_MS;
    for (;;) {
      try {
        await (await open(lock, "wx", 0o600)).close();
        return () => rm(lock, { force: true });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST")
          throw new CommandError(`${lock} cannot be written: ${fileFault(error)}`, EXIT.failed);
      }
      if (performance.now() > end)
        throw new CommandError(`another command keeps ${lock}: delete it if none runs`, EXIT.timeout);
      if (!(await isStale(lock)) || !(await removeStale(lock))) await delay(LOCK_POLL_MS);
    }
  }
}

/** Reports whether a lock is a leftover of a command that was killed. */
async function isStale(lock: string): Promise<boolean> {
  const age = await stat(lock).then(
    ({ mtimeMs }) => Date.now() - mtimeMs,
    () => 0,
  );
  return age > LOCK_STALE_MS;
}

/**
 * Removes a lock if it still is a leftover, one command at a time: of several that have seen it, the second would otherwise remove the new lock of the
 * first. Returns whether this command has had its turn.
 */
async function removeStale(lock: string): Promise<boolean> {
  const turn = `${lock}.stale`;
  try {
    await (await open(turn, "wx", 0o600)).close();
  } catch {
    if (await isStale(turn)) await rm(turn, { force: true });
    return false;
  }
  try {
    if (await isStale(lock)) await rm(lock, { force: true });
    return true;
  } finally {
    await rm(turn, { force: true });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Checks by hand: a schema would cost each command more time than the rest of its start. */
function isLogins(value: unknown): value is Logins {
  const { logins } = (value ?? {}) as { readonly logins?: unknown };
  return isRecord(logins) && Object.values(logins).every(isLogin);
}

function isLogin(value: unknown): boolean {
  if (!isRecord(value) || !isText(value.token) || !isText(value.ca)) return false;
  const { oidc } = value;
  if (oidc === undefined) return true;
  if (!isRecord(oidc) || !isText(oidc.refreshToken) || typeof oidc.expires !== "number") return false;
  return [oidc.issuer, oidc.clientId, oidc.scopes, oidc.idToken].every((text) => typeof text === "string");
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
