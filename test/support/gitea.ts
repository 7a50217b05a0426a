import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { findGitea } from "../../tools/binaries.js";
import { type ReservedPort, reservePort } from "../../tools/ports.js";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { runCommand } from "../../tools/run-command.js";
import { waitUntil } from "../../tools/wait-until.js";

/** A user of the server, with a token for everything. */
export interface GiteaUser {
  readonly name: string;
  readonly password: string;
  readonly token: string;
}

/** What the API answered. */
export interface GiteaAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/** A real Gitea with SQLite and its own SSH server, on loopback. */
export class GiteaServer {
  readonly url: string;
  readonly sshPort: number;
  /** The administrator. */
  readonly admin: GiteaUser;
  readonly #folder: GuardedFolder;
  readonly #ports: readonly ReservedPort[];
  readonly #process: LoggedProcess;

  private constructor(parts: {
    url: string;
    sshPort: number;
    admin: GiteaUser;
    folder: GuardedFolder;
    ports: readonly ReservedPort[];
    process: LoggedProcess;
  }) {
    this.url = parts.url;
    this.sshPort = parts.sshPort;
    this.admin = parts.admin;
    this.#folder = parts.folder;
    this.#ports = parts.ports;
    this.#process = parts.process;
  }

  /** Starts an empty server with one administrator; undefined if the program is not installed, which `make test-binaries` does. */
  static async start(secret: () => string = randomText): Promise<GiteaServer | undefined> {
    const program = await findGitea();
    if (program === undefined) return undefined;
    const folder = await makeGuardedFolder("overseer-gitea-");
    const ports = [await reservePort(), await reservePort()] as const;
    const [http, ssh] = [ports[0].port, ports[1].port];
    const config = join(folder.path, "app.ini");
    await mkdir(join(folder.path, "home"));
    await writeFile(config, settings({ folder: folder.path, program, http, ssh }), { mode: 0o600 });
    const env = { PATH: process.env.PATH ?? "", HOME: join(folder.path, "home"), USER: "root" };
    const gitea = (...args: readonly string[]): Promise<string> =>
      runCommand(program, ["--config", config, "--work-path", folder.path, ...args], { env });
    await gitea("migrate");
    const [name, password] = ["root-admin", secret()];
    const account = ["--username", name, "--password", password, "--email", `${name}@example.com`];
    await gitea("admin", "user", "create", "--admin", "--must-change-password=false", ...account);
    const scopes = ["--token-name", "all", "--scopes", "all", "--raw"];
    const printed = await gitea("admin", "user", "generate-access-token", "--username", name, ...scopes);
    // Its log may come before.
    const token = printed.trim().split("\n").at(-1) ?? "";
    const started = await spawnLogged("Gitea", program, ["--config", config, "--work-path", folder.path, "web"], {
      logFile: join(folder.path, "gitea.log"),
      guard: folder.guard,
      env,
    });
    const url = `http://127.0.0.1:${http}`;
    await waitUntil({ what: "Gitea answers", timeoutMs: 60_000 }, async () => {
      if (started.ended() !== undefined) throw new Error(started.tail());
      return fetch(`${url}/api/healthz`).then(
        ({ status }) => status === 200,
        () => false,
      );
    });
    const admin = { name, password, token };
    return new GiteaServer({ url, sshPort: ssh, admin, folder, ports, process: started });
  }

