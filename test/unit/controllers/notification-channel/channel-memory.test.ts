import { expect } from "chai";
import type { Condition } from "../../../../src/api/conditions.js";
import { MAX_HANDLED, NotificationChannelSpec } from "../../../../src/api/notification-channel.js";
import type { OverseerApp } from "../../../../src/api/overseer-app.js";
import {
  ChannelMemory,
  type Pending,
  type Reported,
} from "../../../../src/controllers/notification-channel/channel-memory.js";
import { nextUnit } from "../../../../src/controllers/notification-channel/compose-message.js";
import { problemsOf, successOf } from "../../../../src/controllers/notification-channel/facts.js";
import { withReported } from "../../../../src/controllers/notification-channel/reported.js";
import { selects } from "../../../../src/controllers/notification-channel/selection.js";
import { app, change } from "../support/resources.js";

const WHEN = "2026-11-30T04:00:00Z";
const NOW = Date.parse(WHEN) + 60_000;
const secretRef = { name: "c" };
const SPEC = NotificationChannelSpec.parse({ slack: { secretRef } });
const LOOKUP = { app: () => undefined, environmentOf: () => "prod", urlOf: () => undefined };

const condition = (type: string, status: Condition["status"], reason: string): Condition => ({
  ...{ type, status, reason, message: `${reason} of it`, lastTransitionTime: WHEN, observedGeneration: 1 },
});
const withConditions = (key: string, ...conditions: readonly Condition[]): OverseerApp =>
  app(key, { status: { conditions: [...conditions], change: { name: "web-3" } } });
const failing = (key: string, reason = "InvalidManifest"): OverseerApp =>
  withConditions(key, condition("Ready", "False", reason));
const ready = (key: string): OverseerApp => withConditions(key, condition("Ready", "True", "Synced"));

/** A channel that sends everything at once, as the reconciler does. */
class Channel {
  readonly memory = new ChannelMemory();
  reported: Reported = { handledThrough: "2026-11-30T03:00:00Z" };
  readonly spec: NotificationChannelSpec;

  constructor(spec: NotificationChannelSpec = SPEC) {
    this.spec = spec;
  }

  note(key: string, current: OverseerApp | undefined, planHash?: string): void {
    const known = planHash === undefined ? undefined : change("shop/web-3", "web", { planHash });
    const problems = current === undefined ? [] : problemsOf(current, known);
    this.memory.noteApp(key, current, problems, { spec: this.spec, reported: this.reported, now: NOW });
  }

  /** Sends what is pending; returns the titles. */
  flush(): string[] {
    const titles: string[] = [];
    for (;;) {
      const unit = nextUnit(this.spec, this.memory.pending.values(), LOOKUP);
      const items: readonly Pending[] = unit?.items ?? [...this.memory.pending.values()];
      for (const [id, item] of this.memory.pending) if (items.includes(item)) this.memory.pending.delete(id);
      this.reported = withReported(this.reported, items, this.memory.pending.values());
      if (unit === undefined) return titles;
      titles.push(unit.message.title);
    }
  }
}

