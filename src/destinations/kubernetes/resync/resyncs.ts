import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import type { Discovery } from "../../../kube/discovery.js";
import type { Tracker } from "../watch/tracker.js";
import { AdmissionWatches } from "./admission-watches.js";
import { ChangeLogger } from "./change-logger.js";
import { matchesAll, type ResourceMatcher } from "./resource-matcher.js";
import { type ResyncCause, Resyncer } from "./resyncer.js";
import { ServerVersion } from "./server-version.js";

/** Options of the resyncs of one cluster. */
export interface ResyncsOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly tracker: Tracker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether there is other work. */
  readonly busy: () => boolean;
  /** Whether an app exists. */
  readonly knows: (app: string) => boolean;
  /** Enqueues an app at the lowest priority. */
  readonly enqueue: (app: string) => void;
  /** Called for each object that will be verified. */
  readonly onVerify: (cause: ResyncCause) => void;
  /** Called when rules changed: the API server may now accept what it refused before. */
  readonly onRules: () => void;
}

/** Verifies objects of one cluster that may have changed without a trace. */
export class Resyncs {
  readonly #resyncer: Resyncer;
  readonly #watches: AdmissionWatches;
  readonly #version: ServerVersion;
  readonly #changeLogger: ChangeLogger;

  constructor(options: ResyncsOptions) {
    const { client, discovery, clock, logger } = options;
    const onChange = (matches: ResourceMatcher, what: string): void => this.#changed(options, matches, what);
    const onFailure = (): void => this.#version.connectionFailed();
    this.#changeLogger = new ChangeLogger(clock, logger);
    this.#resyncer = new Resyncer(options);
    this.#watches = new AdmissionWatches({ client, discovery, clock, logger, onChange, onFailure });
    this.#version = new ServerVersion({
      client,
      clock,
      logger,
      onChange: () => {
        discovery.invalidate();
        onChange(matchesAll, "the version of the API server");
      },
    });
  }

  /** Starts; the first verification follows after a delay. */
  start(): void {
    for (const part of [this.#resyncer, this.#watches, this.#version]) part.start();
  }

  /** Stops, with all watches. */
  async stop(): Promise<void> {
    await Promise.all([this.#resyncer, this.#watches, this.#version].map((part) => part.stop()));
  }

  #changed({ discovery, onRules }: ResyncsOptions, matches: ResourceMatcher, what: string): void {
    this.#changeLogger.add(what);
    this.#resyncer.rulesChanged((kind) =>
      matches({ group: kind.group, plural: discovery.peek(kind)?.plural ?? `${kind.kind.toLowerCase()}s` }),
    );
    onRules();
  }
}
