import { expect } from "chai";
import fc from "fast-check";
import { checkResult } from "../../../src/cli/verbs/import/check-result.js";
import { isRecord } from "../../../src/manifest/shape.js";
import { convertArgo } from "../../../src/migration/argocd/convert.js";
import type { ImportResult, InputObject } from "../../../src/migration/conversion.js";
import { convertFlux } from "../../../src/migration/flux/convert.js";
import { formatReport } from "../../../src/migration/report.js";
import { FULL_APPLICATION, FULL_KUSTOMIZATION, FULL_RELEASE, REPOSITORY } from "./support/fixtures.js";

const CASES: readonly (readonly [string, InputObject, (object: InputObject) => ImportResult])[] = [
  ["an Application", FULL_APPLICATION, (object) => convertArgo([object], [], {})],
  ["a Kustomization", FULL_KUSTOMIZATION, (object) => convertFlux([REPOSITORY, object], {})],
  ["a HelmRelease", FULL_RELEASE, (object) => convertFlux([REPOSITORY, object], {})],
  ["a GitRepository", REPOSITORY, (object) => convertFlux([object], {})],
];

/** Paths of all objects of a value, outermost first. Maps with names of the user are opaque. */
function objectPaths(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (FREE.has(String(path.at(-1)))) return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => objectPaths(item, [...path, index]));
  if (!isRecord(value)) return [];
  return [path, ...Object.entries(value).flatMap(([name, child]) => objectPaths(child, [...path, name]))];
}

/** Maps whose keys are data. */
const FREE = new Set(["values", "valuesObject", "labels", "annotations", "commonLabels", "substitute"]);

function at(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((found, step) => (found as Record<string | number, unknown>)[step], value);
}

function leaves(value: unknown, path = ""): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((item, index) => leaves(item, `${path}[${index}]`));
  if (!isRecord(value)) return value === undefined ? [] : [[path, value]];
  return Object.entries(value).flatMap(([name, child]) => leaves(child, path === "" ? name : `${path}.${name}`));
}

/** Paths that the report names, converted or not. */
function named({ conversions }: ImportResult): readonly string[] {
  return conversions.flatMap(({ findings, converted }) => [...findings.map(({ field }) => field), ...converted]);
}

describe("an import", function () {
  this.timeout(60_000);
  for (const [what, object, convert] of CASES) {
    it(`converts ${what} with all fields, and names each of them in its report, or the field that contains it`, () => {
      const result = convert(object);
      const blocked = result.conversions.flatMap(({ findings }) => findings).filter(({ level }) => level === "blocked");
      expect(blocked).to.deep.equal([]);
      const paths = named(result);
      const covered = (leaf: string): boolean =>
        paths.some((path) => leaf === path || leaf.startsWith(`${path}.`) || leaf.startsWith(`${path}[`));
      const free = /metadata\.(name|namespace)$|metadata\.labels/;
      const lost = leaves({ spec: object.spec, metadata: object.metadata })
        .map(([path]) => path)
        .filter((path) => !covered(path) && !free.test(path) && !IGNORED.test(path));
      expect(lost).to.deep.equal([]);
    });

    it(`reports any further field of ${what}, wherever it is`, () => {
      const places = objectPaths({ spec: object.spec, metadata: object.metadata });
      fc.assert(
        fc.property(fc.constantFrom(...places), fc.stringMatching(/^[a-z]{5,12}X$/), (place, name) => {
          if (place.length === 0) return;
          const copy = structuredClone(object);
          (at(copy, place) as Record<string, unknown>)[name] = { deep: ["value"] };
          const result = convert(copy);
          const report = formatReport(result, "a tool");
          // An object that is reported as a whole says so by its own path.
          const whole = named(result).some((path) => path !== "" && textOf([...place, name]).startsWith(`${path}.`));
          expect(report.includes(name) || whole, textOf([...place, name])).to.equal(true);
        }),
        { numRuns: 100 },
      );
    });

    it(`never fails on ${what} with fields of other types, or without them`, () => {
      const places = objectPaths({ spec: object.spec, metadata: object.metadata }).filter((place) => place.length > 0);
      fc.assert(
        fc.property(
          fc.constantFrom(...places),
          fc.nat(),
          fc.option(fc.jsonValue({ maxDepth: 2 })),
          (place, index, value) => {
            const copy = structuredClone(object);
            const target = at(copy, place) as Record<string, unknown>;
            const names = Object.keys(target).filter((name) => place[0] !== "metadata" || !/^name/.test(name));
            const name = names[index % Math.max(1, names.length)];
            if (name === undefined) return;
            target[name] = value;
            // What is written passes the schemas, or is not written.
            checkResult(convert(copy));
          },
        ),
        { numRuns: 100 },
      );
    });
  }
});

describe("the report of an import", () => {
  it("begins with the reasons that many objects share, and what to do about them", () => {
    const [{ metadata: first, ...rest }] = [FULL_KUSTOMIZATION];
    const objects = ["a", "b", "c"].map((name) => ({ ...rest, metadata: { ...first, name } }));
    const lines = formatReport(convertFlux(objects, {}), "Flux").split("\n");
    const start = lines.indexOf("## Why objects were not converted");
    expect(start).to.be.greaterThan(0).and.lessThan(lines.indexOf("## Kustomization flux-system/a"));
    expect(lines[start + 2]).to.match(
      /^- 3 objects, such as Kustomization flux-system\/a: GitRepository .*flux export/,
    );
    const single = formatReport(convertFlux([FULL_KUSTOMIZATION], {}), "Flux");
    expect(single).to.not.include("## Why objects were not converted");
  });
});

/** Fields without a meaning elsewhere: how often Flux looks, what only identifies, what Argo CD documents as obsolete. */
const IGNORED = /apiVersion$|\.version$|interval$|reconcileStrategy$|retry\.refresh$|\.ref$/;

function textOf(path: readonly (string | number)[]): string {
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`))
    .join("")
    .slice(1);
}
