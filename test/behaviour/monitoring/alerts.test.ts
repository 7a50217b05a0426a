import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { load } from "js-yaml";
import { ensurePrometheus } from "../../../tools/binaries.js";
import { runCommand } from "../../../tools/run-command.js";
import { DASHBOARDS } from "../../support/dashboards.js";
import { ALERT_CASES, type AlertCase } from "./alert-cases.js";

const RULES = join(DASHBOARDS, "alerts.yaml");

interface Rule {
  readonly alert: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A test of promtool: not firing a minute before `from`, firing at `from` with the right texts, ended at `until`. */
function unitTest({ alert, series, from, until, labels = {} }: AlertCase, rule: Rule): unknown {
  const fill = (text: string): string =>
    text.replace(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? "");
  const annotations = Object.fromEntries(Object.entries(rule.annotations).map(([key, text]) => [key, fill(text)]));
  const firing = [{ exp_labels: { ...labels, ...rule.labels }, exp_annotations: annotations }];
  return {
    interval: "1m",
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    alert_rule_test: [
      { eval_time: `${from - 1}m`, alertname: alert, exp_alerts: [] },
      { eval_time: `${from}m`, alertname: alert, exp_alerts: firing },
      { eval_time: `${until}m`, alertname: alert, exp_alerts: [] },
    ],
  };
}

describe("The alerts, evaluated by promtool", function () {
  this.timeout(120_000);
  let promtool: string;
  let rules: readonly Rule[];
  let folder: string;
  before(async () => {
    ({ promtool } = await ensurePrometheus());
    const { groups } = load(await readFile(RULES, "utf8")) as { groups: { rules: Rule[] }[] };
    rules = groups.flatMap((group) => group.rules);
    folder = await mkdtemp(join(tmpdir(), "overseer-alerts-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Runs tests of promtool. */
  const run = async (tests: readonly unknown[]): Promise<void> => {
    const file = join(folder, "tests.json");
    await writeFile(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: "1m", tests }));
    await runCommand(promtool, ["test", "rules", file]);
  };

  it("are valid", async () => {
    await runCommand(promtool, ["check", "rules", RULES]);
  });

  it("have a case each", () => {
    expect(ALERT_CASES.map(({ alert }) => alert)).to.deep.equal(rules.map(({ alert }) => alert));
  });

  it("fire when they should, not a minute earlier, and end", async () => {
    await run(
      ALERT_CASES.map((one) => {
        const rule = rules.find(({ alert }) => alert === one.alert);
        if (rule === undefined) throw new Error(`there is no alert ${one.alert}`);
        return unitTest(one, rule);
      }),
    );
  });

  it("about apps are silent while their repository fails, which has its own alert", async () => {
    const source =
      'overseer_resource_info{kind="GitRepository",namespace="team",name="repo",ready="False",reason="R",suspended="false"}';
    const silent = ALERT_CASES.filter(
      ({ alert }) => alert === "OverseerAppOutOfSync" || alert === "OverseerAppNotReady",
    );
    expect(silent).to.have.length(2);
    await run(
      silent.map(({ alert, series }) => ({
        interval: "1m",
        input_series: Object.entries({ ...series, [source]: "1x60" }).map(([name, values]) => ({
          series: name,
          values,
        })),
        alert_rule_test: [{ eval_time: "18m", alertname: alert, exp_alerts: [] }],
      })),
    );
  });
});
