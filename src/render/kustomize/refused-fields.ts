import { isRecord } from "../../manifest/shape.js";

/** A field of a kustomization that is not permitted. */
interface RefusedField {
  readonly at: readonly (string | number)[];
  readonly message: string;
}

const CHARTS = "charts are not rendered by Kustomize here: give the chart an app of its own with source.helm";

/** Fields by which Kustomize starts other programs or reads from the network. */
const REFUSED: Readonly<Record<string, string>> = { helmCharts: CHARTS, helmChartInflationGenerator: CHARTS };

/** Fields that decide which files are read, and those of their items. */
const READING: Readonly<Record<string, readonly string[]>> = {
  ...{ resources: [], bases: [], components: [], crds: [], configurations: [], patchesStrategicMerge: [] },
  ...{ generators: [], transformers: [], validators: [], helmCharts: [], helmChartInflationGenerator: [] },
  ...{ patches: ["path"], patchesJson6902: ["path"], replacements: ["path"], openapi: ["path"] },
  ...{ configMapGenerator: ["files", "envs", "env"], secretGenerator: ["files", "envs", "env"] },
};

/** Fields of a kustomization whose result configures plugins: others could make them read files that nothing names. */
const OF_PLUGINS: ReadonlySet<string> = new Set(["apiVersion", "kind", "metadata", "resources", "bases"]);

/** The fields of a kustomization that are refused. `forPlugins`: its result configures generators, transformers or validators. */
export function refusedFields(kustomization: Readonly<Record<string, unknown>>, forPlugins: boolean): RefusedField[] {
  const found: RefusedField[] = [];
  for (const [field, value] of Object.entries(kustomization)) {
    const message = REFUSED[field];
    if (message !== undefined) found.push({ at: [field], message: `${field}: ${message}` });
    if (forPlugins && !OF_PLUGINS.has(field))
      found.push({
        at: [field],
        message: `${field}: a folder of generators, transformers or validators may have resources only: name the files of their configuration`,
      });
    found.push(...otherSpelling(field, Object.keys(READING), [field]));
    const within = READING[field] ?? [];
    for (const [index, item] of (Array.isArray(value) ? value : [value]).entries())
      if (within.length > 0 && isRecord(item))
        for (const key of Object.keys(item))
          found.push(...otherSpelling(key, within, Array.isArray(value) ? [field, index, key] : [field, key]));
  }
  return found;
}

/** Kustomize reads fields whatever their case is, as encoding/json of Go does, with its two letters that are not of ASCII. */
export function foldCase(field: string): string {
  return field.toUpperCase().toLowerCase();
}

function otherSpelling(field: string, known: readonly string[], at: RefusedField["at"]): RefusedField[] {
  const right = known.find((name) => name !== field && foldCase(name) === foldCase(field));
  return right === undefined ? [] : [{ at, message: `${field}: write ${right}` }];
}
