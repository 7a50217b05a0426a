import { expect } from "chai";
import type { ConditionStatus } from "../../../src/api/conditions.js";
import type { OverseerApp } from "../../../src/api/overseer-app.js";
import { dependenciesGate, findCycle } from "../../../src/gates/dependencies.js";
import { app, inputs } from "../controllers/support/resources.js";
import { gateContext, listerOf } from "./support/gate-context.js";

interface Options {
  readonly spec?: Record<string, unknown>;
  readonly ready?: ConditionStatus;
  readonly healthy?: ConditionStatus;
  readonly metadata?: Partial<OverseerApp["metadata"]>;
  readonly observed?: number;
}

/** An app with conditions, by default Ready and Healthy. */
function other(
  key: string,
  { spec, ready = "True", healthy = "True", metadata, observed = 1 }: Options = {},
): OverseerApp {
  const condition = (type: string, status: ConditionStatus) => ({
    ...{ type, status, reason: `${type}Is${status}`, message: "x", lastTransitionTime: "2026-11-30T12:00:00Z" },
  });
  return app(key, {
    ...(spec ? { spec } : {}),
    ...(metadata ? { metadata } : {}),
    status: {
      observedGeneration: observed,
      conditions: [condition("Ready", ready), condition("Healthy", healthy)],
      applied: inputs("abcdef1234567"),
    },
  });
}

function judge(
  dependsOn: readonly object[],
  others: readonly OverseerApp[],
  applied: Record<string, string> = {},
): string {
  const waiting = app("shop/web", { spec: { dependsOn } });
  const verdict = dependenciesGate.judge(
    gateContext({ app: waiting, lister: listerOf([waiting, ...others], [], applied) }),
  );
  if (verdict instanceof Promise) throw new Error("is synchronous");
  return verdict.state === "Pass" ? "Pass" : `${verdict.state}: ${verdict.message}`;
}

const DB = [{ name: "db" }];
const BASE = [{ name: "base", namespace: "infra" }];

describe("dependencies", () => {
  const cases: readonly (readonly [what: string, got: () => string, expected: string | RegExp])[] = [
    ["pass an app without any", () => judge([], []), "Pass"],
    ["pass when the app is Ready and Healthy", () => judge(DB, [other("shop/db")]), "Pass"],
    [
      "wait for an app that does not exist",
      () => judge(DB, []),
      /^Wait: waiting for OverseerApp db, which does not exist$/,
    ],
    [
      "wait for an app without status",
      () => judge(DB, [app("shop/db")]),
      /whose newest spec has not been processed yet/,
    ],
    [
      "wait for an app that is not Ready",
      () => judge(DB, [other("shop/db", { ready: "False" })]),
      /not Ready \(ReadyIsFalse\)$/,
    ],
    ["wait for an app that is not Healthy", () => judge(DB, [other("shop/db", { healthy: "Unknown" })]), /not Healthy/],
    ["wait for an app with an edited spec", () => judge(DB, [other("shop/db", { observed: 0 })]), /newest spec/],
    [
      "wait for an app that is being deleted",
      () => judge(DB, [other("shop/db", { metadata: { deletionTimestamp: "2026-11-30T12:00:00Z" } })]),
      /being deleted/,
    ],
    [
      "name every app that is waited for",
      () => judge([...DB, { name: "mq" }], [other("shop/db", { ready: "False" })]),
      "Wait: waiting for OverseerApp db, which is not Ready (ReadyIsFalse); OverseerApp mq, which does not exist",
    ],
    [
      "pass when an app of another namespace allows it",
      () => judge(BASE, [other("infra/base", { spec: { allowedNamespaces: ["shop"] } })]),
      "Pass",
    ],
    [
      "tell nothing of an app that does not allow the namespace",
      () => judge(BASE, [other("infra/base", { ready: "False" })]),
      "Wait: waiting for OverseerApp infra/base, which does not exist or does not list namespace shop in spec.allowedNamespaces",
    ],
    [
      "say the same of an app of another namespace that does not exist",
      () => judge(BASE, []),
      /does not exist or does not list/,
    ],
    [
      "wait for the same commit",
      () => judge([{ name: "db", sameRevision: true }], [other("shop/db")], { "shop/db": "older" }),
      /which has applied main@sha1:abcdef1 and not yet the same revision$/,
    ],
    [
      "pass when the same commit is applied, whether or not it changed something",
      () => judge([{ name: "db", sameRevision: true }], [other("shop/db")], { "shop/db": "k" }),
      "Pass",
    ],
    [
      "say that another repository never has the same revision",
      () =>
        judge(
          [{ name: "db", sameRevision: true }],
          [other("shop/db", { spec: { source: { repositoryRef: { name: "other" } } } })],
        ),
      /uses another GitRepository and never has the same revision: remove sameRevision$/,
    ],
    [
      "name a cycle",
      () =>
        judge(DB, [
          other("shop/db", { ready: "Unknown", spec: { dependsOn: [{ name: "mq" }] } }),
          other("shop/mq", { ready: "Unknown", spec: { dependsOn: [{ name: "web" }] } }),
        ]),
      /; dependsOn forms a cycle: shop\/web → shop\/db → shop\/mq → shop\/web: remove one of these$/,
    ],
  ];
  for (const [what, got, expected] of cases)
    it(what, () => {
      if (typeof expected === "string") expect(got()).to.equal(expected);
      else expect(got()).to.match(expected);
    });

  it("count an app that manages the waiting one as part of a cycle", () => {
    const labels = { "gitops.overseer.io/app": "root", "gitops.overseer.io/app-namespace": "shop" };
    const child = app("shop/web", { spec: { dependsOn: [{ name: "root" }] }, metadata: { labels } });
    expect(findCycle(child, listerOf([child, app("shop/root")]))).to.deep.equal(["shop/web", "shop/root", "shop/web"]);
  });

  it("find no cycle where two apps wait for the same one, or one waits for apps in a cycle", () => {
    const apps = [
      app("shop/a", { spec: { dependsOn: [{ name: "b" }, { name: "c" }] } }),
      app("shop/b", { spec: { dependsOn: [{ name: "c" }] } }),
      app("shop/c", { spec: { dependsOn: [{ name: "d" }] } }),
      app("shop/d", { spec: { dependsOn: [{ name: "c" }] } }),
    ];
    const lister = listerOf(apps);
    expect(apps.map((one) => findCycle(one, lister)?.join(" "))).to.deep.equal([
      undefined,
      undefined,
      "shop/c shop/d shop/c",
      "shop/d shop/c shop/d",
    ]);
  });

  it("are judged again after events that may matter, of the apps that are waited for", () => {
    const [watch] = dependenciesGate.watches ?? [];
    if (watch?.kind !== "OverseerApp") throw new Error("does not watch apps");
    const waiting = app("shop/web", { spec: { dependsOn: DB } });
    const ready = other("shop/db");
    const unready = other("shop/db", { ready: "False" });
    expect(watch.concerns({ current: ready, previous: unready }, waiting)).to.equal(true);
    expect(watch.concerns({ current: ready, previous: undefined }, waiting)).to.equal(true);
    expect(watch.concerns({ current: undefined, previous: ready }, waiting)).to.equal(true);
    expect(watch.concerns({ current: ready, previous: other("shop/db") }, waiting)).to.equal(false);
    expect(watch.concerns({ current: other("shop/mq"), previous: undefined }, waiting)).to.equal(false);
  });
});
