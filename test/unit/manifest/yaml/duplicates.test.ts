import { expect } from "chai";
import type { KubeObject } from "../../../../src/manifest/document.js";
import { ManifestError } from "../../../../src/manifest/manifest-error.js";
import { describeDuplicate, findDuplicates } from "../../../../src/manifest/yaml/duplicates.js";
import { prepareManifests } from "../../../../src/manifest/yaml/prepare.js";

function object(apiVersion: string, kind: string, rest: Record<string, unknown>): KubeObject {
  return { apiVersion, kind, metadata: { name: "a" }, ...rest };
}

function found(candidate: KubeObject): string[] {
  return findDuplicates(candidate).map(({ path, key, indexes }) => `${path} ${key} ${indexes.join("+")}`);
}

const deployment = (spec: unknown): KubeObject => object("apps/v1", "Deployment", { spec: { template: { spec } } });

describe("findDuplicates", () => {
  const cases: readonly [name: string, candidate: KubeObject, expected: readonly string[]][] = [
    [
      "environment variables",
      deployment({ containers: [{ name: "x" }, { name: "y", env: [{ name: "A" }, { name: "B" }, { name: "A" }] }] }),
      ['.spec.template.spec.containers[1].env name "A" 0+2'],
    ],
    [
      "environment variables of init containers",
      deployment({ initContainers: [{ name: "x", env: [{ name: "A" }, { name: "A" }] }] }),
      ['.spec.template.spec.initContainers[0].env name "A" 0+1'],
    ],
    [
      "container ports; a protocol left out is TCP, other fields do not count",
      deployment({
        containers: [
          {
            name: "x",
            ports: [
              { containerPort: 53 },
              { containerPort: 53, protocol: "UDP" },
              { containerPort: 53, protocol: "TCP", hostPort: 1 },
            ],
          },
        ],
      }),
      ['.spec.template.spec.containers[0].ports containerPort 53, protocol "TCP" 0+2'],
    ],
    [
      "names of containers, volumes, pull secrets, mounts and host aliases",
      deployment({
        containers: [
          {
            name: "x",
            volumeMounts: [
              { mountPath: "/a", name: "v" },
              { mountPath: "/a", name: "w" },
            ],
          },
          { name: "x" },
        ],
        volumes: [{ name: "v" }, { name: "v" }],
        imagePullSecrets: [{ name: "p" }, { name: "p" }],
        hostAliases: [{ ip: "1.1.1.1" }, { ip: "1.1.1.1" }],
      }),
      [
        '.spec.template.spec.containers name "x" 0+1',
        '.spec.template.spec.containers[0].volumeMounts mountPath "/a" 0+1',
        '.spec.template.spec.volumes name "v" 0+1',
        '.spec.template.spec.hostAliases ip "1.1.1.1" 0+1',
        '.spec.template.spec.imagePullSecrets name "p" 0+1',
      ],
    ],
    [
      "atomic lists may repeat",
      deployment({
        tolerations: [{ key: "a" }, { key: "a" }],
        containers: [
          { name: "x", args: ["a", "a"], envFrom: [{}, {}], volumeMounts: [{ mountPath: "/a" }, { mountPath: "/b" }] },
        ],
      }),
      [],
    ],
    [
      "the same name in init and other containers",
      deployment({ containers: [{ name: "x" }], initContainers: [{ name: "x" }] }),
      [],
    ],
    [
      "Service ports",
      object("v1", "Service", {
        spec: {
          ports: [
            { port: 80, name: "a" },
            { port: 80, name: "b", protocol: "TCP" },
            { port: 80, protocol: "UDP" },
          ],
        },
      }),
      ['.spec.ports port 80, protocol "TCP" 0+1'],
    ],
    [
      "a CronJob",
      object("batch/v1", "CronJob", {
        spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: "x" }, { name: "x" }] } } } } },
      }),
      ['.spec.jobTemplate.spec.template.spec.containers name "x" 0+1'],
    ],
    [
      "webhooks and their conditions",
      object("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", {
        webhooks: [{ name: "a", matchConditions: [{ name: "m" }, { name: "m" }] }, { name: "a" }],
      }),
      ['.webhooks name "a" 0+1', '.webhooks[0].matchConditions name "m" 0+1'],
    ],
    [
      "custom resources: only their metadata",
      object("example.com/v1", "Deployment", {
        spec: { template: { spec: { containers: [{ name: "x" }, { name: "x" }] } } },
      }),
      [],
    ],
    [
      "finalizers and owners of anything",
      {
        apiVersion: "example.com/v1",
        kind: "Probe",
        metadata: { name: "a", finalizers: ["x", "y", "x"], ownerReferences: [{ uid: "1" }, { uid: "1" }] },
      },
      ['.metadata.finalizers "x" 0+2', '.metadata.ownerReferences uid "1" 0+1'],
    ],
    [
      "what has another shape",
      deployment({ containers: { name: "x" }, volumes: [null, 1, {}, {}], initContainers: [null] }),
      [],
    ],
  ];
  for (const [name, candidate, expected] of cases) {
    it(name, () => {
      expect(found(candidate)).to.deep.equal(expected);
    });
  }

  it("is reported with its place, for every object of the file", () => {
    const bad = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}, {port: 80}]}\n";
    try {
      prepareManifests(`${bad}---\n${bad.replace("web", "db")}`, "apps/svc.yaml");
      expect.fail("it was taken");
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      expect(error.message).to.equal(
        'apps/svc.yaml:1: Service web: .spec.ports lists port 80, protocol "TCP" twice (items 0 and 1); ' +
          "the API server rejects duplicates, so remove one (and 1 more in this file)",
      );
      expect(error.problems.map(({ line, object: name }) => `${line} ${name}`)).to.deep.equal([
        "1 Service web",
        "6 Service db",
      ]);
    }
  });

  it("has a text for one", () => {
    expect(describeDuplicate({ path: ".a", key: 'name "x"', indexes: [0, 3] })).to.equal(
      '.a lists name "x" twice (items 0 and 3); the API server rejects duplicates, so remove one',
    );
  });
});
