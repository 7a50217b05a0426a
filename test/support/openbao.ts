import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import { ensureOpenBao } from "../../tools/binaries.js";
import { type ReservedPort, reservePort } from "../../tools/ports.js";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { waitUntil } from "../../tools/wait-until.js";

const ROOT_TOKEN = "root-token-of-the-test";

/** A real OpenBao on loopback, with TLS by an authority of its own. It keeps its data in memory. */
export class OpenBao {
  readonly url: string;
  readonly #program: string;
  readonly #port: ReservedPort;
  readonly #folder: GuardedFolder;
  #process: LoggedProcess | undefined;
  #agent: Agent | undefined;

  private constructor(program: string, port: ReservedPort, folder: GuardedFolder) {
    this.url = `https://127.0.0.1:${port.port}`;
    this.#program = program;
    this.#port = port;
    this.#folder = folder;
  }

  static async start(): Promise<OpenBao> {
    const program = await ensureOpenBao();
    const bao = new OpenBao(program, await reservePort(), await makeGuardedFolder("overseer-openbao-"));
    await bao.restart();
    return bao;
  }

  /** PEM of its authority. A restart makes another one. */
  ca(): Promise<string> {
    return readFile(join(this.#folder.path, "vault-ca.pem"), "utf8");
  }

  /** Starts it, unsealed and without data. */
  async restart(): Promise<void> {
    await this.halt();
    const { path, guard } = this.#folder;
    const flags = [
      "server",
      "-dev",
      "-dev-tls",
      `-dev-tls-cert-dir=${path}`,
      `-dev-root-token-id=${ROOT_TOKEN}`,
      `-dev-listen-address=127.0.0.1:${this.#port.port}`,
      "-dev-no-store-token",
    ];
    const started = await spawnLogged("OpenBao", this.#program, flags, { logFile: join(path, "bao.log"), guard });
    this.#process = started;
    await waitUntil({ what: "OpenBao is ready", timeoutMs: 60_000 }, async () => {
      if (started.ended() !== undefined) throw new Error(started.tail());
      return this.#isReady();
    });
  }

  /** Ends the process: its data are lost. */
  async halt(): Promise<void> {
    await this.#process?.stop(5_000);
    await this.#agent?.close();
    this.#agent = undefined;
    this.#process = undefined;
  }

  /** A request with the root token, or another one. Throws for a status of 400 or above. */
  async call<T = Record<string, unknown>>(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    body?: unknown,
  ): Promise<T> {
    const response = await request(`${this.url}/v1/${path}`, {
      method,
      headers: { "x-vault-token": ROOT_TOKEN },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      dispatcher: await this.#trusting(),
    });
    const text = await response.body.text();
    if (response.statusCode >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as T;
  }

  /** Writes an entry of the KV engine at `secret`. */
  async put(path: string, data: Readonly<Record<string, string>>): Promise<void> {
    await this.call("POST", `secret/data/${path}`, { data });
  }

  /** A policy that permits to read entries below a path. */
  async permit(policy: string, path: string): Promise<void> {
    await this.call("PUT", `sys/policies/acl/${policy}`, {
      policy: `path "secret/data/${path}" { capabilities = ["read"] }`,
    });
  }

  async stop(): Promise<void> {
    await this.halt();
    await this.#port.release();
    await this.#folder.remove();
  }

  async #isReady(): Promise<boolean> {
    try {
      await this.call("GET", "sys/health");
      await this.call("GET", "secret/config");
      return true;
    } catch {
      await this.#agent?.close();
      this.#agent = undefined;
      return false;
    }
  }

  async #trusting(): Promise<Agent> {
    this.#agent ??= new Agent({ connect: { ca: await this.ca() } });
    return this.#agent;
  }
}
