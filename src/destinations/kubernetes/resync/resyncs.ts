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

/** What the sweeps over one cluster work with. */
export interface ResyncsOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly tracker: Tracker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether there is other work. */
  readonly busy: () => boolean;
  /** Whether there is such an app. */
  readonly knows: (app: string) => boolean;
  /** Brings an app to the queue, behind everything else. */
  readonly enqueue: (app: string) => void;
  /** Told of each object that is going to be looked at. */
  readonly onVerify: (cause: ResyncCause) => void;
  /** What the API server refused under other rules may go well now. */
  readonly onRules: () => void;
}

/** Has objects of one cluster looked at that may have changed without a trace. */
export class Resyncs {
  readonly #resyncer: Resyncer;
  readonly #watches: AdmissionWatches;
  readonly #version: ServerVersion;
  readonly #events: ChangeLogger;

  constructor(options: ResyncsOptions) {
    const { client, discovery, clock, logger } = options;
    const onChange = (matches: ResourceMatcher, what: string): void => this.#changed(options, matches, what);
    const onFailure = (): void => this.#version.connectionFailed();
    this.#events = new ChangeLogger(clock, logger);
    this.#resyncer = new Resyncer(options);
    this.#watches = new AdmissionWatches({ client, discovery, clock, logger, onChange, onFailure });
    this.#version = new ServerVersion({
      client,
      clock,
      logger,
      onChange: () => {
        discovery.invalidate();
        onChange(matchesAll, "the API server's version");
      },
    });
  }

  /** Begins; the first look comes a little later. */
  start(): void {
    for (const part of [this.#resyncer, this.#watches, this.#version]) part.start();
  }

  /** Ends, with all watches. */
  async stop(): Promise<void> {
    await Promise.all([this.#resyncer, this.#watches, this.#version].map((part) => part.stop()));
  }

  #changed({ discovery, onRules }: ResyncsOptions, matches: ResourceMatcher, what: string): void {
    this.#events.add(what);
    this.#resyncer.rulesChanged((kind) =>
      matches({ group: kind.group, plural: discovery.peek(kind)?.plural ?? `${kind.kind.toLowerCase()}s` }),
    );
    onRules();
  }
}
