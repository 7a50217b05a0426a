import { randomBytes } from "node:crypto";
import { type Clock, systemClock } from "../../src/base/clock.js";
import { loadClusterAccess } from "../../src/kube/client/auth.js";
import { KubeClient } from "../../src/kube/client/kube-client.js";
import { Reflector } from "../../src/kube/watch/reflector.js";
import { waitUntil } from "../../tools/wait-until.js";
import { FakeLogger } from "../unit/support/fake-logger.js";
import type { TestKube } from "./kube.js";

/** A clock on which time runs so many times faster, so that nobody waits for pauses and deadlines. */
export function fastClock(times: number): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic() * times,
    after: (ms, fn) => systemClock.after(ms / times, fn),
  };
}

interface Kept {
  readonly uid: string;
  readonly version: string;
}

/** ConfigMaps on a real API server, and a copy of them that is kept through something that makes faults. */
export class WatchedConfigMaps {
  readonly reflector: Reflector<Kept>;
  readonly logger = new FakeLogger();
  /** What was told: `+name`, `~name`, `-name`. */
  readonly told: string[] = [];
  /** The first errors of listing and watching. */
  readonly errors: unknown[] = [];
  readonly client: KubeClient;
  readonly #kube: TestKube;
  readonly #namespace = "default";
  readonly #label = `fire-${randomBytes(4).toString("hex")}`;

  constructor(kube: TestKube, client: KubeClient, clock: Clock, silenceMs?: number) {
    this.#kube = kube;
    this.client = client;
    this.reflector = new Reflector<Kept>({
      client,
      clock,
      logger: this.logger,
      path: `/api/v1/namespaces/${this.#namespace}/configmaps`,
      labelSelector: `fire=${this.#label}`,
      mode: "metadata",
      reduce: ({ metadata }) => ({ uid: metadata.uid, version: metadata.resourceVersion }),
      uidOf: ({ uid }) => uid,
      onEvent: ({ type, key }) => {
        const name = key.slice(key.lastIndexOf("/") + 1);
        this.told.push(`${{ Added: "+", Modified: "~", Deleted: "-" }[type]}${name}`);
      },
      onSync: (error) => {
        if (error !== undefined) this.errors.push(error);
      },
      ...(silenceMs === undefined ? {} : { silenceMs }),
    });
  }

  /** Watches through what a kubeconfig leads to. */
  static async through(
    kube: TestKube,
    kubeconfig: string,
    clock: Clock,
    silenceMs?: number,
  ): Promise<WatchedConfigMaps> {
    const access = await loadClusterAccess({ kubeconfig });
    return new WatchedConfigMaps(kube, new KubeClient({ access, userAgent: "tests" }), clock, silenceMs);
  }

  /** Creates the ConfigMap, or changes it. */
  async put(name: string, size = 8): Promise<void> {
    await this.#kube.apply({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `${name}.${this.#label}`, namespace: this.#namespace, labels: { fire: this.#label } },
      data: { value: randomBytes(size / 2).toString("hex") },
    });
  }

  async delete(name: string): Promise<void> {
    await this.#kube.delete({
      apiVersion: "v1",
      kind: "ConfigMap",
      namespace: this.#namespace,
      name: `${name}.${this.#label}`,
    });
  }

  /** What was told since the last call, without the label. */
  take(): string[] {
    return this.told.splice(0).map((line) => line.replace(`.${this.#label}`, ""));
  }

  /** Waits until the copy is that of the server. */
  async same(): Promise<void> {
    const items = await this.#kube.list("v1", "ConfigMap", this.#namespace, `fire=${this.#label}`);
    const wanted = items.map(({ metadata }) => `${metadata.namespace}/${metadata.name} ${metadata.resourceVersion}`);
    await waitUntil({ what: "the copy is that of the server", timeoutMs: 60_000, intervalMs: 10 }, () => {
      const have = [...this.reflector.store].map(([key, { version }]) => `${key} ${version}`);
      return this.reflector.synced && have.sort().join() === wanted.sort().join();
    });
  }

  /** Ends the watch, and deletes what was made. */
  async remove(): Promise<void> {
    await this.reflector.stop();
    await this.client.close();
    const items = await this.#kube.list("v1", "ConfigMap", this.#namespace, `fire=${this.#label}`);
    for (const { metadata } of items) await this.delete(metadata.name.replace(`.${this.#label}`, ""));
  }
}