  /** Sends a request to the API as a user. Throws unless the status is one of success, or `expected`. */
  async api<T = unknown>(
    user: GiteaUser,
    method: "DELETE" | "GET" | "PATCH" | "POST" | "PUT",
    path: string,
    body?: unknown,
  ): Promise<T> {
    const { status, body: answer } = await this.request<T>(user, method, path, body);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** The same, whatever the status is. */
  async request<T>(user: GiteaUser, method: string, path: string, body?: unknown): Promise<GiteaAnswer<T>> {
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `token ${user.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as T };
  }

  /** Makes a user with a token for everything. */
  async createUser(name: string, secret: () => string = randomText): Promise<GiteaUser> {
    const password = secret();
    const email = `${name}@example.com`;
    await this.api(this.admin, "POST", "/admin/users", {
      ...{ username: name, email, password, must_change_password: false },
    });
    return { name, password, token: await this.createToken({ name, password }, ["all"]) };
  }

  /** Makes a token with these scopes. */
  async createToken(user: Pick<GiteaUser, "name" | "password">, scopes: readonly string[]): Promise<string> {
    const response = await fetch(`${this.url}/api/v1/users/${user.name}/tokens`, {
      method: "POST",
      headers: {
        authorization: `Basic ${Buffer.from(`${user.name}:${user.password}`).toString("base64")}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ name: randomText(), scopes }),
    });
    if (response.status !== 201) throw new Error(`no token: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { sha1: string }).sha1;
  }

  /** The host keys of its SSH server, as lines for `known_hosts`. */
  knownHosts(): Promise<string> {
    return runCommand("ssh-keyscan", ["-p", String(this.sshPort), "127.0.0.1"]);
  }

  /** A new key pair. */
  async keyPair(): Promise<{ readonly privateKey: string; readonly publicKey: string }> {
    const file = join(this.#folder.path, `key-${randomText()}`);
    await runCommand("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", file]);
    const read = (path: string): Promise<string> => runCommand("cat", [path]);
    return { privateKey: await read(file), publicKey: (await read(`${file}.pub`)).trim() };
  }

  /** The last lines of its log. */
  log(): string {
    return this.#process.tail();
  }

  async stop(): Promise<void> {
    await this.#process.stop(0);
    await this.#folder.remove();
    for (const port of this.#ports) await port.release();
  }
}

function randomText(): string {
  return randomBytes(12).toString("hex");
}

/** The configuration file. A program that was built reads its data from the folders beside it; a released one has them inside. */
function settings(at: { folder: string; program: string; http: number; ssh: number }): string {
  const data = dirname(at.program);
  const sections: Readonly<Record<string, Readonly<Record<string, string | number | boolean>>>> = {
    server: {
      HTTP_ADDR: "127.0.0.1",
      HTTP_PORT: at.http,
      ROOT_URL: `http://127.0.0.1:${at.http}/`,
      START_SSH_SERVER: true,
      SSH_DOMAIN: "127.0.0.1",
      SSH_LISTEN_HOST: "127.0.0.1",
      SSH_LISTEN_PORT: at.ssh,
      SSH_PORT: at.ssh,
      BUILTIN_SSH_SERVER_USER: "git",
      OFFLINE_MODE: true,
      ...(existsSync(join(data, "templates")) ? { STATIC_ROOT_PATH: data } : {}),
    },
    database: { DB_TYPE: "sqlite3", PATH: join(at.folder, "gitea.db") },
    repository: { ROOT: join(at.folder, "repositories"), DEFAULT_BRANCH: "main" },
    security: {
      INSTALL_LOCK: true,
      SECRET_KEY: randomText(),
      PASSWORD_HASH_ALGO: "pbkdf2$1000$32",
      PASSWORD_COMPLEXITY: "off",
    },
    service: { DISABLE_REGISTRATION: true },
    webhook: { ALLOWED_HOST_LIST: "loopback", DELIVER_TIMEOUT: 10 },
    log: { MODE: "console", LEVEL: "Warn" },
    indexer: { ISSUE_INDEXER_TYPE: "db" },
    actions: { ENABLED: false },
    packages: { ENABLED: false },
    cron: { ENABLED: false },
    queue: { TYPE: "channel" },
    session: { PROVIDER: "memory" },
    i18n: { LANGS: "en-US", NAMES: "English" },
  };
  const lines = [`RUN_MODE = prod`, `I_AM_BEING_UNSAFE_RUNNING_AS_ROOT = true`];
  for (const [name, values] of Object.entries(sections)) {
    lines.push(`[${name}]`, ...Object.entries(values).map(([key, value]) => `${key} = ${value}`));
  }
  return `${lines.join("\n")}\n`;
}
