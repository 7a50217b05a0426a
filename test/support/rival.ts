import { systemClock } from "../../src/base/clock.js";
import { loadClusterAccess } from "../../src/kube/client/auth.js";
import { KubeClient } from "../../src/kube/client/kube-client.js";
import type { RawObject } from "../../src/kube/object.js";
import { collectionPath } from "../../src/kube/resource.js";
import { Reflector } from "../../src/kube/watch/reflector.js";
import { FakeLogger } from "../unit/support/fake-logger.js";
import type { TestKube, TestRef } from "./kube.js";

/** What a rival does about a state of its object: a write, or nothing. */
export type Reaction = (object: RawObject) => Promise<unknown> | undefined;

/** A controller of somebody else: it follows one object, and reacts to each state of it at once. */
export class Rival {
  /** How often it has written. */
  writes = 0;
  /** The newest resourceVersion that it has dealt with. */
  seen = 0;
  readonly #client: KubeClient;
  readonly #reflector: Reflector<string>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(client: KubeClient, path: string, name: string, react: Reaction) {
    this.#client = client;
    this.#reflector = new Reflector<string>({
      client,
      clock: systemClock,
      logger: new FakeLogger(),
      path,
      fieldSelector: `metadata.name=${name}`,
      mode: "full",
      reduce: (object) => {
        this.#see(object, react);
        return object.metadata.uid;
      },
      uidOf: (uid) => uid,
      onEvent: () => {},
    });
    this.#reflector.start();
  }

  static async start(kube: TestKube, kubeconfig: string, ref: TestRef, react: Reaction): Promise<Rival> {
    const access = await loadClusterAccess({ kubeconfig });
    const path = collectionPath(await kube.resource(ref.apiVersion, ref.kind), ref.namespace);
    return new Rival(new KubeClient({ access, userAgent: "rival" }), path, ref.name, react);
  }

  async stop(): Promise<void> {
    await this.#reflector.stop();
    await this.#writing;
    await this.#client.close();
  }

  /** One write after the other; one that comes too late is made again at the next event. */
  #see(object: RawObject, react: Reaction): void {
    this.#writing = this.#writing.then(async () => {
      const reaction = react(object);
      if (reaction !== undefined) this.writes++;
      await reaction?.catch(() => undefined);
      this.seen = Number(object.metadata.resourceVersion);
    });
  }
}
