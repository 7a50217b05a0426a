import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { createMetrics } from "../../../src/telemetry/metrics.js";
import { appObserver, repositoryObserver } from "../../../src/wiring/observers.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { app, inputs, repository } from "../controllers/support/resources.js";
import { FakeClock } from "../support/fake-clock.js";

const RULES = join(repositoryRoot(), "charts/overseer-gitops/templates/prometheus-rule.yaml");
const GUIDE = join(repositoryRoot(), "docs/monitoring.md");
type Status = "True" | "False" | "Unknown";

/** The expression of each alert of the chart. */
function alerts(): Map<string, string> {
  const text = readFileSync(RULES, "utf8");
  return new Map(
    [...text.matchAll(/- alert: (\w+)\n\s+expr: (.+)\n/g)].map(([, name = "", expr = ""]) => [name, expr]),
  );
}

/** Every metric with the labels that it is known to have, from an operator to which everything has happened once. */
async function knownLabels(): Promise<Map<string, Set<string>>> {
  const metrics = createMetrics({ clock: systemClock, version: "v" });
  const apps = appObserver(metrics);
  const repositories = repositoryObserver(metrics, new FakeClock());
  apps.state(app("shop/web"), { conditions: conditions({ ready: "False", synced: "False", waiting: "Deletions" }) });
  apps.changeEnded({ namespace: "shop", name: "web", uid: "u" }, ended("Failed", 1));
  apps.syncFailed({ namespace: "shop", name: "web", uid: "u" }, "ApplyRefused");
  repositories.state(repository("shop/repo"), {});
  repositories.polled(repository("shop/repo"));
  metrics.git.polls.of({ result: "failure" }).inc();
  metrics.reconcile.total.of({ controller: "overseerapp", result: "error" }).inc();
  metrics.webhooks.total.of({ provider: "github", result: "busy" }).inc();
  metrics.webhooks.polls.of({ result: "given_up" }).inc();
  metrics.election.master.of({ name: "overseer-gitops" }).set(1);
  const { body } = await metrics.renderMetrics();
  const known = new Map([...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => [name, new Set<string>()]));
  for (const [, name = "", labels = ""] of body.matchAll(/^(\w+)\{([^}]*)\}/gm))
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) known.get(name)?.add(label);
  return known;
}

function ended(phase: "Failed", seconds: number) {
  return { phase, seconds, leadSeconds: undefined, actions: undefined };
}

interface State {
  readonly ready?: Status;
  readonly synced?: Status;
  readonly waiting?: string;
}

function conditions({ ready = "True", synced = "True", waiting }: State) {
  const at = "2026-01-01T00:00:00Z";
  const one = (type: string, status: Status, reason: string) => ({
    ...{ type, status, reason, message: "", lastTransitionTime: at },
  });
  return [
    one("Ready", ready, "R"),
    one("Synced", synced, "S"),
    ...(waiting === undefined ? [] : [one("Waiting", "True", waiting)]),
  ];
}

/** Whether the series of an app is one that the first selector of an expression takes. */
function selects(expr: string, series: string): boolean {
  const selector = /overseer_app_info\{([^}]*)\}/.exec(expr)?.[1];
  if (selector === undefined) return false;
  return [...selector.matchAll(/(\w+)(!?=)"([^"]*)"/g)].every(([, label, operator, value]) => {
    const actual = new RegExp(`[{,]${label}="([^"]*)"`).exec(series)?.[1];
    return operator === "=" ? actual === value : actual !== value;
  });
}

describe("The alerts of the chart", () => {
  it("ask for metrics that exist, by labels that they have", async () => {
    const known = await knownLabels();
    expect(alerts().size).to.be.greaterThan(9);
    for (const [alert, expr] of alerts()) {
      const names = [...expr.matchAll(/\b[a-z]+(?:_[a-z]+){2,}\b/g)].map(([name]) => name);
      expect(names, alert).not.to.deep.equal([]);
      for (const name of names) expect([...known.keys()], alert).to.include(name);
      for (const [, name = "", selector = ""] of expr.matchAll(/(\w+)\{([^}]*)\}/g))
        for (const [, label = ""] of selector.matchAll(/(\w+)(?:!=|=~|=)"/g))
          expect([...(known.get(name) ?? [])], `${alert}: ${name}`).to.include(label);
    }
  });

  const APPS: readonly (readonly [string, State & { suspend?: boolean; health?: "Healthy" | "Degraded" }, string[]])[] =
    [
      ["is well", {}, []],
      ["is out of sync", { ready: "False", synced: "False" }, ["OverseerAppOutOfSync"]],
      ["drifted and only reports it", { synced: "False" }, ["OverseerAppOutOfSync"]],
      ["waits at a gate, ready as it is", { synced: "False", waiting: "Deletions" }, ["OverseerAppWaiting"]],
      ["waits for a sync window", { synced: "False", waiting: "SyncWindow" }, []],
      ["is degraded", { ready: "False", health: "Degraded" }, ["OverseerAppDegraded"]],
      [
        "is degraded and out of sync",
        { ready: "False", synced: "False", health: "Degraded" },
        ["OverseerAppOutOfSync"],
      ],
      ["does not become healthy", { ready: "False" }, ["OverseerAppNotReady"]],
      ["is fought over", { ready: "False", health: "Healthy" }, ["OverseerAppNotReady"]],
      ["is suspended", { ready: "False", synced: "False", suspend: true }, []],
    ];
  for (const [what, { suspend, health = "Healthy", ...state }, expected] of APPS) {
    it(`for an app that ${what}: ${expected.join(", ") || "none"}`, async () => {
      const metrics = createMetrics({ clock: systemClock, version: "v", processMetrics: false });
      const status = { conditions: conditions(state), applied: inputs("k"), health };
      appObserver(metrics).state(app("shop/web", { spec: { suspend: suspend ?? false } }), status);
      const { body } = await metrics.renderMetrics();
      const series = body.split("\n").find((line) => line.startsWith("overseer_app_info{")) ?? "";
      const firing = [...alerts()].filter(([, expr]) => selects(expr, series)).map(([name]) => name);
      expect(firing).to.deep.equal(expected);
    });
  }

  it("are all in the guide, with every metric of the operator's own", async () => {
    const guide = readFileSync(GUIDE, "utf8");
    for (const alert of alerts().keys()) expect(guide).to.include(`\`${alert}\``);
    for (const name of (await knownLabels()).keys())
      if (name.startsWith("overseer_")) expect(guide, "docs/monitoring.md").to.include(name);
  });
});
