import type { NotificationChannelSpec } from "../../api/notification-channel.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import { shortRevision } from "../../api/short-revision.js";
import { cutText } from "../../base/cut-text.js";
import { sha256 } from "../../base/hash.js";
import { type AlertedApp, type Message, severityOf } from "../../notify/message.js";
import type { Pending } from "./channel-memory.js";

/** More than this many events of one topic and reason make one message. */
const MAX_SINGLE = 5;
/** Apps that one message names. */
const MAX_NAMED = 20;
const MAX_LINE = 1000;
const MAX_SHORT_LINE = 160;

/** What is known about apps when a message is written. */
export interface AppLookup {
  /** Returns an app by `namespace/name`. */
  readonly app: (key: string) => OverseerApp | undefined;
  readonly environmentOf: (key: string) => string | undefined;
  readonly urlOf: (app: OverseerApp) => string | undefined;
}

/** A message, and what counts as reported once it is accepted. */
export interface Unit {
  readonly items: readonly Pending[];
  readonly message: Message;
}

const TITLES = {
  Failed: "cannot be applied",
  Degraded: "is not healthy",
  WaitingForApproval: "waits for a decision",
  Drifted: "differs from Git",
  Contested: "is changed by another writer again and again",
  BreakGlass: "was changed by break-glass",
  Recovered: "has recovered",
  Succeeded: "was applied",
  RolledBack: "was rolled back",
} as const;

/** Returns the next message to send: one event, or all of one topic and reason if there are many; for alerts, all at once. */
export function nextUnit(
  spec: NotificationChannelSpec,
  pending: Iterable<Pending>,
  lookup: AppLookup,
): Unit | undefined {
  const items = [...pending].filter((item) => item.kind !== "end" || !item.isSilent);
  const first = items[0];
  if (first === undefined) return undefined;
  const alike = spec.alertmanager === undefined ? items.filter((item) => groupOf(item) === groupOf(first)) : items;
  const isGroup = spec.alertmanager !== undefined || alike.length > MAX_SINGLE;
  const chosen = isGroup ? alike : [first];
  return { items: chosen, message: messageOf(chosen, lookup) };
}

/** Returns the message that a user has requested to try a channel. */
export function testMessage(channel: string, value: string, now: number): Message {
  return {
    topic: "Test",
    severity: "info",
    title: `Test message of the channel ${channel}`,
    lines: ["A user has requested it. Messages about apps will arrive here."],
    fields: [],
    url: undefined,
    key: sha256(`test ${channel} ${value}`).slice(0, 32),
    endsKey: undefined,
    time: now,
    apps: [],
  };
}

/** Returns the message that repeats alerts that last. */
export function repeatedAlerts(
  open: readonly Extract<Pending, { kind: "end" }>["problem"][],
  lookup: AppLookup,
): Message {
  const apps = open.map((problem) => alertedApp(problem.app, problem, undefined, lookup));
  const [first] = open;
  return {
    ...base("Failed", first?.key ?? "", undefined, Date.parse(first?.time ?? "")),
    title: "",
    lines: [],
    fields: [],
    url: undefined,
    apps,
  };
}

function messageOf(items: readonly Pending[], lookup: AppLookup): Message {
  const [first] = items as readonly [Pending, ...Pending[]];
  const topic = topicOf(first);
  const keys = items.map(keyOf);
  const key = keys.length === 1 ? (keys[0] ?? "") : sha256(keys.sort().join(" ")).slice(0, 32);
  const apps = items.map((item) => alertOf(item, lookup));
  const shared = base(
    topic,
    key,
    first.kind === "end" && items.length === 1 ? first.problem.key : undefined,
    timeOf(first),
  );
  if (items.length === 1) return { ...shared, ...single(first, lookup), apps };
  const names = items.slice(0, MAX_NAMED).map((item) => `${appOf(item)}: ${cutText(textOf(item), MAX_SHORT_LINE)}`);
  const more = items.length > MAX_NAMED ? [`and ${items.length - MAX_NAMED} more`] : [];
  const count = `${new Set(items.map(appOf)).size} apps`;
  const fields = first.kind === "end" ? [] : [{ name: "Reason", value: first.fact.reason }];
  return {
    ...shared,
    title: `${count}: ${TITLES[topic].replace(/^(is|was|has) /, "")}`,
    lines: [...names, ...more],
    fields,
    url: undefined,
    apps,
  };
}

function single(item: Pending, lookup: AppLookup): Pick<Message, "title" | "lines" | "fields" | "url"> {
  const key = appOf(item);
  const app = lookup.app(key);
  const environment = lookup.environmentOf(key);
  const revision = (app?.status?.attempted ?? app?.status?.applied)?.revision;
  const change = app?.status?.change?.name;
  const field = (name: string, value: string | undefined): Message["fields"] =>
    value === undefined ? [] : [{ name, value: cutText(value, 200) }];
  return {
    title: `${key} ${TITLES[topicOf(item)]}`,
    lines: [cutText(textOf(item), MAX_LINE)],
    fields: [
      ...field("Environment", environment),
      ...field("Revision", revision === undefined ? undefined : shortRevision(revision)),
      ...field("Change", change),
      ...field("Reason", item.kind === "end" ? undefined : item.fact.reason),
    ],
    url: app && lookup.urlOf(app),
  };
}

function base(topic: Message["topic"], key: string, endsKey: string | undefined, time: number) {
  return { topic, severity: severityOf(topic), key, endsKey, time };
}

function alertOf(item: Pending, lookup: AppLookup): AlertedApp {
  if (item.kind === "end") return alertedApp(item.problem.app, item.problem, item.until, lookup);
  const { topic, time, text } = item.fact;
  return alertedApp(item.fact.app, { topic, time: new Date(time).toISOString(), text }, undefined, lookup);
}

function alertedApp(
  key: string,
  { topic, time, text = "" }: { topic: AlertedApp["topic"]; time: string; text?: string | undefined },
  until: number | undefined,
  lookup: AppLookup,
): AlertedApp {
  const [namespace = "", name = ""] = key.split("/");
  return { namespace, name, environment: lookup.environmentOf(key), topic, since: Date.parse(time), until, text };
}

function groupOf(item: Pending): string {
  return item.kind === "end" ? "Recovered" : `${item.fact.topic} ${item.fact.reason}`;
}

function topicOf(item: Pending): keyof typeof TITLES {
  return item.kind === "end" ? "Recovered" : item.fact.topic;
}

function keyOf(item: Pending): string {
  return item.kind === "end" ? sha256(`end ${item.problem.key}`).slice(0, 32) : item.fact.key;
}

function appOf(item: Pending): string {
  return item.kind === "end" ? item.problem.app : item.fact.app;
}

function timeOf(item: Pending): number {
  return item.kind === "end" ? item.until : item.fact.time;
}

function textOf(item: Pending): string {
  if (item.kind !== "end") return item.fact.text;
  const { topic, time } = item.problem;
  return `${topic} since ${time} is over`;
}
