import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { ensurePrometheus } from "../../../tools/binaries.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { dashboardPicture, type PanelSeries } from "../../support/dashboard-picture.js";
import { DASHBOARDS, type Dashboard, queriesOf, readDashboards } from "../../support/dashboards.js";
import { Prometheus } from "../../support/prometheus.js";
import { World } from "../../support/world.js";
import { Scenario } from "./scenario.js";

const RULES = join(DASHBOARDS, "alerts.yaml");
/** Queries of what this scenario does not have: an API of a Git host, and polls that a valid webhook requests. */
const UNUSED: readonly string[] = ["Overseer / Operator: Git hosts A"];

/** How much of the scenario pictures of the dashboards show. */
const PICTURE_SECONDS = 60;

function legendOf(format: string, labels: Readonly<Record<string, string>>): string {
  if (format !== "__auto") return format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, name: string) => labels[name] ?? "");
  return Object.values(labels).join(" ");
}

/** Replaces the variables of Grafana. Rates are over more than the whole scenario, however slow the machine is. */
function filled(expr: string, namespace: string, app: string): string {
  return expr
    .replaceAll("$__rate_interval", "10m")
    .replaceAll("$__interval", "10m")
    .replaceAll('namespace=~"$namespace"', 'namespace=~".*"')
    .replaceAll("$namespace", namespace)
    .replaceAll("$app", app)
    .replaceAll(/\$(job|core)\b/g, ".*");
}

/** A real Prometheus scrapes the operator while apps go through all states. */
describe("Prometheus, with the dashboards and alerts", function () {
  this.timeout(240_000);
  let world: World;
  let scenario: Scenario;
  let prometheus: Prometheus;
  let apps: readonly string[];
  before(async () => {
    world = await World.create("prom", {
      operator: { flags: ["--roles=controller,server", "--server-address=127.0.0.1:0"] },
    });
    prometheus = await Prometheus.start(await world.operator.address(), RULES);
    await waitUntil({ what: "Prometheus has scraped", timeoutMs: 60_000 }, async () => {
      return (await prometheus.query("overseer_build_info")).length > 0;
    });
    scenario = await Scenario.create(world);
    await scenario.again();
    await scenario.again();
    apps = await prometheus.labelValues("name", "overseer_app_info");
  });
  after(async () => {
    await prometheus?.stop();
    await world?.remove();
    await scenario?.core.stop();
  });

  /** Waits until a query has a value for one of the apps. */
  const hasData = (where: string, expr: string): Promise<unknown> => {
    const candidates = expr.includes("$app") ? apps : [""];
    return waitUntil({ what: `${where} has data: ${expr}`, timeoutMs: 60_000 }, async () => {
      for (const app of candidates) {
        const found = await prometheus.query(filled(expr, world.namespace, app));
        if (found.some(({ value }) => !Number.isNaN(value))) return true;
      }
      return false;
    });
  };

  for (const [file, dashboard] of readDashboards() as ReadonlyMap<string, Dashboard>) {
    it(`shows something in every panel of ${file}`, async () => {
      const queries = queriesOf(dashboard).filter(({ where }) => !UNUSED.includes(where));
      const missing: string[] = [];
      for (const { where, expr } of queries) await hasData(where, expr).catch(() => missing.push(`${where}: ${expr}`));
      expect(missing).to.deep.equal([]);
    });

    it(`offers values for every variable of ${file}`, async () => {
      for (const { name, type, query } of dashboard.templating.list) {
        if (type !== "query" || typeof query === "string") continue;
        const [, selector = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec(query.query) ?? [];
        expect(await prometheus.labelValues(label, filled(selector, world.namespace, "")), name).not.to.deep.equal([]);
      }
    });
  }

  if (process.env.SCREENSHOTS)
    it("is drawn for the documentation", async () => {
      // Drift that came more often would be left alone.
      for (let times = 0; times < 2; times++) await scenario.again();
      for (const [file, dashboard] of readDashboards()) {
        const app = (expr: string): string => filled(expr, world.namespace, "never").replaceAll("[10m]", "[1m]");
        const data = new Map<number, PanelSeries[]>();
        for (const { id, targets = [] } of dashboard.panels) {
          const found: PanelSeries[] = [];
          for (const { expr, legendFormat } of targets)
            for (const { labels, points } of await prometheus.range(app(expr), PICTURE_SECONDS))
              found.push({ labels, points, legend: legendOf(legendFormat, labels) });
          data.set(id, found);
        }
        const path = join(repositoryRoot(), "docs/images", `dashboard-${file.replace(".json", ".svg")}`);
        await writeFile(path, dashboardPicture(dashboard, data));
      }
    });

  it("evaluates every alert without an error, and has every metric that they read", async () => {
    const rules = await waitUntil({ what: "the rules are evaluated", timeoutMs: 60_000 }, async () => {
      const all = await prometheus.rules();
      return all.every(({ health }) => health !== "unknown") ? all : undefined;
    });
    expect(rules.filter(({ health }) => health !== "ok")).to.deep.equal([]);
    expect(rules.length).to.be.greaterThan(20);
    const text = readFileSync(RULES, "utf8");
    const exprs = [...text.matchAll(/expr: (.+)\n/g)].map(([, expr = ""]) => expr).join("\n");
    const names = new Set(
      [...exprs.matchAll(/\b(?:overseer|controller|leader|nodejs)_[a-z_]+\b/g)].map(([name]) => name),
    );
    names.delete("leader_election_master_status");
    // Only apps whose backup has failed on a Core have it: see test/unit/telemetry.
    names.delete("overseer_app_backup_failed_since_timestamp_seconds");
    for (const name of names) await hasData("an alert", name);
  });

  it("shows failed, waiting and drifted apps, a failed source, and a gate that held a Change", async () => {
    const namespace = `namespace="${world.namespace}"`;
    const nameOf = async (expr: string): Promise<(string | undefined)[]> =>
      (await prometheus.query(expr)).map(({ labels }) => labels.name).sort();
    expect(await nameOf(`overseer_app_info{${namespace}, ready="False", suspended="false"}`)).to.include.members([
      "lost",
      "never",
    ]);
    expect(await nameOf(`overseer_app_waiting_since_timestamp_seconds{${namespace}}`)).to.deep.equal(["wait"]);
    expect(await nameOf(`overseer_app_drifted_since_timestamp_seconds{${namespace}}`)).to.deep.equal(["report"]);
    expect(await nameOf(`overseer_resource_info{${namespace}, kind="GitRepository", ready="False"}`)).to.deep.equal([
      "away",
    ]);
    const [waits] = await prometheus.query('sum(overseer_change_wait_seconds_count{gate="deletions"})');
    expect(waits?.value).to.be.greaterThan(0);
  });

  it("accepts the scrape without a complaint about names and units", async () => {
    const { promtool } = await ensurePrometheus();
    const input = await (await fetch(`${await world.operator.address()}/metrics`)).text();
    const said = await runCommand(promtool, ["check", "metrics"], { input }).catch((error: Error) => error.message);
    expect(said.split("\n").filter((line) => line.startsWith("overseer_"))).to.deep.equal([]);
  });
});
