import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import type { Condition } from "../../src/api/conditions.js";
import { API_VERSION, GROUP } from "../../src/api/group.js";
import { RESOURCES } from "../../src/api/resources.js";
import { systemClock } from "../../src/base/clock.js";
import { loadClusterAccess } from "../../src/kube/client/auth.js";
import { KubeClient } from "../../src/kube/client/kube-client.js";
import { Discovery } from "../../src/kube/discovery.js";
import { isStatus } from "../../src/kube/errors.js";
import type { RawObject } from "../../src/kube/object.js";
import { collectionPath, objectPath } from "../../src/kube/resource.js";
import { parseApiVersion } from "../../src/manifest/object-id.js";
import { repositoryRoot } from "../repository-root.js";
import { waitUntil } from "../wait-until.js";

/** Reference to an object. */
export interface ObjectRef {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

/** An object to apply. */
export interface WrittenObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

/** An object with status conditions. */
export interface WithConditions {
  readonly status?: { readonly conditions?: readonly Condition[] | undefined };
}

/** Options for waiting for a deletion; `unless` matches objects that need not be waited for. */
export interface GoneOptions {
  readonly unless?: (object: RawObject) => boolean;
  readonly timeoutMs?: number;
}

/** Client for the cluster of the demo. */
export class DemoKube {
  readonly server: string;
  readonly #client: KubeClient;
  readonly #discovery: Discovery;

  private constructor(client: KubeClient) {
    this.server = client.server;
    this.#client = client;
    this.#discovery = new Discovery(client, systemClock);
  }

  static async connect(kubeconfigPath: string): Promise<DemoKube> {
    const access = await loadClusterAccess({ kubeconfig: kubeconfigPath });
    return new DemoKube(new KubeClient({ access, userAgent: "overseer-demo" }));
  }

  /** Returns an object; undefined if it does not exist. */
  async get<T = RawObject>(ref: ObjectRef): Promise<T | undefined> {
    const path = await this.#path(ref);
    return this.#unlessMissing(async () => (await this.#client.request<T>({ method: "GET", path })).body);
  }

  async list<T = RawObject>(apiVersion: string, kind: string, namespace: string): Promise<readonly T[]> {
    const path = collectionPath(await this.#resource(apiVersion, kind), namespace);
    return (await this.#client.request<{ items: T[] }>({ method: "GET", path })).body.items;
  }

  /** Applies an object like `kubectl apply --server-side --force-conflicts`. */
  async apply(object: WrittenObject): Promise<void> {
    const { apiVersion, kind, metadata } = object;
    await this.#client.request({
      method: "PATCH",
      path: await this.#path({ apiVersion, kind, ...metadata }),
      query: { fieldManager: "overseer-demo", force: "true" },
      body: object,
      contentType: "application/apply-patch+yaml",
    });
  }

  /** Sends a merge patch with this field manager. */
  async patch(ref: ObjectRef, body: unknown, manager: string): Promise<void> {
    await this.#client.request({
      method: "PATCH",
      path: await this.#path(ref),
      query: { fieldManager: manager },
      body,
      contentType: "application/merge-patch+json",
    });
  }

  /** Requests the deletion of an object, if it exists. */
  async delete(ref: ObjectRef): Promise<void> {
    const path = await this.#path(ref);
    await this.#unlessMissing(() => this.#client.request({ method: "DELETE", path }));
  }

  /** Waits until an object does not exist or matches `unless`. */
  async untilGone(ref: ObjectRef, { unless = () => false, timeoutMs = 90_000 }: GoneOptions = {}): Promise<void> {
    await waitUntil({ what: `${ref.kind} ${ref.name} is deleted`, timeoutMs }, async () => {
      const object = await this.get(ref);
      return object === undefined || unless(object);
    });
  }

  /** Applies the CRDs in crds/ and waits until the API server serves them. */
  async installDefinitions(): Promise<void> {
    for (const { plural, kind } of RESOURCES) {
      const text = await readFile(join(repositoryRoot(), `crds/${GROUP}_${plural}.yaml`), "utf8");
      for (const document of loadAll(text) as WrittenObject[]) {
        await this.apply(document);
        const ref = { apiVersion: document.apiVersion, kind: document.kind, name: document.metadata.name };
        await waitUntil({ what: `the definition of ${kind} is served`, timeoutMs: 30_000 }, async () =>
          isTrue(await this.get<WithConditions>(ref), "Established"),
        );
      }
    }
    this.#discovery.invalidate();
    for (const { kind } of RESOURCES) {
      await waitUntil({ what: `${kind} can be listed`, timeoutMs: 30_000 }, () =>
        this.list(API_VERSION, kind, "default"),
      );
    }
  }

  /** Returns a token of a ServiceAccount, which is created if it is missing. */
  async tokenOf(namespace: string, name: string, audience: string): Promise<string> {
    await this.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } });
    const { body } = await this.#client.request<{ readonly status: { readonly token: string } }>({
      method: "POST",
      path: `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`,
      body: {
        ...{ apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest" },
        spec: { expirationSeconds: 86_400, audiences: [audience] },
      },
    });
    return body.status.token;
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #resource(apiVersion: string, kind: string) {
    const id = { ...parseApiVersion(apiVersion), kind };
    const known = this.#discovery.peek(id);
    if (known) return known;
    return waitUntil({ what: `the cluster serves ${kind}`, timeoutMs: 20_000 }, async () => {
      this.#discovery.invalidate();
      return this.#discovery.find(id);
    });
  }

  async #path({ apiVersion, kind, namespace, name }: ObjectRef): Promise<string> {
    return objectPath(await this.#resource(apiVersion, kind), namespace ?? "", name);
  }

  async #unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }
}

/** Returns a condition of an object. */
export function conditionOf(object: WithConditions | undefined, type: string): Condition | undefined {
  return object?.status?.conditions?.find((condition) => condition.type === type);
}

/** Reports whether a condition is True. */
export function isTrue(object: WithConditions | undefined, type: string): boolean {
  return conditionOf(object, type)?.status === "True";
}