describe("what a notification channel sends", () => {
  it("is each problem once, and its end once", () => {
    const channel = new Channel();
    channel.note("shop/web", failing("shop/web"));
    channel.note("shop/web", failing("shop/web", "ApplyFailed"));
    expect(channel.flush()).to.deep.equal(["shop/web cannot be applied"]);
    channel.note("shop/web", failing("shop/web", "Forbidden"));
    channel.note("shop/web", withConditions("shop/web", condition("Ready", "Unknown", "Progressing")));
    channel.note("shop/web", failing("shop/web"));
    expect(channel.flush()).to.deep.equal([]);
    channel.note("shop/web", ready("shop/web"));
    channel.note("shop/web", ready("shop/web"));
    expect(channel.flush()).to.deep.equal(["shop/web has recovered"]);
    expect(channel.reported.open).to.equal(undefined);
    channel.note("shop/web", failing("shop/web"));
    expect(channel.flush()).to.deep.equal(["shop/web cannot be applied"]);
  });

  it("is nothing for what is over before it is sent", () => {
    const channel = new Channel();
    channel.note("shop/web", failing("shop/web"));
    channel.note("shop/web", ready("shop/web"));
    expect(channel.flush()).to.deep.equal([]);
    channel.note("shop/web", failing("shop/web"));
    channel.flush();
    channel.note("shop/web", ready("shop/web"));
    channel.note("shop/web", failing("shop/web"));
    expect(channel.flush()).to.deep.equal([]);
  });

  it("is one message for many apps with one cause, and one for each of a few", () => {
    const channel = new Channel();
    const keys = Array.from({ length: 30 }, (_, index) => `shop/app${index}`);
    for (const key of keys) channel.note(key, failing(key, "FetchFailed"));
    channel.note("shop/other", failing("shop/other", "InvalidManifest"));
    expect(channel.flush()).to.deep.equal(["30 apps: cannot be applied", "shop/other cannot be applied"]);
    for (const key of keys) channel.note(key, ready(key));
    expect(channel.flush()).to.deep.equal(["30 apps: recovered"]);
    for (const key of keys.slice(0, 5)) channel.note(key, failing(key, "FetchFailed"));
    expect(channel.flush()).to.have.length(5);
  });

  it("is each plan that waits for a person, without a message when it is decided", () => {
    const channel = new Channel();
    const waiting = (reason: string): OverseerApp =>
      withConditions("shop/web", condition("Ready", "True", "Synced"), condition("Waiting", "True", reason));
    channel.note("shop/web", waiting("SyncWindow"), "a".repeat(32));
    expect(channel.flush()).to.deep.equal([]);
    channel.note("shop/web", waiting("Approval"), "a".repeat(32));
    expect(channel.flush()).to.deep.equal(["shop/web waits for a decision"]);
    channel.note("shop/web", waiting("Approval"), "a".repeat(32));
    expect(channel.flush()).to.deep.equal([]);
    channel.note("shop/web", waiting("Approval"), "b".repeat(32));
    expect(channel.flush()).to.deep.equal(["shop/web waits for a decision"]);
    expect(channel.reported.open).to.have.length(1);
    channel.note("shop/web", ready("shop/web"));
    expect(channel.flush()).to.deep.equal([]);
    expect(channel.reported.open).to.equal(undefined);
  });

  it("is nothing about apps that are suspended or deleted", () => {
    const channel = new Channel();
    channel.note("shop/web", failing("shop/web"));
    channel.flush();
    channel.note("shop/web", undefined);
    expect([channel.flush(), channel.reported.open]).to.deep.equal([[], undefined]);
    channel.note("shop/web", app("shop/web", { ...failing("shop/web"), spec: { suspend: true } }));
    expect(channel.memory.pending.size).to.equal(0);
  });

  it("leaves failures of health to the topic Degraded, and drift to its own", () => {
    const topics = (...conditions: Condition[]): string[] =>
      problemsOf(withConditions("shop/web", ...conditions), undefined).map(({ topic }) => topic);
    expect(topics(condition("Ready", "False", "Degraded"))).to.deep.equal(["Degraded"]);
    expect(topics(condition("Ready", "False", "HealthTimeout"))).to.deep.equal(["Degraded"]);
    const drifted = [condition("Ready", "False", "Drifted"), condition("Drifted", "True", "NotHealed")];
    expect(topics(...drifted)).to.deep.equal(["Drifted"]);
    expect(topics(condition("Ready", "Unknown", "Progressing"))).to.deep.equal([]);
    expect(topics(condition("Ready", "True", "Synced"), condition("BreakGlass", "True", "BreakGlass"))).to.deep.equal([
      "BreakGlass",
    ]);
  });

  it("reports each successful Change once, even after a restart and beyond the status", () => {
    const spec = NotificationChannelSpec.parse({ slack: { secretRef }, topics: ["Succeeded"] });
    const channel = new Channel(spec);
    const done = (index: number) => {
      const completionTime = new Date(Date.parse(WHEN) + index * 1000).toISOString().replace(".000Z", "Z");
      const fact = successOf(change(`shop/web-${index}`, "web", { phase: "Succeeded", completionTime }));
      if (fact === undefined) throw new Error("no fact");
      return fact;
    };
    const all = Array.from({ length: MAX_HANDLED + 50 }, (_, index) => done(index));
    let sent = 0;
    for (const fact of all) {
      channel.memory.noteEvent(fact, { spec, reported: channel.reported });
      sent += channel.flush().length;
    }
    expect(sent).to.equal(all.length);
    expect(channel.reported.handled).to.have.length(MAX_HANDLED);
    const restarted = new ChannelMemory();
    for (const fact of all) restarted.noteEvent(fact, { spec, reported: channel.reported });
    expect(restarted.pending.size).to.equal(0);
  });

  it("is not counted as reported while an older Change is still to be sent", () => {
    const event = (index: number): Pending => ({
      kind: "event",
      fact: {
        key: `${index}`.padStart(32, "0"),
        topic: "Succeeded",
        app: "a/b",
        time: NOW + index * 1000,
        reason: "",
        text: "",
      },
    });
    const sent = Array.from({ length: MAX_HANDLED + 1 }, (_, index) => event(index + 10));
    const after = withReported({ handledThrough: WHEN }, sent, [event(0)]);
    expect(Date.parse(after.handledThrough ?? "")).to.be.lessThan(NOW);
  });

  it("covers the namespace of the channel only, or others from trusted namespaces", () => {
    const channel = (spec: Record<string, unknown>) => ({
      ...{ apiVersion: "", kind: "NotificationChannel" },
      metadata: { name: "c", namespace: "shop", uid: "u", resourceVersion: "1", generation: 1 },
      spec: NotificationChannelSpec.parse({ slack: { secretRef }, ...spec }),
    });
    const place = { namespace: "other", name: "web", environments: ["prod"] };
    const none = new Set<string>();
    expect(selects(channel({}), { ...place, namespace: "shop" }, none)).to.equal(true);
    expect(selects(channel({}), place, none)).to.equal(false);
    expect(selects(channel({ namespaces: ["*"] }), place, none)).to.equal(false);
    expect(selects(channel({ namespaces: ["*"] }), place, new Set(["shop"]))).to.equal(true);
    expect(selects(channel({ namespaces: ["*"], apps: ["api"] }), place, new Set(["shop"]))).to.equal(false);
    expect(selects(channel({ namespaces: ["*"], environments: ["dev"] }), place, new Set(["shop"]))).to.equal(false);
    expect(selects(channel({ namespaces: ["*"], environments: ["prod"] }), place, new Set(["shop"]))).to.equal(true);
    expect(selects(channel({ suspend: true }), { ...place, namespace: "shop" }, none)).to.equal(false);
  });
});
