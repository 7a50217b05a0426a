import type { KubeClient, KubeRequest } from "../../../src/kube/client/kube-client.js";
import { KubeConnectionError, KubeStatusError } from "../../../src/kube/errors.js";
import type { RawObject } from "../../../src/kube/object.js";

/** What becomes of one request: it never arrives, its answer gets lost, or all is well. */
export type Fate = "answered" | "lost" | "unanswered";

type Stored = RawObject & { readonly spec?: Readonly<Record<string, unknown>> };

/** One Lease as the API server keeps it: with resourceVersions, preconditions and watches. */
export class FakeLeases {
  lease: Stored | undefined;
  /** Names of those whose write was taken, in order. */
  readonly written: string[] = [];
  #version = 100;
  readonly #watchers = new Set<(line: object) => void>();

  /** What a person does by hand; undefined deletes. */
  edit(spec: Record<string, unknown> | undefined): void {
    if (spec) this.#store({ ...this.lease?.spec, ...spec }, this.lease ? "MODIFIED" : "ADDED");
    else if (this.lease) {
      const object = { ...this.lease, metadata: { ...this.lease.metadata, resourceVersion: String(++this.#version) } };
      this.lease = undefined;
      this.#tell({ type: "DELETED", object });
    }
  }

  /** A client of this server; `fate` is asked for each request. Watches that are open go on unless `deaf` says otherwise. */
  client(name: string, fate: (request: KubeRequest) => Fate, deaf: () => boolean): KubeClient {
    const request = async (request: KubeRequest): Promise<unknown> => {
      const what = fate(request);
      const answer = what === "lost" ? undefined : () => this.#answer(name, request);
      const outcome = answer && settled(answer);
      await turn();
      if (what !== "answered" || !outcome) throw new KubeConnectionError("the connection broke", undefined);
      return { status: 200, body: outcome(), warnings: [] };
    };
    const stream = async (request: KubeRequest): Promise<AsyncIterable<Buffer>> => {
      await turn();
      if (fate(request) !== "answered") throw new KubeConnectionError("the connection broke", undefined);
      return this.#watch(request, deaf);
    };
    return { request, stream } as unknown as KubeClient;
  }

  #answer(name: string, { method, path, body }: KubeRequest): Stored {
    const { lease } = this;
    const sent = body as Stored | undefined;
    if (method === "POST") {
      if (lease) throw refusal(409, path);
      this.written.push(name);
      return this.#store(sent?.spec, "ADDED", sent?.metadata.annotations);
    }
    if (!lease) throw refusal(404, path);
    if (method === "GET") return lease;
    if (sent?.metadata.resourceVersion !== lease.metadata.resourceVersion) throw refusal(409, path);
    this.written.push(name);
    return this.#store(sent.spec, "MODIFIED", sent.metadata.annotations);
  }

  #store(spec: Stored["spec"], type: "ADDED" | "MODIFIED", annotations = this.lease?.metadata.annotations): Stored {
    const resourceVersion = String(++this.#version);
    const uid = this.lease?.metadata.uid ?? `uid-${resourceVersion}`;
    const object: Stored = {
      metadata: { namespace: "ns", name: "lease", uid, resourceVersion, ...(annotations ? { annotations } : {}) },
      ...(spec ? { spec } : {}),
    };
    this.lease = object;
    this.#tell({ type, object });
    return object;
  }

  #tell(line: object): void {
    for (const watcher of this.#watchers) watcher(line);
  }

  async *#watch({ query, signal }: KubeRequest, deaf: () => boolean): AsyncGenerator<Buffer> {
    const lines: object[] = [];
    let wake = (): void => {};
    const hear = (line: object): void => {
      if (!deaf()) lines.push(line);
      wake();
    };
    if (this.lease) lines.push({ type: "ADDED", object: this.lease });
    if (query?.sendInitialEvents) lines.push(this.#bookmark());
    this.#watchers.add(hear);
    signal?.addEventListener("abort", () => wake(), { once: true });
    try {
      while (!signal?.aborted) {
        for (const line of lines.splice(0)) yield Buffer.from(`${JSON.stringify(line)}\n`);
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (signal?.aborted || lines.length > 0) resolve();
        });
      }
    } finally {
      this.#watchers.delete(hear);
    }
  }

  #bookmark(): object {
    const annotations = { "k8s.io/initial-events-end": "true" };
    return { type: "BOOKMARK", object: { metadata: { resourceVersion: String(this.#version), annotations } } };
  }
}

/** Does it now, and gives its result or error later. */
function settled<T>(work: () => T): () => T {
  try {
    const value = work();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

function refusal(code: number, path: string): KubeStatusError {
  return new KubeStatusError(code, { code, message: `no: ${code}` }, path);
}

/** Lets everything go on that waits for no timer. */
export async function turn(times = 1): Promise<void> {
  for (let round = 0; round < times; round++) await new Promise((resolve) => setImmediate(resolve));
}
