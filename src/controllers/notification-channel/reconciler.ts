import { type ConditionDraft, mergeConditions } from "../../api/conditions.js";
import { ANNOTATION_NOTIFY_TEST } from "../../api/group.js";
import type { NotificationChannel, NotificationChannelStatus } from "../../api/notification-channel.js";
import { type BackoffPolicy, backoffDelay, countFailure } from "../../base/backoff.js";
import { type Clock, rfc3339 } from "../../base/clock.js";
import { OverseerError } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import type { EventSink } from "../../kube/event-recorder.js";
import { deliver, providerOf, type Senders, secretNameOf, urlProblem } from "../../notify/deliver.js";
import type { Message } from "../../notify/message.js";
import type { SecretValues } from "../../notify/provider.js";
import { SPACING_MS } from "../../notify/providers/index.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import type { StatusWriter } from "../../reconcile/status-writer.js";
import type { ResourceCache } from "../resource-cache.js";
import type { SecretCache } from "../secret-cache.js";
import { ChannelMemory, type Pending } from "./channel-memory.js";
import { type AppLookup, nextUnit, repeatedAlerts, testMessage, type Unit } from "./compose-message.js";
import type { Notifier } from "./notifier.js";
import { withReported } from "./reported.js";
import { mayReport } from "./selection.js";

/** Services of the reconciler. */
export interface ChannelServices {
  readonly clock: Clock;
  readonly channels: ResourceCache<NotificationChannel>;
  readonly secrets: SecretCache;
  readonly status: StatusWriter;
  readonly events: EventSink;
  readonly notifier: Notifier;
  readonly senders: Senders;
  readonly lookup: AppLookup;
  readonly trustedNamespaces: ReadonlySet<string>;
  /** Counts messages; `result`: success, error, given_up. */
  readonly observe: (provider: string, result: "success" | "error" | "given_up") => void;
}

const BACKOFF: BackoffPolicy = { baseMs: 1_000, factor: 2, maxMs: 5 * 60_000 };
/** How long a message is tried. */
const GIVE_UP_MS = 60 * 60_000;
/** How often alerts are repeated while they last. */
const REPEAT_MS = 60_000;

/** What one reconcile has to send: a test, messages about apps, or a repetition of alerts. */
type Task =
  | { readonly kind: "test"; readonly message: Message; readonly value: string }
  | ({ readonly kind: "unit" } & Unit)
  | { readonly kind: "repeat"; readonly message: Message };

/** Sends the pending messages of a channel, one per call, and writes to its status what was reported. */
export class ChannelReconciler {
  readonly #services: ChannelServices;

  constructor(services: ChannelServices) {
    this.#services = services;
  }

  async reconcile(key: string, logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const { channels, notifier, clock } = this.#services;
    const channel = channels.get(key);
    if (channel === undefined) {
      notifier.memories.delete(key);
      this.#retainSecrets();
      return {};
    }
    const memory = notifier.memories.get(key) ?? new ChannelMemory();
    notifier.memories.set(key, memory);
    const current = await this.#begin(channel, memory);
    if (current === undefined) return {};
    const problem = this.#specProblem(current);
    if (problem !== undefined) {
      await this.#write(current, {}, problem);
      return {};
    }
    notifier.scan(current, memory);
    const now = clock.monotonic();
    const test = current.metadata.annotations?.[ANNOTATION_NOTIFY_TEST];
    if (test !== memory.test) memory.tries = undefined;
    memory.test = test;
    if (memory.tries !== undefined && memory.tries.dueAt > now) return { requeueAfterMs: memory.tries.dueAt - now };
    const task = this.#nextTask(current, memory, now);
    if (task === undefined) return this.#rest(current, memory, now);
    return this.#send(current, memory, task, logger, signal);
  }

  /** After a change of the spec, Changes that ended before it are not reported. Returns undefined if the channel is gone. */
  async #begin(channel: NotificationChannel, memory: ChannelMemory): Promise<NotificationChannel | undefined> {
    const { generation, creationTimestamp } = channel.metadata;
    if (channel.status?.observedGeneration === generation && channel.status.handledThrough !== undefined)
      return channel;
    const isNew = channel.status?.observedGeneration === undefined || channel.status.observedGeneration < 1;
    const now = rfc3339(this.#services.clock.now());
    const handledThrough = isNew && creationTimestamp !== undefined ? creationTimestamp : now;
    memory.pending.clear();
    memory.dueAt = undefined;
    memory.tries = undefined;
    return this.#write(channel, { handledThrough }, undefined);
  }

