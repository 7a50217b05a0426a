import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client.js";
import type { Discovery } from "../../../kube/discovery.js";
import type { Tracker } from "../tracker.js";
import { ChangeNews } from "./change-news.js";
import { type Concerns, concernsAll } from "./concerned.js";
import { MeaningWatches } from "./meaning-watches.js";
import { ServerVersion } from "./server-version.js";
import { type SweepCause, Sweeper } from "./sweeper.js";

/** What the sweeps over one cluster work with. */
export interface SweepsOptions {
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
  readonly onLook: (cause: SweepCause) => void;
  /** What the API server refused under other rules may go well now. */
  readonly onRules: () => void;
}

/** Has objects of one cluster looked at that may have changed without a trace. */
export class Sweeps {
  readonly #sweeper: Sweeper;
  readonly #watches: MeaningWatches;
  readonly #version: ServerVersion;
  readonly #news: ChangeNews;

  constructor(options: SweepsOptions) {
    const { client, discovery, clock, logger } = options;
    const onChange = (concerns: Concerns, what: string): void => this.#changed(options, concerns, what);
    const onFailure = (): void => this.#version.connectionFailed();
    this.#news = new ChangeNews(clock, logger);
    this.#sweeper = new Sweeper(options);
    this.#watches = new MeaningWatches({ client, discovery, clock, logger, onChange, onFailure });
    this.#version = new ServerVersion({
      client,
      clock,
      logger,
      onChange: () => {
        discovery.invalidate();
        onChange(concernsAll, "the API server's version");
      },
    });
  }

  /** Begins; the first look comes a little later. */
  start(): void {
    for (const part of [this.#sweeper, this.#watches, this.#version]) part.start();
  }

  /** Ends, with all watches. */
  async stop(): Promise<void> {
    await Promise.all([this.#sweeper, this.#watches, this.#version].map((part) => part.stop()));
  }

  #changed({ discovery, onRules }: SweepsOptions, concerns: Concerns, what: string): void {
    this.#news.add(what);
    this.#sweeper.meaningChanged((kind) =>
      concerns({ group: kind.group, plural: discovery.peek(kind)?.plural ?? `${kind.kind.toLowerCase()}s` }),
    );
    onRules();
  }
}
