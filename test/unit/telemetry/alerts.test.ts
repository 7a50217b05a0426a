import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { createMetrics } from "../../../src/telemetry/metrics.js";
import { controllerObserver } from "../../../src/telemetry/observers.js";
import { appObserver, repositoryObserver } from "../../../src/wiring/observers.js";
import { collectDestinations, collectSaturation } from "../../../src/wiring/scrape-metrics.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { app, inputs, repository } from "../controllers/support/resources.js";
import { FakeClock } from "../support/fake-clock.js";

const RULES = join(repositoryRoot(), "dashboards/alerts.yaml");
const GUIDE = join(repositoryRoot(), "docs/monitoring.md");
/** The scrape that `knownLabels` has read. */
let lastScrape = "";
type Status = "True" | "False" | "Unknown";

/** The expression of each alert. */
function alerts(): Map<string, string> {
  const text = readFileSync(RULES, "utf8");
  return new Map(
    [...text.matchAll(/- alert: (\w+)\n\s+expr: (.+)\n/g)].map(([, name = "", expr = ""]) => [name, expr]),
  );
}

const CONNECTION = {
  access: { url: "https://core.example.com" },
  follower: { problem: undefined, state: { all: () => [{ name: "node", status: "online" }] } },
};

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
  metrics.http.requests.of({ route: "/hooks", method: "POST", code: "500" }).inc();
  controllerObserver(metrics, "overseerapp").finished("error", 1);
  collectSaturation(metrics, { overseerapp: { queue: { oldestMs: 1 } as never } });
  collectDestinations(metrics, {
    connections: { all: () => [CONNECTION] } as never,
    clusters: { remote: { all: () => [{ cluster: "c", reachable: true }] } as never },
  });
  metrics.election.master.of({ name: "overseer-gitops" }).set(1);
  const { body } = await metrics.renderMetrics();
  lastScrape = body;
  const known = new Map([...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => [name, new Set<string>()]));
  for (const [, name = "", labels = ""] of body.matchAll(/^(\w+)\{([^}]*)\}/gm))
    for (const [, label = ""] of labels.matchAll(/(\w+)="/g))
      known.get(name.replace(/_(bucket|sum|count)$/, ""))?.add(label);
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

/** The metrics that an expression reads, without the suffixes of histograms. */
function metricsIn(expr: string): string[] {
  const names = [...expr.matchAll(/\b(?:overseer|controller|workqueue|leader|nodejs|process|rest)_[a-z_]+\b/g)];
  return names.map(([name]) => name.replace(/_(bucket|sum|count)$/, ""));
}

/** Whether the series of an app is one that the first selector of an expression takes. */
function selects(expr: string, series: string): boolean {
  const selector = /^max by \([^)]*\) \(overseer_app_info\{([^}]*)\}/.exec(expr)?.[1];
  if (selector === undefined) return false;
  return [...selector.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)].every(([, label, operator = "", value = ""]) => {
    const actual = new RegExp(`[{,]${label}="([^"]*)"`).exec(series)?.[1] ?? "";
    const same = operator.endsWith("~") ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
    return same === operator.startsWith("=");
  });
}

describe("The alerts", () => {
  it("ask for metrics that exist, by labels that they have", async () => {
    const known = await knownLabels();
    expect(alerts().size).to.be.greaterThan(9);
    for (const [alert, expr] of alerts()) {
      const names = metricsIn(expr);
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
      ["waits at a gate, ready as it is", { synced: "False", waiting: "Deletions" }, ["OverseerPruneBlocked"]],
      ["waits for a Secret", { synced: "False", waiting: "References" }, ["OverseerAppWaiting"]],
      ["waits for an approval, at first", { synced: "False", waiting: "Approvals" }, []],
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

  it("compare quantiles with a number inside the buckets", async () => {
    await knownLabels();
    let compared = 0;
    for (const [alert, expr] of alerts()) {
      const [, metric = "", text = ""] = /histogram_quantile\(.*?(\w+)_bucket.*>\s*([\d.]+)$/.exec(expr) ?? [];
      if (metric === "") continue;
      compared++;
      const bounds = [...lastScrape.matchAll(new RegExp(`^${metric}_bucket\\{le="([\\d.]+)"`, "gm"))].map(([, le]) =>
        Number(le),
      );
      expect(
        bounds.filter((bound) => bound < Number(text)),
        alert,
      ).not.to.deep.equal([]);
      expect(
        bounds.filter((bound) => bound > Number(text)),
        alert,
      ).not.to.deep.equal([]);
    }
    expect(compared).to.be.greaterThan(0);
  });

  it("have a runbook each, and no runbook is without its alert", () => {
    const text = readFileSync(RULES, "utf8");
    const named = [...text.matchAll(/runbook_url: docs\/runbooks\/(\S+)/g)].map(([, file]) => file);
    const files = readdirSync(join(repositoryRoot(), "docs/runbooks")).filter((file) => file !== "README.md");
    expect(named).to.have.members(files);
    const kebab = (name: string): string => name.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
    expect(named).to.deep.equal([...alerts().keys()].map((name) => `${kebab(name)}.md`));
    for (const [name] of alerts())
      expect(readFileSync(join(repositoryRoot(), "docs/runbooks", `${kebab(name)}.md`), "utf8")).to.match(
        new RegExp(`^# ${name}\n`),
      );
  });

  it("are all in the guide, with every metric of the operator's own", async () => {
    const guide = readFileSync(GUIDE, "utf8");
    for (const alert of alerts().keys()) expect(guide).to.include(`\`${alert}\``);
    for (const name of (await knownLabels()).keys())
      if (name.startsWith("overseer_")) expect(guide, "docs/monitoring.md").to.include(name);
  });
});