  #specProblem(channel: NotificationChannel): ConditionDraft | undefined {
    if (channel.spec.suspend)
      return {
        type: "Ready",
        status: "False",
        reason: "ChannelSuspended",
        message: "spec.suspend is true: nothing is sent",
      };
    const url = urlProblem(channel.spec);
    if (url !== undefined) return { type: "Ready", status: "False", reason: "ChannelUrlInvalid", message: url };
    if (mayReport(channel, this.#services.trustedNamespaces)) return undefined;
    const message = `spec.namespaces names other namespaces, but ${channel.metadata.namespace} is not a trusted namespace of the operator: remove it, or create the channel in a trusted namespace`;
    return { type: "Ready", status: "False", reason: "NamespacesNotAllowed", message };
  }

  #nextTask(channel: NotificationChannel, memory: ChannelMemory, now: number): Task | undefined {
    const { lookup, clock, notifier } = this.#services;
    const { metadata, spec, status } = channel;
    const test = metadata.annotations?.[ANNOTATION_NOTIFY_TEST]?.slice(0, 256);
    if (test !== undefined && test !== status?.lastHandledTest) {
      const name = `${metadata.namespace}/${metadata.name}`;
      return { kind: "test", value: test, message: testMessage(name, test, clock.now()) };
    }
    if (memory.dueAt !== undefined && memory.dueAt <= now) {
      notifier.refresh(channel, memory);
      const unit = nextUnit(spec, memory.pending.values(), lookup);
      if (unit !== undefined) return { kind: "unit", ...unit };
    }
    const open = status?.open ?? [];
    if (spec.alertmanager === undefined || open.length === 0) return undefined;
    memory.repeatAt ??= now;
    return memory.repeatAt > now ? undefined : { kind: "repeat", message: repeatedAlerts(open, lookup) };
  }

