import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { DASHBOARDS, type Dashboard, queriesOf, readDashboards } from "../../support/dashboards.js";

const DATA_SOURCE = { type: "prometheus", uid: "${datasource}" };
/** Panels of Grafana itself; others would need plug-ins. */
const TYPES = ["stat", "timeseries", "table", "bargauge", "heatmap", "state-timeline", "text", "row"];
const FILES = ["app.json", "core.json", "operator.json", "overview.json"];

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sortKeys(inner)]));
}

/** Labels that a legend prints. */
function labelsIn(legend: string): string[] {
  return [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = ""]) => label);
}

function overlaps(dashboard: Dashboard): string[] {
  const cells = new Map<string, string>();
  const found: string[] = [];
  for (const { title, gridPos } of dashboard.panels)
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        const other = cells.get(`${x} ${y}`);
        if (other !== undefined) found.push(`${title} and ${other}`);
        cells.set(`${x} ${y}`, title);
      }
  return found;
}

describe("The dashboards", () => {
  const dashboards = readDashboards();

  it("are four, each with an identifier of its own", () => {
    expect([...dashboards.keys()].sort()).to.deep.equal(FILES);
    const uids = [...dashboards.values()].map(({ uid }) => uid);
    expect(new Set(uids).size).to.equal(FILES.length);
    for (const uid of uids) expect(uid).to.match(/^overseer-[a-z]+$/);
  });

  for (const [file, dashboard] of dashboards) {
    it(`${file} imports into Grafana as it is, and links to the others`, () => {
      const { id, schemaVersion, tags, timezone, refresh, editable, links } = dashboard;
      expect({ id, schemaVersion, tags, timezone, refresh, editable }).to.deep.equal({
        ...{ id: null, schemaVersion: 39, tags: ["overseer"], timezone: "browser", refresh: "30s", editable: true },
      });
      expect(links.map((link) => link.tags)).to.deep.equal([["overseer"]]);
      expect(dashboard).not.to.have.any.keys("__inputs", "__requires");
    });

    it(`${file} asks the data source that the user selects, everywhere`, () => {
      const [first, ...others] = dashboard.templating.list;
      expect(first).to.include({ name: "datasource", type: "datasource", query: "prometheus" });
      for (const variable of others) {
        expect(variable.datasource, variable.name).to.deep.equal(DATA_SOURCE);
        if (variable.includeAll) expect(variable.allValue, variable.name).to.equal(".*");
      }
      for (const { name, datasource } of dashboard.annotations.list)
        expect(datasource, name).to.deep.equal(DATA_SOURCE);
      for (const { title, type, datasource, targets = [] } of dashboard.panels) {
        if (type === "row") continue;
        expect(datasource, title).to.deep.equal(DATA_SOURCE);
        for (const target of targets) expect(target.datasource, title).to.deep.equal(DATA_SOURCE);
      }
    });

    it(`${file} has panels that are described, have units, and do not overlap`, () => {
      const ids = dashboard.panels.map(({ id }) => id);
      expect(new Set(ids).size).to.equal(ids.length);
      expect(overlaps(dashboard)).to.deep.equal([]);
      for (const { type, title, description = "", gridPos, fieldConfig, targets, alert } of dashboard.panels) {
        expect(TYPES, title).to.include(type);
        expect(alert, title).to.equal(undefined);
        expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
        if (type === "row") continue;
        expect(description, title).to.match(/^[A-Z].*\.$/);
        expect(fieldConfig?.defaults.unit, title).to.be.a("string").and.not.equal("");
        expect(targets, title).not.to.deep.equal([]);
      }
    });

    it(`${file} prints in legends only labels that its queries keep, and uses known variables`, () => {
      const known = new Set(dashboard.templating.list.map(({ name }) => name));
      for (const { title, targets = [] } of dashboard.panels)
        for (const { expr, legendFormat } of targets) {
          const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(/,\s*/));
          if (kept.length > 0) for (const label of labelsIn(legendFormat)) expect(kept, title).to.include(label);
        }
      for (const { where, expr } of queriesOf(dashboard))
        for (const [, name = ""] of expr.matchAll(/\$(\w+)/g))
          if (!name.startsWith("__")) expect([...known], where).to.include(name);
    });

    it(`${file} is stored with sorted keys, so that changes can be reviewed`, () => {
      const text = readFileSync(join(DASHBOARDS, file), "utf8");
      expect(text).to.equal(`${JSON.stringify(sortKeys(JSON.parse(text)), null, 2)}\n`);
    });
  }
});
