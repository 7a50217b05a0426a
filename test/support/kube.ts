import { systemClock } from "../../src/base/clock.js";
import { loadClusterAccess } from "../../src/kube/client/auth.js";
import { KubeClient, type KubeRequest } from "../../src/kube/client/kube-client.js";
import { Discovery } from "../../src/kube/discovery.js";
import { isStatus } from "../../src/kube/errors.js";
import type { RawObject } from "../../src/kube/object.js";
import { collectionPath, objectPath, type ResourceInfo } from "../../src/kube/resource.js";
import { parseApiVersion } from "../../src/manifest/object-id.js";
import { waitUntil } from "../../tools/wait-until.js";

/** An object as tests write and read it. */
export interface TestObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [field: string]: unknown };
  [field: string]: unknown;
}

/** What names an object in a test. */
export interface TestRef {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
}

/** The API server as another user than the operator sees it. */
export class TestKube {
  readonly client: KubeClient;
  readonly #discovery: Discovery;

  constructor(client: KubeClient) {
    this.client = client;
    this.#discovery = new Discovery(client, systemClock);
  }

  static async connect(kubeconfigPath: string): Promise<TestKube> {
    const access = await loadClusterAccess({ kubeconfig: kubeconfigPath });
    return new TestKube(new KubeClient({ access, userAgent: "tests" }));
  }

  async resource(apiVersion: string, kind: string): Promise<ResourceInfo> {
    return waitUntil({ what: `kind ${kind}`, timeoutMs: 60_000 }, async () => {
      this.#discovery.invalidate();
      return this.#discovery.find({ ...parseApiVersion(apiVersion), kind });
    });
  }

  async #path({ apiVersion, kind, namespace, name }: TestRef): Promise<string> {
    const known = this.#discovery.peek({ ...parseApiVersion(apiVersion), kind });
    return objectPath(known ?? (await this.resource(apiVersion, kind)), namespace ?? "", name);
  }

  /** The object; undefined if there is none. */
  async get<T extends RawObject = RawObject>(ref: TestRef): Promise<T | undefined> {
    try {
      return await this.#read<T>({ path: await this.#path(ref) });
    } catch (error) {
      if (isStatus(error, 404)) return undefined;
      throw error;
    }
  }

  /** Whether an object exists and is not being deleted. */
  async isKept(ref: TestRef): Promise<boolean> {
    const live = await this.get(ref);
    return live !== undefined && live.metadata.deletionTimestamp === undefined;
  }

  async list<T extends RawObject = RawObject>(
    apiVersion: string,
    kind: string,
    namespace = "",
    selector?: string,
  ): Promise<T[]> {
    const known = this.#discovery.peek({ ...parseApiVersion(apiVersion), kind });
    const path = collectionPath(known ?? (await this.resource(apiVersion, kind)), namespace);
    const query = selector ? { labelSelector: selector } : {};
    return (await this.#read<{ items: T[] }>({ path, query })).items;
  }

  /** Asks again after an answer of 429, as clients do: after a restart the API server sets up its storage of custom resources. */
  async #read<T>(request: Pick<KubeRequest, "path" | "query">): Promise<T> {
    const deadline = performance.now() + 60_000;
    for (;;) {
      try {
        return (await this.client.request<T>({ method: "GET", ...request })).body;
      } catch (error) {
        if (!isStatus(error, 429) || performance.now() > deadline) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Server-side apply, with force. */
  async apply<T extends RawObject = RawObject>(
    object: TestObject,
    manager = "tests",
    query: Record<string, string> = {},
  ): Promise<T> {
    const { apiVersion, kind, metadata } = object;
    const path = await this.#path({ apiVersion, kind, name: metadata.name, namespace: metadata.namespace ?? "" });
    const response = await this.client.request<T>({
      method: "PATCH",
      path,
      query: { fieldManager: manager, force: "true", ...query },
      body: object,
      contentType: "application/apply-patch+yaml",
    });
    return response.body;
  }

  async create<T extends RawObject = RawObject>(object: TestObject): Promise<T> {
    const { apiVersion, kind } = object;
    const known = this.#discovery.peek({ ...parseApiVersion(apiVersion), kind });
    const path = collectionPath(known ?? (await this.resource(apiVersion, kind)), object.metadata.namespace);
    return (await this.client.request<T>({ method: "POST", path, body: object })).body;
  }

  /** A JSON merge patch, as `kubectl patch --type=merge`. */
  async patch<T extends RawObject = RawObject>(
    ref: TestRef,
    body: unknown,
    options: { manager?: string; type?: "merge" | "json" | "strategic"; subresource?: string } = {},
  ): Promise<T> {
    const path = `${await this.#path(ref)}${options.subresource ? `/${options.subresource}` : ""}`;
    const contentType = {
      merge: "application/merge-patch+json",
      json: "application/json-patch+json",
      strategic: "application/strategic-merge-patch+json",
    }[options.type ?? "merge"];
    const query = { fieldManager: options.manager ?? "kubectl-patch" };
    return (await this.client.request<T>({ method: "PATCH", path, query, body, contentType })).body;
  }

  async replace<T extends RawObject = RawObject>(ref: TestRef, body: unknown, manager = "kubectl-replace"): Promise<T> {
    return (
      await this.client.request<T>({
        method: "PUT",
        path: await this.#path(ref),
        query: { fieldManager: manager },
        body,
      })
    ).body;
  }

  /** Deletes an object; no error if there is none. */
  async delete(ref: TestRef): Promise<void> {
    try {
      await this.client.request({
        method: "DELETE",
        path: await this.#path(ref),
        body: { propagationPolicy: "Background" },
      });
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
    }
  }

  /** Waits until the object satisfies `test`, and gives it. */
  async until<T extends RawObject = RawObject>(
    ref: TestRef,
    what: string,
    test: (object: T) => boolean,
    timeoutMs = 60_000,
  ): Promise<T> {
    let last: T | undefined;
    try {
      return await waitUntil({ what: `${ref.kind} ${ref.name}: ${what}`, timeoutMs, intervalMs: 30 }, async () => {
        last = await this.get<T>(ref);
        return last && test(last) ? last : undefined;
      });
    } catch (error) {
      throw new Error(
        `${(error as Error).message}\nlast seen: ${JSON.stringify(last?.status ?? last, null, 1)?.slice(0, 4000)}`,
      );
    }
  }

  /** Waits until the object is gone. */
  async untilGone(ref: TestRef, timeoutMs = 60_000): Promise<void> {
    await waitUntil(
      { what: `${ref.kind} ${ref.name} is gone`, timeoutMs, intervalMs: 30 },
      async () => (await this.get(ref)) === undefined,
    );
  }
}
