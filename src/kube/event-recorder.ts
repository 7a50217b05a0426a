import { createHash } from "node:crypto";
import { type Clock, rfc3339 } from "../base/clock.js";
import { messageOf } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import type { KubeClient } from "./client/kube-client.js";

/** Object that an Event regards. */
export interface EventSubject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Content of an Event. */
export interface EventNote {
  readonly type: "Normal" | "Warning";
  /** CamelCase, stable. */
  readonly reason: string;
  /** Action taken, in CamelCase. */
  readonly action: string;
  /** Human-readable; never contains a secret value. */
  readonly message: string;
}

/** Receiver of Events. */
export interface EventSink {
  record(subject: EventSubject, note: EventNote): void;
}

/** The API server's limit for a note (`NoteLengthLimit`): bytes of UTF-8, although its error message says characters. */
const MAX_NOTE_BYTES = 1024;
/** Length left for the subject in the Event's name, which has at most 253 characters. */
const MAX_NAME = 200;
/** A repeated Event within this time extends a series instead of creating a new object. */
const SERIES_MS = 6 * 60_000;
/** Burst of Events per object, and the time to regain one token. */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
const MAX_REMEMBERED = 4096;

interface Remembered {
  readonly path: string;
  count: number;
  /** Monotonic: clock changes must not end or extend a series. */
  lastAt: number;
}

/** Time of an Event: wall clock for display, monotonic for measurements. */
interface Moment {
  readonly now: number;
  readonly monotonic: number;
}

/**
 * Writes Events. Repeated Events become a series, and Events are rate-limited per object. Never blocks or fails the caller:
 * errors are logged. Events are written as core/v1, because events.k8s.io/v1 rejects the timestamps that
 * `kubectl get events --sort-by=.lastTimestamp` sorts by; the API server serves the same objects in both groups.
 */
export class EventRecorder implements EventSink {
  readonly #client: KubeClient;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #controller: string;
  readonly #instance: string;
  readonly #remembered = new Map<string, Remembered>();
  readonly #budget = new Map<string, { tokens: number; at: number }>();
  #queue: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(options: { client: KubeClient; clock: Clock; logger: Logger; controller: string; instance: string }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#controller = options.controller;
    this.#instance = options.instance;
  }

  record(subject: EventSubject, note: EventNote): void {
    if (this.#waiting >= 1000 || !this.#allowed(subject.uid)) return;
    this.#waiting++;
    const at = { now: this.#clock.now(), monotonic: this.#clock.monotonic() };
    this.#queue = this.#queue
      .then(() => this.#write(subject, note, at))
      .catch((error: unknown) =>
        this.#logger.warn("failed to write an event", { reason: note.reason, error: messageOf(error) }),
      )
      .finally(() => {
        this.#waiting--;
      });
  }

  /** Waits until all recorded Events are written. */
  flush(): Promise<void> {
    return this.#queue;
  }

  #allowed(uid: string): boolean {
    const now = this.#clock.monotonic();
    const entry = this.#budget.get(uid) ?? { tokens: BURST, at: now };
    entry.tokens = Math.min(BURST, entry.tokens + (now - entry.at) / REFILL_MS);
    entry.at = now;
    this.#budget.delete(uid);
    this.#budget.set(uid, entry);
    if (this.#budget.size > MAX_REMEMBERED) this.#budget.delete(this.#budget.keys().next().value ?? "");
    if (entry.tokens < 1) return false;
    entry.tokens--;
    return true;
  }

  async #write(subject: EventSubject, note: EventNote, { now, monotonic }: Moment): Promise<void> {
    const text = cutBytes(note.message, MAX_NOTE_BYTES);
    const key = createHash("sha256")
      .update([subject.uid, note.type, note.reason, text].join("\0"))
      .digest("hex")
      .slice(0, 16);
    const last = this.#remembered.get(key);
    if (last && monotonic - last.lastAt < SERIES_MS && (await this.#extend(last, now, monotonic))) return;
    const name = `${namePart(subject.name)}.${key}${now.toString(16)}`;
    const path = `/api/v1/namespaces/${encodeURIComponent(subject.namespace || "default")}/events`;
    await this.#client.request({ method: "POST", path, body: this.#event(subject, note, text, name, now) });
    this.#remembered.set(key, { path: `${path}/${name}`, count: 1, lastAt: monotonic });
    if (this.#remembered.size > MAX_REMEMBERED) this.#remembered.delete(this.#remembered.keys().next().value ?? "");
  }

  async #extend(event: Remembered, now: number, monotonic: number): Promise<boolean> {
    event.count++;
    event.lastAt = monotonic;
    try {
      await this.#client.request({
        method: "PATCH",
        path: event.path,
        contentType: "application/merge-patch+json",
        body: {
          count: event.count,
          lastTimestamp: rfc3339(now),
          series: { count: event.count, lastObservedTime: microTime(now) },
        },
      });
      return true;
    } catch {
      return false;
    }
  }

  #event(subject: EventSubject, note: EventNote, text: string, name: string, now: number): unknown {
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { name, namespace: subject.namespace || "default" },
      eventTime: microTime(now),
      firstTimestamp: rfc3339(now),
      lastTimestamp: rfc3339(now),
      count: 1,
      reportingComponent: this.#controller,
      reportingInstance: this.#instance,
      action: note.action,
      reason: note.reason,
      involvedObject: subject,
      message: text,
      type: note.type,
    };
  }
}

/** Truncates a text to `max` bytes of UTF-8, at a character boundary and with an ellipsis. */
function cutBytes(text: string, max: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= max) return bytes.toString();
  let end = max - Buffer.byteLength("…");
  // 10xxxxxx is a continuation byte.
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return `${bytes.subarray(0, end).toString()}…`;
}

/** Turns the start of a name into a DNS subdomain (RFC 1123): names of RBAC objects need not be one, and truncation may end at a dot. */
function namePart(name: string): string {
  const part = name
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, "-")
    .slice(0, MAX_NAME);
  const labels = part.split(".").map((label) => label.replace(/^-+|-+$/g, ""));
  return labels.filter((label) => label !== "").join(".") || "object";
}

function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
