import type { ServerLimits } from "../../../src/kube/client/server-limits.js";
import type { RawObject } from "../../../src/kube/object.js";
import { Reflector, type ReflectorOptions, type StoreEvent } from "../../../src/kube/watch/reflector.js";
import { eventually } from "./eventually.js";
import { type Call, FakeApiServer } from "./fake-api-server.js";
import { FakeClock } from "./fake-clock.js";
import { FakeLogger } from "./fake-logger.js";

/** What the reflectors of these tests keep of an object. */
export interface Kept {
  readonly uid: string;
  readonly value: unknown;
}

/** An object of the API server. */
export function object(name: string, version: number, value: unknown = "", uid = `uid-${name}`): RawObject {
  return { metadata: { name, namespace: "ns", uid, resourceVersion: String(version) }, value };
}

/** Events as the API server sends them. */
export const added = (...of: Parameters<typeof object>): object => ({ type: "ADDED", object: object(...of) });
export const modified = (...of: Parameters<typeof object>): object => ({ type: "MODIFIED", object: object(...of) });
export const deleted = (...of: Parameters<typeof object>): object => ({ type: "DELETED", object: object(...of) });

/** A bookmark; `end` is that of the initial events. */
export function bookmark(version: number | string, end = false): object {
  const annotations = end ? { "k8s.io/initial-events-end": "true" } : undefined;
  return { type: "BOOKMARK", object: { metadata: { resourceVersion: String(version), annotations } } };
}

/** An ERROR event. */
export function errorEvent(code: number, reason: string, more: object = {}): object {
  return { type: "ERROR", object: { kind: "Status", code, reason, message: `error ${reason}`, ...more } };
}

/** Whether it asks for no more than whether the server has reached a version. */
export function isProbe({ query }: Call): boolean {
  return query.watch === undefined && query.resourceVersionMatch === "NotOlderThan";
}

const LONGEST_PAUSE_MS = 60_000;
/** Unless a test is about it, no watch ends for its silence. */
const NO_SILENCE_MS = 600_000;

/** A reflector before a fake API server, and all that it told. */
export class Rig {
  readonly server: FakeApiServer;
  readonly clock = new FakeClock();
  readonly logger = new FakeLogger();
  readonly reflector: Reflector<Kept>;
  /** `+a`, `~a`, `-a`, with `!` after it when it was told as initial. */
  readonly told: string[] = [];
  readonly events: StoreEvent<Kept>[] = [];
  /** What `onSync` was called with. */
  readonly syncs: unknown[] = [];
  /** How many objects were read. */
  read = 0;
  readonly observed = { listed: 0, watched: 0, restarted: 0 };

  private constructor(server: FakeApiServer, options: Partial<ReflectorOptions<Kept>>, limits?: ServerLimits) {
    this.server = server;
    this.reflector = new Reflector<Kept>({
      client: server.client(limits ? { limits } : {}),
      clock: this.clock,
      logger: this.logger,
      path: "/api/v1/things",
      mode: "full",
      reduce: (raw) => {
        this.read++;
        return { uid: raw.metadata.uid, value: raw.value };
      },
      uidOf: (kept) => kept.uid,
      onEvent: (event) => {
        this.events.push(event);
        const sign = { Added: "+", Modified: "~", Deleted: "-" }[event.type];
        this.told.push(`${sign}${event.key.replace("ns/", "")}${event.initial ? "!" : ""}`);
      },
      onSync: (error) => this.syncs.push(error),
      observer: {
        listed: () => this.observed.listed++,
        watched: () => this.observed.watched++,
        restarted: () => this.observed.restarted++,
      },
      silenceMs: NO_SILENCE_MS,
      ...options,
    });
  }

  static async start(options: Partial<ReflectorOptions<Kept>> = {}, limits?: ServerLimits): Promise<Rig> {
    const rig = new Rig(await FakeApiServer.start(), options, limits);
    rig.reflector.start();
    return rig;
  }

  async stop(): Promise<void> {
    await this.reflector.stop();
    await this.server.close();
  }

  /** Takes what was told since the last call. */
  take(): string[] {
    return this.told.splice(0);
  }

  /** The copy: `a=1 b=2`. */
  get store(): string {
    return [...this.reflector.store].map(([key, kept]) => `${key.replace("ns/", "")}=${kept.value}`).join(" ");
  }

  /** Waits for a pause between two watches (a watch has a timer too, of many minutes), and gives how long it is. */
  async pause(): Promise<number> {
    return eventually("a pause", () => {
      const [ms] = this.clock.timers;
      return ms !== undefined && ms <= LONGEST_PAUSE_MS ? ms : undefined;
    });
  }

  /** Lets the pause between two watches go by, and gives how long it was. */
  async skipPause(): Promise<number> {
    const ms = await this.pause();
    this.clock.advance(ms);
    return ms;
  }

  /** The next request, which has to be a watch. Whether the server has reached a version is answered with yes. */
  async nextWatch(): Promise<Call> {
    const call = await this.server.next();
    if (isProbe(call)) {
      call.json({ metadata: { resourceVersion: call.query.resourceVersion }, items: [] });
      return this.nextWatch();
    }
    if (call.query.watch !== "1") throw new Error(`expected a watch, got ${call.method} ${call.path}?${call.rawQuery}`);
    return call;
  }

  /** Answers the first watch with `objects` as initial events, and gives it. */
  async synced(version: number, ...objects: RawObject[]): Promise<Call> {
    const call = await this.nextWatch();
    const events = objects.map((one) => ({ type: "ADDED", object: one }));
    return call.open().send(...events, bookmark(version, true));
  }
}
