import { generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { API_VERSION } from "../../../src/api/group.js";
import { ApiClient } from "../../support/api-client.js";
import { CoreBench } from "../../support/core-bench.js";
import type { GitRepo } from "../../support/git-server.js";
import { OpenBao } from "../../support/openbao.js";
import type { OperatorProcess } from "../../support/operator-process.js";
import { OverseerUser } from "../../support/overseer-cli.js";
import { renderFlags } from "../../support/render-flags.js";
import { type AgeKey, ageKey, keyFile, type PgpKey, PgpKeys, Sops } from "../../support/sops.js";
import { World } from "../../support/world.js";
import {
  grantAccount,
  leaderTokenFile,
  removeInstallation,
  startInstalledApi,
  startRestricted,
} from "../install/restricted-operator.js";
import { APPS } from "./canary-apps.js";

const ANY = [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }];
const CLUSTER_BINDING = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding" };
/** Kinds whose objects are followed from the beginning, so that what was there for a moment counts as well. */
const RESOURCES = ["overseerapps", "changes", "gitrepositories", "notificationchannels"];
const EVENTS = "/apis/events.k8s.io/v1/namespaces/{namespace}/events";

/** What a value of a secret can pass. */
interface Parts {
  readonly world: World;
  readonly core: CoreBench;
  readonly bao: OpenBao;
  readonly sops: Sops;
  readonly age: AgeKey;
  readonly pgp: { readonly keys: PgpKeys; readonly key: PgpKey };
  readonly sealing: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
}

/** A real installation: cluster, Core with agent, OpenBao, REST API, channel and command line. */
export class CanaryBench {
  readonly parts: Parts;
  readonly api: OperatorProcess;
  readonly alice: ApiClient;
  readonly cli: OverseerUser;
  readonly repository: GitRepo;
  readonly auditDir: string;
  /** What watches and the receiver of messages have seen from the beginning. */
  readonly streams = { resources: "", events: "", rest: "", channel: "" };
  readonly #end = new AbortController();
  readonly #inbox: Server;
  readonly #coreReader: string;

