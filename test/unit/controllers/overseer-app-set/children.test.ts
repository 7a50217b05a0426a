import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { load } from "js-yaml";
import type { OverseerAppSet } from "../../../../src/api/app-set.js";
import { ANNOTATION_APP_SET, LABEL_APP_SET } from "../../../../src/api/group.js";
import { covers, MERGED_LISTS } from "../../../../src/controllers/overseer-app-set/children/covers.js";
import {
  type DesiredApp,
  desiredApps,
  documentOf,
} from "../../../../src/controllers/overseer-app-set/children/desired-apps.js";
import {
  type LiveApp,
  ownershipOf,
  planApps,
} from "../../../../src/controllers/overseer-app-set/children/plan-apps.js";
import { setConditions } from "../../../../src/controllers/overseer-app-set/conditions.js";
import { listParameters } from "../../../../src/controllers/overseer-app-set/generators/generate.js";
import { repositoryRoot } from "../../../../tools/repository-root.js";

const set = {
  apiVersion: "gitops.overseer.io/v1alpha1",
  kind: "OverseerAppSet",
  metadata: { name: "fleet", namespace: "shop", uid: "set-uid", resourceVersion: "1", generation: 1 },
  spec: {
    generators: [],
    template: {
      metadata: { name: "{{ .name }}", labels: { tier: "{{ .tier }}" } },
      spec: { source: { path: "{{ .name }}", env: [{ name: "A", value: "1" }] } },
    },
  },
} as unknown as OverseerAppSet;
const identity = { name: "fleet", uid: "set-uid" };
const desired = (...names: string[]): DesiredApp[] =>
  desiredApps(
    set,
    listParameters(
      names.map((name) => ({ name, tier: "gold" })),
      "spec.generators[0]",
    ),
  );

/** The app as it is live after it was applied, with a default that the API server has added. */
function live(name: string, changes: { metadata?: object; spec?: object } = {}): LiveApp {
  const [app] = desired(name);
  const { metadata, spec } = documentOf(set, app as DesiredApp) as unknown as { metadata: object; spec: object };
  return {
    metadata: { ...metadata, uid: `uid-${name}`, resourceVersion: "7", generation: 1, ...changes.metadata } as never,
    spec: { ...spec, suspend: false, ...changes.spec },
  };
}
const sized = (template: object, count: number, values: Record<string, unknown>): DesiredApp[] => {
  const spec = { generators: [], template: { metadata: { name: "{{ .name }}" }, spec: template } };
  const elements = Array.from({ length: count }, (_, index) => ({ name: `a${index}`, ...values }));
  return desiredApps({ spec } as unknown as OverseerAppSet, listParameters(elements, "spec.generators[0]"));
};
const plan = (apps: readonly DesiredApp[], lives: readonly LiveApp[]) =>
  planApps(
    identity,
    apps,
    lives.filter(({ metadata }) => metadata.labels?.[LABEL_APP_SET] === "fleet"),
    (name) => lives.find(({ metadata }) => metadata.name === name),
  );

