import { spawnSync } from "node:child_process";
import { rm, writeFile } from "node:fs/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { join } from "node:path";
import { CaddyAdmin } from "../../src/overseer-core/agent/proxy/caddy-admin.js";
import { type ReservedPort, reservePort } from "../../tools/ports.js";
import { type GuardedFolder, makeGuardedFolder } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { FatalWaitError, waitUntil } from "../../tools/wait-until.js";

/** Whether this machine has Caddy. */
export function hasCaddy(): boolean {
  return spawnSync("caddy", ["version"]).status === 0;
}

/** What a server answered. */
export interface WebAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** A request to the proxy. */
export interface WebRequest {
  readonly headers?: Record<string, string>;
  /** PEM text of the authority; HTTPS if it is set. */
  readonly ca?: string;
  /** Called with each part of the body. */
  readonly onData?: (text: string) => void;
}

/** A Caddy of its own with an empty configuration, on ports of its own. */
export class Caddy {
  readonly #ports: readonly [ReservedPort, ReservedPort];
  readonly #folder: GuardedFolder;
  #process: LoggedProcess;

  private constructor(folder: GuardedFolder, process: LoggedProcess, ports: readonly [ReservedPort, ReservedPort]) {
    this.#folder = folder;
    this.#process = process;
    this.#ports = ports;
  }

  static async start(): Promise<Caddy> {
    const folder = await makeGuardedFolder("overseer-caddy-");
    const ports = [await reservePort(), await reservePort()] as const;
    const config = {
      admin: { listen: `unix/${join(folder.path, "admin.sock")}` },
      apps: { pki: { certificate_authorities: { local: { install_trust: false } } } },
    };
    await writeFile(join(folder.path, "caddy.json"), JSON.stringify(config));
    const caddy = new Caddy(folder, await spawnCaddy(folder), ports);
    await caddy.#answers();
    return caddy;
  }

  /** Folder of its data. */
  get folder(): string {
    return this.#folder.path;
  }

  /** Flags of an agent that uses it. */
  get flags(): string[] {
    const [http, https] = this.#ports;
    const ports = ["--proxy-http-port", String(http.port), "--proxy-https-port", String(https.port)];
    return ["--proxy", "caddy", "--proxy-admin", `unix://${join(this.folder, "admin.sock")}`, ...ports];
  }

  /** Path of the certificate of its own authority; it exists once it has issued one. */
  get authority(): string {
    return join(this.folder, "data", "caddy", "pki", "authorities", "local", "root.crt");
  }

  /** Ends it, and starts it with its first configuration. */
  async restart(): Promise<void> {
    await this.#process.stop(10_000);
    await rm(join(this.folder, "admin.sock"), { force: true });
    this.#process = await spawnCaddy(this.#folder);
    await this.#answers();
  }

  async stop(): Promise<void> {
    await this.#process.stop(10_000);
    await this.#folder.remove();
    for (const port of this.#ports) await port.release();
  }

  /** Requests a path of a host from the proxy, on a connection of its own. */
  get(host: string, path: string, { headers = {}, ca, onData }: WebRequest = {}): Promise<WebAnswer> {
    const { port } = this.#ports[ca === undefined ? 0 : 1];
    const options = { host: "127.0.0.1", port, path, agent: false, headers: { host, ...headers } };
    return new Promise((resolve, reject) => {
      const secure = { ...options, servername: host, ...(ca === undefined ? {} : { ca }) };
      const request = ca === undefined ? httpRequest(options) : httpsRequest(secure);
      request.on("error", reject);
      request.on("response", (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("error", reject);
        response.on("data", (text: string) => {
          body += text;
          onData?.(text);
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      });
      request.end();
    });
  }

  async #answers(): Promise<void> {
    const admin = new CaddyAdmin(`unix://${join(this.folder, "admin.sock")}`);
    await waitUntil({ what: "Caddy answers", timeoutMs: 60_000 }, async () => {
      if (this.#process.ended() !== undefined) throw new FatalWaitError(`Caddy ended:\n${this.#process.tail()}`);
      await admin.read(new AbortController().signal);
      return true;
    });
    await admin.close();
  }
}

function spawnCaddy(folder: GuardedFolder): Promise<LoggedProcess> {
  const at = (name: string): string => join(folder.path, name);
  const env = { ...process.env, HOME: folder.path, XDG_DATA_HOME: at("data"), XDG_CONFIG_HOME: at("config") };
  const options = { logFile: at("caddy.log"), guard: folder.guard, env };
  return spawnLogged("caddy", "caddy", ["run", "--config", at("caddy.json")], options);
}
