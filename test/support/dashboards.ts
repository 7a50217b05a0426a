import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "../../tools/repository-root.js";

/** A data source as panels, queries, variables and annotations name it. */
export interface DataSource {
  readonly type: string;
  readonly uid: string;
}

/** A panel of a dashboard. */
export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: DataSource;
  readonly gridPos: { readonly h: number; readonly w: number; readonly x: number; readonly y: number };
  readonly fieldConfig?: {
    readonly defaults: {
      readonly unit?: string;
      readonly mappings?: readonly { readonly options: Readonly<Record<string, { readonly color?: string }>> }[];
      readonly thresholds?: { readonly steps: readonly { readonly color: string; readonly value: number | null }[] };
    };
  };
  readonly targets?: readonly {
    readonly datasource: DataSource;
    readonly expr: string;
    readonly legendFormat: string;
    readonly refId: string;
  }[];
  readonly alert?: unknown;
  readonly options?: { readonly textMode?: string };
  readonly transformations?: readonly {
    readonly options: {
      readonly excludeByName?: Readonly<Record<string, boolean>>;
      readonly indexByName?: Readonly<Record<string, number>>;
      readonly renameByName?: Readonly<Record<string, string>>;
    };
  }[];
}

/** A variable of a dashboard. */
export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly datasource?: DataSource;
  readonly includeAll: boolean;
  readonly allValue?: string;
}

/** A dashboard of `dashboards/`. */
export interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly tags: readonly string[];
  readonly timezone: string;
  readonly refresh: string;
  readonly editable: boolean;
  readonly links: readonly { readonly tags: readonly string[] }[];
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: {
    readonly list: readonly { readonly name: string; readonly datasource: DataSource; readonly expr: string }[];
  };
}

/** Absolute path of the folder. */
export const DASHBOARDS = join(repositoryRoot(), "dashboards");

/** Reads all dashboards, by file name. */
export function readDashboards(): ReadonlyMap<string, Dashboard> {
  const names = readdirSync(DASHBOARDS).filter((name) => name.endsWith(".json"));
  return new Map(names.map((name) => [name, JSON.parse(readFileSync(join(DASHBOARDS, name), "utf8")) as Dashboard]));
}

/** A query of a dashboard, with where it is. */
export interface DashboardQuery {
  readonly where: string;
  readonly expr: string;
}

/** Returns the queries of all panels and annotations. */
export function queriesOf({ title, panels, annotations }: Dashboard): DashboardQuery[] {
  return [
    ...panels.flatMap((panel) =>
      (panel.targets ?? []).map(({ expr, refId }) => ({ where: `${title}: ${panel.title} ${refId}`, expr })),
    ),
    ...annotations.list.map(({ name, expr }) => ({ where: `${title}: annotation ${name}`, expr })),
  ];
}