describe("The apps of a set", () => {
  it("have a limit of their size, alone and together, which is checked before texts are joined", () => {
    const long = "x".repeat(120 * 1024);
    const fields = (count: number, text: string) => ({
      env: Array.from({ length: count }, () => ({ value: text })),
    });
    const before = process.memoryUsage().heapUsed;
    for (const text of ["{{ .long }}", "{{ .long }}-", "{{ .long | slug }}"])
      expect(() => sized(fields(40, text), 1000, { long }), text).to.throw(
        "the app for spec.generators[0].list.elements[0] is larger than 256 KiB: use fewer or shorter parameters in spec.template",
      );
    expect(() => sized({ all: "{{ .list }}" }, 1, { list: [Array(3).fill(long)] })).to.throw("larger than 256 KiB");
    expect(() => sized({ a: "{{ .long }}-" }, 1000, { long })).to.throw(
      "the apps of the set are larger than 32 MiB together: split the set into several, or use shorter parameters",
    );
    expect(() => sized({ a: long }, 1000, {})).to.throw("larger than 32 MiB together");
    expect(process.memoryUsage().heapUsed - before).to.be.lessThan(256 * 1024 * 1024);
    expect(sized({ values: "x".repeat(6 * 1024) }, 5000, {})).to.have.length(5000);
  });

  it("get name, labels and spec from the template, and what proves whose they are", () => {
    const [app] = desired("web");
    expect(documentOf(set, app as DesiredApp, "u")).to.deep.include({
      kind: "OverseerApp",
      metadata: {
        name: "web",
        namespace: "shop",
        uid: "u",
        labels: { tier: "gold", [LABEL_APP_SET]: "fleet" },
        annotations: { [ANNOTATION_APP_SET]: `set-uid/web#${app?.hash}` },
      },
    });
  });

  const faults: readonly (readonly [what: string, template: object, message: RegExp])[] = [
    [
      "two apps of one name",
      { metadata: { name: "web" } },
      /makes the name web twice, for spec\.generators\[0\].*\[0\] and .*\[1\]/,
    ],
    [
      "a name that is too long",
      { metadata: { name: `${"x".repeat(54)}{{ .name }}` } },
      /which is not valid: a name has at most 53/,
    ],
    ["a name with other characters", { metadata: { name: "A_{{ .name }}" } }, /"A_a".*not valid/],
    [
      "a label of the operator",
      { metadata: { name: "{{ .name }}", labels: { [LABEL_APP_SET]: "x" } } },
      /is set by the operator/,
    ],
    ["a missing parameter", { metadata: { name: "{{ .nome }}" } }, /metadata\.name uses \{\{ \.nome \}\}/],
  ];
  for (const [what, template, message] of faults) {
    it(`are rejected for ${what}`, () => {
      const changed = { spec: { ...set.spec, template: { ...set.spec.template, ...template } } } as never;
      expect(() =>
        desiredApps(
          changed,
          listParameters(
            [
              { name: "a", tier: "b" },
              { name: "c", tier: "d" },
            ],
            "spec.generators[0]",
          ),
        ),
      ).to.throw(message);
    });
  }

  it("that are live as the template says are not written, whatever others have added", () => {
    const added = live("a", { spec: { suspend: true, suspendReason: "bob" }, metadata: { finalizers: ["x"] } });
    expect(plan(desired("a"), [added])).to.deep.include({ creates: [], updates: [], candidates: [], conflicts: [] });
  });

  it("are created, restored, updated and deleted", () => {
    const edited = live("b", { spec: { source: { path: "elsewhere", env: [{ name: "A", value: "1" }] } } });
    const old = live("c", { metadata: { annotations: { [ANNOTATION_APP_SET]: "set-uid/c#old" } } });
    const result = plan(desired("a", "b", "c"), [edited, old, live("d")]);
    expect(result.creates.map(({ name }) => name)).to.deep.equal(["a"]);
    expect(result.updates.map(({ desired: { name }, restores }) => [name, restores])).to.deep.equal([
      ["b", true],
      ["c", false],
    ]);
    expect(result.candidates.map(({ metadata }) => metadata.name)).to.deep.equal(["d"]);
  });

  it("are never taken from others, and a copy or an app that was handed over is adopted, never deleted", () => {
    const label = (value: string | undefined) => (value === undefined ? {} : { [LABEL_APP_SET]: value });
    const app = (name: string, owner: string | undefined, applied = "other/x#1"): LiveApp =>
      live(name, { metadata: { labels: label(owner), annotations: { [ANNOTATION_APP_SET]: applied } } });
    expect(ownershipOf(identity, app("a", undefined, "set-uid/a#1"))).to.equal("Foreign");
    expect(ownershipOf(identity, app("a", "other", "set-uid/a#1"))).to.equal("Foreign");
    expect(ownershipOf(identity, app("a", "fleet", "set-uid/b#1"))).to.equal("Claimed");
    expect(ownershipOf(identity, app("a", "fleet", "set-uid/a#1"))).to.equal("Owned");
    const result = plan(desired("a", "b", "c"), [
      app("a", undefined),
      app("b", "other"),
      app("c", "fleet"),
      app("copy", "fleet"),
    ]);
    expect(result.conflicts[0]).to.match(
      /^OverseerApp a .* exists and does not belong to this set: .* kubectl label overseerapp a gitops/,
    );
    expect(result.conflicts[1]).to.match(/belongs to OverseerAppSet other/);
    expect(result.updates.map(({ desired: { name } }) => name)).to.deep.equal(["c"]);
    expect(result.candidates).to.deep.equal([]);
    expect(result.left.map(({ metadata }) => metadata.name)).to.deep.equal(["copy"]);
  });

  it("are not created for submodules that are not read, but kept, and the set says so", () => {
    const [added, kept, others] = desired("added", "kept", "others").map((one) => ({ ...one, submodule: one.name }));
    const apps = [added, kept, others] as DesiredApp[];
    const foreign = live("others", { metadata: { labels: {} } });
    const { creates, updates, candidates, conflicts, submodules } = plan(apps, [live("kept"), foreign]);
    expect({ creates, updates, candidates, conflicts }).to.deep.equal({
      creates: [],
      updates: [],
      candidates: [],
      conflicts: [],
    });
    expect(submodules).to.deep.equal(["added", "others"]);
    const message = (names: readonly string[]) =>
      setConditions({ kind: "upToDate", apps: 1, submodules: names })[0]?.message;
    expect(message([])).to.equal("1 app is up to date");
    expect(message(["a", "a", "b", "c", "d"])).to.equal(
      "1 app is up to date; there is no app for a, b, c and 1 more, since submodules are not read: set recurseSubmodules of the GitRepository, or exclude them",
    );
  });

  it("are left alone while they are paused or being deleted", () => {
    const annotations = { "gitops.overseer.io/reconcile": "disabled", [ANNOTATION_APP_SET]: "set-uid/a#old" };
    const gone = live("b", { metadata: { deletionTimestamp: "2026-01-01T00:00:00Z" } });
    const result = plan(desired("a", "b"), [live("a", { metadata: { annotations } }), gone]);
    expect(result).to.deep.include({ creates: [], updates: [], leaving: ["b"], candidates: [] });
  });
});