  private constructor(
    parts: Parts,
    made: Pick<CanaryBench, "api" | "alice" | "repository" | "auditDir"> & { readonly coreReader: string },
  ) {
    this.parts = parts;
    this.api = made.api;
    this.alice = made.alice;
    this.repository = made.repository;
    this.auditDir = made.auditDir;
    this.#coreReader = made.coreReader;
    this.cli = new OverseerUser(parts.world);
    this.#inbox = createServer((request, response) => {
      request.on("data", (chunk: Buffer) => {
        this.streams.channel += chunk.toString();
      });
      request.on("end", () => response.writeHead(204).end());
    });
  }

  static async create(): Promise<CanaryBench> {
    const world = await World.create("canaries", { withoutOperator: true });
    const sops = await Sops.find();
    const auditDir = await mkdtemp(join(tmpdir(), "overseer-audit-"));
    const flags = ["--internal-address=127.0.0.1:0", `--audit-dir=${auditDir}`, `--sops=${sops.program}`];
    const hosts = { secretStoreHosts: ["127.0.0.1"], notificationHosts: ["127.0.0.1"] };
    const trustedNamespaces = [world.namespace];
    const values = { "api.enabled": true, "api.leader.enabled": true, logLevel: "debug", trustedNamespaces, ...hosts };
    await startRestricted(world, values, [...flags, ...(await renderFlags())]);
    const api = await startInstalledApi(world, [`--leader-token-file=${await leaderTokenFile(world)}`]);
    await grantAccount(world, "deployer", ANY);
    for (const role of ["cluster-admin", "overseer-gitops-audit"])
      await world.kube.apply({
        ...{ ...CLUSTER_BINDING, metadata: { name: `${world.namespace}-${role}` } },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
        subjects: [{ kind: "User", name: "alice", apiGroup: "rbac.authorization.k8s.io" }],
      });
    const [core, bao, keys] = [await CoreBench.start(world), await OpenBao.start(), await PgpKeys.create()];
    const pgp = { keys, key: await keys.make("a@example.com") };
    const sealing = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const parts = { world, core, bao, sops, age: await ageKey(), pgp, sealing };
    const { body } = await core.call<{ value: string }>("POST", "/api/tokens", { name: "r", role: "secret-reader" });
    const bench = new CanaryBench(parts, {
      api,
      alice: await ApiClient.of(api, world.controlPlane.tokens.alice),
      repository: await world.repository("all", {}),
      auditDir,
      coreReader: body.value,
    });
    await bench.#prepare();
    return bench;
  }

  /** Keys and tokens, which are nowhere to be seen either. */
  get credentials(): readonly string[] {
    const { age, pgp, world } = this.parts;
    const middle = pgp.key.privateKey.split("\n")[6] ?? "";
    return [age.identity, middle, this.#coreReader, ...world.canaries];
  }

  async #prepare(): Promise<void> {
    const { core, bao, sealing, world } = this.parts;
    await new Promise<void>((resolve) => this.#inbox.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(this.#inbox.address() as AddressInfo).port}/in`;
    await this.secret("channel", { signingKey: world.canary() });
    await world.kube.apply({
      apiVersion: API_VERSION,
      kind: "NotificationChannel",
      metadata: { name: "team", namespace: world.namespace },
      spec: {
        webhook: { url, secretRef: { name: "channel" } },
        groupWait: "1s",
        topics: ["Failed", "Degraded", "WaitingForApproval", "Drifted", "Succeeded", "Recovered"],
      },
    });
    await core.token("core-reader", this.#coreReader);
    const pem = sealing.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
    await this.secret("sealing", { "a.key": pem });
    await bao.permit("shop", "shop/*");
    const token = world.canary();
    await bao.call("POST", "auth/token/create", { id: token, policies: ["shop"], ttl: "1h", no_default_policy: false });
    await this.secret("vault-token", { token });
    await this.secret("vault-ca", { "ca.crt": await bao.ca() });
    for (const plural of RESOURCES)
      this.#follow("resources", `/apis/${API_VERSION}/namespaces/${world.namespace}/${plural}`);
    this.#follow("events", EVENTS.replace("{namespace}", world.namespace));
    this.#followRest();
  }

  /** Gives the operator the keys of SOPS, or others. */
  async sopsKeys(right: boolean): Promise<void> {
    const { age, pgp } = this.parts;
    const wrong = keyFile(await ageKey());
    await this.secret(
      "sops",
      right ? { "a.agekey": keyFile(age), "p.asc": pgp.key.privateKey } : { "a.agekey": wrong },
    );
  }

  secret(name: string, stringData: Readonly<Record<string, string>>): Promise<unknown> {
    const { kube, namespace } = this.parts.world;
    return kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace }, stringData });
  }

  /** Sets a Secret that is kept out of Git: first by the command line, then by the REST API. */
  async push(name: string, value: string): Promise<void> {
    const { namespace } = this.parts.world;
    if ((await this.secretText(name)) === "") {
      await this.cli.prints(["secret", "set", name, "password=-"], { input: value });
      return;
    }
    const data = { password: Buffer.from(value).toString("base64") };
    const { status, text } = await this.alice.send("PUT", `/secrets/${namespace}/${name}`, { data });
    if (status !== 200) throw new Error(`${status} ${text}`);
  }

  /** Sets a secret of the Core. */
  async setCoreSecret(name: string, value: string): Promise<void> {
    const id = await this.#coreSecretId(name);
    const { core } = this.parts;
    if (id === undefined) await core.secret(name, value);
    else {
      const { status, body } = await core.call("PUT", `/api/secrets/${id}`, { description: "", value });
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    }
  }

  /** The value of a secret of the Core; empty if there is none. */
  async coreSecret(name: string): Promise<string> {
    const id = await this.#coreSecretId(name);
    const response = await fetch(`${this.parts.core.core.url}/api/secrets/${id}/value`, {
      method: "POST",
      headers: { authorization: `Bearer ${this.#coreReader}` },
    });
    return id === undefined ? "" : response.text();
  }

  async #coreSecretId(name: string): Promise<string | undefined> {
    const { body } = await this.parts.core.call<{ secrets: { id: string; name: string }[] }>("GET", "/api/secrets");
    return body.secrets.find((secret) => secret.name === name)?.id;
  }

  /** The values of a live Secret, decoded; empty if there is none. */
  async secretText(name: string): Promise<string> {
    const { world } = this.parts;
    const live = await world.kube.get(world.object("v1", "Secret", name));
    const data = Object.values((live?.data ?? {}) as Record<string, string>);
    return data.map((value) => Buffer.from(value, "base64").toString()).join(" ");
  }

  /** The values of all live Secrets, decoded. */
  async allSecrets(): Promise<string> {
    const { kube, namespace } = this.parts.world;
    const data = (await kube.list("v1", "Secret", namespace)).flatMap((live) =>
      Object.values((live.data ?? {}) as object),
    );
    return data.map((value) => Buffer.from(String(value), "base64").toString()).join(" ");
  }

  async objectText(apiVersion: string, kind: string, name: string): Promise<string> {
    const { world } = this.parts;
    return JSON.stringify(await world.kube.get(world.object(apiVersion, kind, name))) ?? "";
  }

  /** Lets these apps follow Git by themselves, or wait for a user. */
  async mode(mode: "Automatic" | "Manual", apps: readonly string[] = APPS): Promise<void> {
    const { world } = this.parts;
    for (const app of apps) await world.kube.patch(world.appRef(app), { spec: { sync: { mode } } });
  }

  /** Appends what a watch of the API server says. */
  async #follow(stream: "resources" | "events", path: string): Promise<void> {
    const query = { watch: "true", timeoutSeconds: "3600" };
    const { signal } = this.#end;
    const chunks = await this.parts.world.kube.client.stream({ method: "GET", path, query, signal });
    await this.#append(stream, chunks);
  }

  async #followRest(): Promise<void> {
    const { world } = this.parts;
    const url = `${await this.api.api()}/api/gitops/events?topics=apps,changes,repositories&ns=${world.namespace}`;
    const headers = { authorization: `Bearer ${world.controlPlane.tokens.alice}`, accept: "text/event-stream" };
    const response = await fetch(url, { headers, signal: this.#end.signal });
    await this.#append("rest", response.body ?? []);
  }

  async #append(
    stream: keyof CanaryBench["streams"],
    chunks: AsyncIterable<unknown> | Iterable<unknown>,
  ): Promise<void> {
    try {
      for await (const chunk of chunks) this.streams[stream] += Buffer.from(chunk as Uint8Array).toString("utf8");
    } catch (error) {
      if (!this.#end.signal.aborted) throw error;
    }
  }

  async remove(): Promise<void> {
    const { world, core, bao, pgp } = this.parts;
    this.#end.abort();
    this.#inbox.closeAllConnections();
    this.#inbox.close();
    await this.api.remove();
    for (const role of ["cluster-admin", "overseer-gitops-audit"])
      await world.kube.delete({ ...CLUSTER_BINDING, name: `${world.namespace}-${role}` });
    await core.stop();
    await bao.stop();
    await pgp.keys.remove();
    await world.remove();
    await removeInstallation(world);
    await rm(this.auditDir, { recursive: true, force: true });
  }
}

/** A value that is nowhere else. */
export function newCanary(): string {
  return `canary-${randomBytes(12).toString("hex")}`;
}

/** All bytes of the files below a folder, as far as their path matches. Texts are found in them as in text. */
export async function contentOf(folder: string, matching = /./): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const texts = files.filter((file) => matching.test(file)).map((file) => readFile(file, "latin1").catch(() => ""));
  return (await Promise.all(texts)).join("\n");
}