  /** Nothing is to be sent now: removes problems that ended without a message, and says when to come back. */
  async #rest(channel: NotificationChannel, memory: ChannelMemory, now: number): Promise<ReconcileResult> {
    const waits: number[] = [];
    if (memory.dueAt !== undefined && memory.dueAt <= now) {
      const silent = [...memory.pending.values()];
      if (silent.length > 0) await this.#write(channel, withReported(channel.status ?? {}, silent, []), undefined);
      memory.pending.clear();
      memory.dueAt = undefined;
    }
    if (memory.dueAt !== undefined) waits.push(memory.dueAt - now);
    if (memory.repeatAt !== undefined && channel.spec.alertmanager !== undefined && channel.status?.open !== undefined)
      waits.push(memory.repeatAt - now);
    return waits.length === 0 ? {} : { requeueAfterMs: Math.max(1, Math.min(...waits)) };
  }

  async #send(
    channel: NotificationChannel,
    memory: ChannelMemory,
    task: Task,
    logger: Logger,
    signal: AbortSignal,
  ): Promise<ReconcileResult> {
    const { clock, senders } = this.#services;
    const startedAt = clock.monotonic();
    try {
      const secret = await this.#readSecret(channel);
      await deliver(channel.spec, secret, task.message, senders, { now: clock.now(), signal });
    } catch (error) {
      if (!(error instanceof OverseerError) || signal.aborted) throw error;
      return this.#failed(channel, memory, task, error, startedAt, logger);
    }
    memory.tries = undefined;
    memory.failingSince = undefined;
    await this.#accepted(channel, memory, task, "success");
    const provider = providerOf(channel.spec);
    return { requeueAfterMs: provider === undefined ? 1 : SPACING_MS[provider] };
  }

  /** Writes that a message was accepted. A process that is killed before sends it again, with the same key. */
  async #accepted(
    channel: NotificationChannel,
    memory: ChannelMemory,
    task: Task,
    result: "success" | "given_up",
  ): Promise<void> {
    const { clock, observe } = this.#services;
    const now = rfc3339(clock.now());
    memory.repeatAt = clock.monotonic() + REPEAT_MS;
    const items: readonly Pending[] = task.kind === "unit" ? task.items : [];
    for (const [id, item] of memory.pending) if (items.includes(item)) memory.pending.delete(id);
    if (memory.pending.size === 0) memory.dueAt = undefined;
    observe(providerOf(channel.spec) ?? "", result);
    if (task.kind === "repeat" && channel.status?.conditions?.[0]?.status === "True") return;
    const sent = result === "success" ? { lastSentTime: now, sent: (channel.status?.sent ?? 0) + 1 } : {};
    const reported = withReported(channel.status ?? {}, items, memory.pending.values());
    const test = task.kind === "test" ? { lastHandledTest: task.value } : {};
    const draft = result === "success" ? undefined : null;
    await this.#write(channel, { ...reported, ...sent, ...test }, draft);
  }

  async #failed(
    channel: NotificationChannel,
    memory: ChannelMemory,
    task: Task,
    error: OverseerError,
    startedAt: number,
    logger: Logger,
  ): Promise<ReconcileResult> {
    const { clock, events, observe } = this.#services;
    const { namespace, name, uid } = channel.metadata;
    const now = clock.monotonic();
    memory.failingSince ??= startedAt;
    const { retryAfterMs } = error;
    memory.tries = countFailure(memory.tries, { startedAt, endedAt: now, retryAfterMs }, (n) =>
      backoffDelay(BACKOFF, n),
    );
    observe(providerOf(channel.spec) ?? "", "error");
    logger.warn("notification not sent", {
      channel: `${namespace}/${name}`,
      reason: error.reason,
      error: error.message,
    });
    const draft: ConditionDraft = { type: "Ready", status: "False", reason: error.reason, message: error.message };
    const written = await this.#write(channel, {}, draft, error.class === "terminal");
    if (now - memory.failingSince >= GIVE_UP_MS) {
      const subject = { apiVersion: channel.apiVersion, kind: channel.kind, namespace, name, uid };
      const message = `gave up after an hour: ${task.message.title}: ${error.message}`;
      events.record(subject, { type: "Warning", reason: "MessageGivenUp", action: "Notify", message });
      memory.failingSince = undefined;
      if (written) await this.#accepted(written, memory, task, "given_up");
    }
    return { requeueAfterMs: Math.max(1, memory.tries.dueAt - now) };
  }

  async #readSecret({ metadata, spec }: NotificationChannel): Promise<SecretValues> {
    const name = secretNameOf(spec);
    this.#retainSecrets();
    if (name === undefined) return {};
    const data = await this.#services.secrets.read(metadata.namespace, name);
    if (data === undefined) {
      throw new OverseerError(`the Secret ${name} of the channel does not exist: create it`, {
        ...{ code: "NOTIFY_SECRET_MISSING", reason: "ChannelSecretMissing", class: "terminal" },
      });
    }
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]),
    );
  }

  #retainSecrets(): void {
    const { channels, secrets } = this.#services;
    const keys = [...channels.values()].flatMap(({ metadata, spec }) => {
      const name = secretNameOf(spec);
      return name === undefined ? [] : [`${metadata.namespace}/${name}`];
    });
    secrets.retain(new Set(keys));
  }

  /**
   * Writes the status. `problem`: why Ready is not True; undefined if it is; null if it stays as it is. Returns undefined if the channel
   * is gone.
   */
  async #write(
    channel: NotificationChannel,
    fields: Partial<NotificationChannelStatus>,
    problem: ConditionDraft | undefined | null,
    isTerminal = problem !== undefined && problem !== null,
  ): Promise<NotificationChannel | undefined> {
    const { channels, status: writer, clock } = this.#services;
    const { generation } = channel.metadata;
    const before = channel.status ?? {};
    const good: ConditionDraft = {
      type: "Ready",
      status: "True",
      reason: "Delivering",
      message: "messages are sent as they occur",
    };
    const drafts = [
      problem ?? good,
      ...(isTerminal && problem ? [{ ...problem, type: "Stalled", status: "True" } as const] : []),
    ];
    const conditions =
      problem === null
        ? before.conditions
        : mergeConditions(before.conditions ?? [], drafts, generation, rfc3339(clock.now()));
    const next = { ...before, ...fields, observedGeneration: generation, conditions };
    const status = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
    const written = await writer.write(channels.resource, channel, status);
    if (written !== undefined && written !== channel) channels.note(written);
    return written;
  }
}