describe("The comparison of apps", () => {
  it("knows which lists of the spec are merged", async () => {
    const text = await readFile(join(repositoryRoot(), "crds/gitops.overseer.io_overseerapps.yaml"), "utf8");
    interface Schema {
      readonly properties?: Record<string, Schema>;
      readonly items?: Schema;
      readonly "x-kubernetes-list-type"?: string;
      readonly "x-kubernetes-list-map-keys"?: readonly string[];
    }
    const found: [string, string][] = [];
    const walk = (schema: Schema, path: string): void => {
      if (schema["x-kubernetes-list-type"] === "map")
        found.push([path, (schema["x-kubernetes-list-map-keys"] ?? []).join()]);
      for (const [key, child] of Object.entries(schema.properties ?? {}))
        walk(child, path === "" ? key : `${path}.${key}`);
      if (schema.items) walk(schema.items, `${path}[]`);
    };
    const definition = load(text) as {
      spec: { versions: { schema: { openAPIV3Schema: { properties: { spec: Schema } } } }[] };
    };
    walk(definition.spec.versions[0]?.schema.openAPIV3Schema.properties.spec as Schema, "");
    expect(found.sort()).to.deep.equal([...MERGED_LISTS].sort());
  });

  it("ignores what is not desired, and compares lists as the API server merges them", () => {
    expect(covers({ a: 1, b: 2 }, { a: 1 })).to.equal(true);
    expect(covers({ a: 1 }, { a: 1, c: null })).to.equal(true);
    expect(covers({ dependsOn: [{ name: "a" }, { name: "b" }] }, { dependsOn: [{ name: "a" }] })).to.equal(false);
    const env = (...names: string[]) => ({ source: { env: names.map((name) => ({ name, value: "1" })) } });
    expect(covers(env("X", "A"), env("A"))).to.equal(true);
    expect(covers(env("X"), env("A"))).to.equal(false);
  });

  it("holds for any value and itself, and after anything was added", () => {
    const json = fc.jsonValue();
    fc.assert(fc.property(json, (value) => covers(value, value)));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), json), fc.string(), json, (value, key, extra) => {
        const more = Object.hasOwn(value, key) ? value : { ...value, [key]: extra };
        expect(covers(more, value)).to.equal(true);
      }),
    );
  });
});
