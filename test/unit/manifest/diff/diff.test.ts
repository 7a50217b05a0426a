import { expect } from "chai";
import { diffObjects } from "../../../../src/manifest/diff/diff.js";
import type { KubeObject } from "../../../../src/manifest/document.js";

function configMap(data: unknown, metadata: Record<string, unknown> = {}): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", ...metadata }, data } as KubeObject;
}

function deployment(spec: unknown): KubeObject {
  return { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "a" }, spec: { template: { spec } } };
}

/** `op path: from → to` of each entry. */
function shown(from: KubeObject, to: KubeObject, max?: number): string[] {
  return diffObjects(from, to, max).entries.map(({ op, path, from: before = "", to: after = "" }) =>
    `${op} ${path}: ${before} → ${after}`.trimEnd(),
  );
}

describe("diffObjects", () => {
  const cases: readonly [name: string, from: KubeObject, to: KubeObject, expected: readonly string[]][] = [
    ["nothing", configMap({ a: "1" }), configMap({ a: "1" }), []],
    [
      "fields that come, go and change, in a stable order",
      configMap({ b: "x", c: "y", d: { e: [] } }),
      configMap({ c: "z", a: "x", d: { e: {} } }),
      ["add .data.a:  → x", "remove .data.b: x →", "change .data.c: y → z", "change .data.d.e: [] → {}"],
    ],
    [
      "types, where the text is the same",
      configMap({ a: "5", b: "true", c: null, d: "" }),
      configMap({ a: 5, b: true, c: "null", d: " " }),
      [
        'change .data.a: "5" → 5',
        'change .data.b: "true" → true',
        'change .data.c: null → "null"',
        'change .data.d: "" → " "',
      ],
    ],
    [
      "containers by name",
      deployment({
        containers: [
          { name: "web", image: "w:1" },
          { name: "side", image: "s:1" },
        ],
      }),
      deployment({
        containers: [
          { name: "web", image: "w:2" },
          { name: "extra", image: "e:1" },
        ],
      }),
      [
        "change .spec.template.spec.containers[web].image: w:1 → w:2",
        'remove .spec.template.spec.containers[side]: {"image":"s:1","name":"side"} →',
        'add .spec.template.spec.containers[extra]:  → {"image":"e:1","name":"extra"}',
      ],
    ],
    [
      "ports by number and protocol",
      deployment({
        containers: [{ name: "web", ports: [{ containerPort: 53 }, { containerPort: 53, protocol: "UDP" }] }],
      }),
      deployment({
        containers: [
          {
            name: "web",
            ports: [
              { containerPort: 53, protocol: "TCP" },
              { containerPort: 53, protocol: "UDP", name: "dns" },
            ],
          },
        ],
      }),
      [
        "add .spec.template.spec.containers[web].ports[53/TCP].protocol:  → TCP",
        "add .spec.template.spec.containers[web].ports[53/UDP].name:  → dns",
      ],
    ],
    [
      "other lists by what names their items",
      deployment({
        containers: [{ name: "x", volumeMounts: [{ mountPath: "/a" }] }],
        hostAliases: [{ ip: "1.1.1.1", hostnames: ["a"] }],
      }),
      deployment({
        containers: [{ name: "x", volumeMounts: [{ mountPath: "/a", readOnly: true }] }],
        hostAliases: [{ ip: "1.1.1.1", hostnames: ["b"] }],
      }),
      [
        "add .spec.template.spec.containers[x].volumeMounts[/a].readOnly:  → true",
        "change .spec.template.spec.hostAliases[1.1.1.1].hostnames[0]: a → b",
      ],
    ],
    [
      "another order",
      deployment({ initContainers: [{ name: "a" }, { name: "b" }, { name: "c" }] }),
      deployment({ initContainers: [{ name: "b" }, { name: "d" }, { name: "a" }] }),
      [
        'remove .spec.template.spec.initContainers[c]: {"name":"c"} →',
        'add .spec.template.spec.initContainers[d]:  → {"name":"d"}',
        "change .spec.template.spec.initContainers: order: a, b → order: b, a",
      ],
    ],
    [
      "lists without a key by position",
      deployment({ tolerations: [{ key: "a" }, { operator: "Exists" }] }),
      deployment({ tolerations: [{ key: "b" }, { operator: "Exists" }, { key: "c" }] }),
      [
        "change .spec.template.spec.tolerations[0].key: a → b",
        'add .spec.template.spec.tolerations[2]:  → {"key":"c"}',
      ],
    ],
    [
      "lists of text: the whole when the length differs",
      deployment({ args: ["a", "b", "c"], same: ["a", "b"] }),
      deployment({ args: ["a", "c"], same: ["a", "x"] }),
      ['change .spec.template.spec.args: ["a","b","c"] → ["a","c"]', "change .spec.template.spec.same[1]: b → x"],
    ],
    [
      "keys that are no words",
      configMap({}, { labels: { "app.kubernetes.io/name": "x" } }),
      configMap({ "a.b": "1x", "line\nend": "x" }, { labels: { "app.kubernetes.io/name": "y" } }),
      ["add .data[a.b]:  → 1x", "add .data[line?end]:  → x", "change .metadata.labels[app.kubernetes.io/name]: x → y"],
    ],
    [
      "the server's bookkeeping and our own marks do not count",
      {
        ...configMap(
          {},
          { uid: "1", resourceVersion: "1", generation: 1, creationTimestamp: "x", managedFields: [{}] },
        ),
        status: { a: 1 },
      },
      configMap(
        {},
        {
          labels: { "gitops.overseer.io/app": "x" },
          annotations: { "gitops.overseer.io/applied": "x", "gitops.overseer.io/identity": "y" },
        },
      ),
      [],
    ],
  ];
  for (const [name, from, to, expected] of cases) {
    it(name, () => expect(shown(from, to)).to.deep.equal(expected));
  }

  it("cuts long values and says how long they are", () => {
    const [entry] = diffObjects(
      configMap({ a: "x".repeat(20_000) }),
      configMap({ a: `${"x".repeat(20_000)}y` }),
    ).entries;
    expect(entry?.from).to.equal(`${"x".repeat(16_000)}… (20000 characters)`);
    expect(entry?.to).to.equal(`${"x".repeat(16_000)}… (20001 characters)`);
  });

  it("holds a bounded number of entries and counts the rest", () => {
    const data = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`k${i}`, "v"]));
    const { entries, omitted } = diffObjects(configMap({}), configMap(data), 3);
    expect(entries.map(({ path }) => path)).to.deep.equal([".data.k0", ".data.k1", ".data.k2"]);
    expect(omitted).to.equal(7);
  });
});
