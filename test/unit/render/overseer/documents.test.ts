import { expect } from "chai";
import { CORE_OBJECT_SPECS, isCoreObjectKind } from "../../../../src/api/core/objects.js";
import { app, expandFiles, expandText, placesOf } from "./support/expand.js";

function document(kind: string, spec: string, name = "x"): string {
  return `apiVersion: overseer.io/v1\nkind: ${kind}\nmetadata:\n  name: ${name}\nspec:\n${spec.replaceAll(/^/gm, "  ")}\n`;
}

const OK = "services: {web: {image: x}}";

describe("documents: schema errors", () => {
  const cases: readonly [title: string, text: string, ...problems: string[]][] = [
    ["an unknown field", app(OK, "  targetnode: a\n"), "6 spec.targetnode: unknown field; did you mean targetNode?"],
    [
      "a field of nobody",
      document("Node", "zzzzzz: 1"),
      "6 spec.zzzzzz: unknown field; expected one of description, labels, schedulable",
    ],
    [
      "an unknown field deep inside",
      app(OK, "  routes:\n    - host: a.example.com\n      pth: /x\n"),
      "8 spec.routes[0].pth: unknown field; did you mean path?",
    ],
    [
      "a missing field",
      document("Route", "app: web\nhost: a.example.com\nport: 80"),
      "5 spec.service: is missing: service of the app's Compose document",
    ],
    [
      "a missing spec",
      "apiVersion: overseer.io/v1\nkind: Policy\nmetadata: {name: x}",
      "1 spec: is missing: spec of the policy",
    ],
    [
      "text for a number",
      document("Route", "app: web\nhost: a.example.com\nservice: web\nport: http"),
      "9 spec.port: expected a number, found text",
    ],
    ["a list for a mapping", app(OK, "  backup: []\n"), "6 spec.backup: expected a mapping, found a list"],
    [
      "a port that is too large",
      app(OK, "  routes: [{host: a.example.com, port: 70000}]\n"),
      "6 spec.routes[0].port: expected at most 65535",
    ],
    [
      "no host name",
      app(OK, "  domain: https://a\n"),
      "6 spec.domain: expected a host name in lowercase, like cloud.example.com",
    ],
    [
      "no path",
      app(OK, "  routes: [{path: x}]\n"),
      "6 spec.routes[0].path: expected a path that starts with /, like /api, without a slash at its end, //, . or .. as a segment, and with only letters, digits and - . _ ~ ! $ & ' ( ) + , ; = : @ between slashes",
    ],
    [
      "no cron line",
      app(OK, "  backup: {schedule: nightly}\n"),
      '6 spec.backup.schedule: expected a cron line of five fields, like "0 2 * * *"',
    ],
    ["days", app(OK, "  backup: {retention: {days: 0}}\n"), "6 spec.backup.retention.days: expected at least 1"],
    [
      "cpus",
      app(OK, "  resources: {cpus: many}\n"),
      "6 spec.resources.cpus: expected a number of CPUs greater than 0, like 0.5",
    ],
    [
      "memory",
      app(OK, "  resources: {memory: 1 GB}\n"),
      "6 spec.resources.memory: expected an amount of memory, like 512m or 2g",
    ],
    [
      "the name of a variable",
      app(OK, "  env:\n    A-B: x\n"),
      "7 spec.env.A-B: expected a name of letters, digits and _",
    ],
    [
      "the value of a variable",
      app(OK, "  env:\n    A: [x]\n"),
      "7 spec.env.A: expected text, a number, or true or false",
    ],
    [
      "the name of a document",
      document("Node", "{}", "Node_1"),
      "4 metadata.name: expected lowercase letters, digits and - between them",
    ],
    [
      "too many files",
      document("App", `composeFiles: [${"a.yaml, ".repeat(11)}]`),
      "6 spec.composeFiles: expected at most 10 items",
    ],
    [
      "both places of a Compose document",
      app(OK, "  composeFiles: [a.yaml]\n"),
      "5 spec: has both compose and composeFiles; expected exactly one of them",
    ],
    [
      "no Compose document",
      document("App", "domain: a.example.com"),
      "5 spec: has neither compose nor composeFiles; expected exactly one of them",
    ],
    [
      "a policy of two types",
      document("Policy", "backup: {}\nnetwork: {isolated: true}"),
      "5 spec: expected exactly one of backup, placement, resources, network, storage, hostAccess",
    ],
    [
      "a limit above that of a policy",
      `${document("Policy", "resources: {memory: 1g}", "p")}\n---\n${document("App", "compose: {services: {web: {image: w, mem_limit: 2g}}}")}`,
      "14 spec.compose.services.web.mem_limit: exceeds the limit of a Policy, 1g: set at most that, or change spec.resources of the Policy",
    ],
    ...["-1", "3g"].map((swap): [string, string, string] => [
      `memory and swap of ${swap}, above those that a policy leaves`,
      `${document("Policy", "resources: {memory: 1g}", "p")}\n---\n${document("App", `compose: {services: {web: {image: w, memswap_limit: ${swap}}}}`)}`,
      "14 spec.compose.services.web.memswap_limit: exceeds twice the memory limit of a Policy, 1g: remove it, or change spec.resources of the Policy",
    ]),
    ["an unknown kind", document("Policies", "{}"), "2 kind: unknown kind of overseer.io/v1; did you mean Policy?"],
    [
      "a kind of Kubernetes",
      document("Deployment", "{}"),
      "2 kind: unknown kind of overseer.io/v1; expected one of App, Node, Route, Policy, Secret",
    ],
    [
      "another version",
      document("App", "{}").replace("/v1", "/v2"),
      "1 apiVersion: is not read by this version; expected overseer.io/v1",
    ],
    [
      "two things",
      app(OK, "  domain: X\n  tagetNode: y\n"),
      "6 spec.domain: expected a host name in lowercase, like cloud.example.com",
      "7 spec.tagetNode: unknown field; did you mean targetNode?",
    ],
  ];
  for (const [title, text, ...expected] of cases) {
    it(title, async () => {
      expect(await placesOf(expandText(text))).to.deep.equal(expected.map((problem) => `app.yaml:${problem}`));
    });
  }

  it("never shows the value of a variable", async () => {
    for (const value of ["[CANARY]", "{CANARY: CANARY}", "{a: CANARY}"]) {
      for (const place of await placesOf(expandText(app(OK, `  env:\n    A: ${value}\n    B-: CANARY\n`)))) {
        expect(place).not.to.include("CANARY");
      }
    }
  });
});

describe("documents: expanded Route, Node and Policy", () => {
  const cases: readonly [title: string, text: string, objects: object, notes?: string[]][] = [
    [
      "a Route",
      document("Route", "app: web\nhost: a.example.com\nservice: web\nport: 80\nauth: oidc"),
      {
        "Route a.example.com/": {
          host: "a.example.com",
          path: "/",
          app: "web",
          target: "web:80",
          tls: true,
          auth: "oidc",
        },
      },
    ],
    [
      "a Node",
      document("Node", "labels: {disk: ssd}", "node-1"),
      { "NodeConfig node-1": { config: { labels: { disk: "ssd" }, schedulable: true } } },
    ],
    [
      "a Node without anything",
      "apiVersion: overseer.io/v1\nkind: Node\nmetadata: {name: node-2}\n",
      { "NodeConfig node-2": { config: { labels: {}, schedulable: true } } },
    ],
    [
      "a backup policy of two apps",
      document("Policy", "apps: [a, b]\nbackup: {enabled: false}", "p"),
      {
        "BackupPolicy p-a": { app: "a", enabled: false, schedule: "0 3 * * *", retentionDays: 7 },
        "BackupPolicy p-b": { app: "b", enabled: false, schedule: "0 3 * * *", retentionDays: 7 },
      },
    ],
    [
      "a backup policy of every app",
      document("Policy", "backup: {retention: {days: 30}}", "p"),
      { "BackupPolicy p": { enabled: true, schedule: "0 3 * * *", retentionDays: 30 } },
    ],
    [
      "labels of the node, of the app and of a policy",
      `${document("Policy", "placement: {nodeLabels: {disk: ssd, zone: a}}", "p")}\n---\n${document("App", "compose: {services: {web: {image: w}}}\nnodeLabels: {zone: b}")}`,
      {
        "App x": {
          compose: { services: { web: { image: "w" } } },
          secrets: [],
          nodeLabels: { disk: "ssd", zone: "b" },
        },
      },
    ],
    [
      "a policy that a Core does not have",
      document("Policy", "storage: {size: 1Gi}", "p"),
      {},
      ["spec.storage: has no effect on an Overseer Core: volumes of its nodes have neither classes nor sizes"],
    ],
    [
      "what policies deny an app on its node",
      [
        document("Policy", "hostAccess: {paths: [/srv/$a]}", "p"),
        document("Policy", "hostAccess: {paths: [/mnt], dockerSocket: true, externalVolumes: true}\napps: [x]", "q"),
        document("Policy", "hostAccess: {paths: [/etc]}\napps: [y]", "r"),
        document("Policy", "network: {isolated: true}", "s"),
        document("App", "compose: {services: {web: {image: w}}}"),
      ].join("\n---\n"),
      {
        "App x": {
          compose: {
            services: { web: { image: "w" } },
            "x-overseer-policy": {
              isolated: true,
              hostAccess: { paths: ["/srv/$$a", "/mnt"], dockerSocket: true, externalVolumes: true },
            },
          },
          secrets: [],
        },
      },
    ],
    [
      "limits of a policy, for each service that sets none",
      `${document("Policy", "resources: {cpus: 2, memory: 1g}", "p")}\n---\n${document(
        "App",
        "compose: {services: {x: {image: w}, a: {image: w, mem_limit: 512m, cpu_quota: 50000}}}\nresources: {cpus: 1}",
      )}`,
      {
        "App x": {
          compose: {
            services: {
              x: { image: "w", deploy: { resources: { limits: { cpus: "1", memory: "1g" } } } },
              a: {
                image: "w",
                mem_limit: "512m",
                cpu_quota: 50000,
                deploy: { resources: { limits: { memory: "512m" } } },
              },
            },
          },
          secrets: [],
        },
      },
    ],
  ];
  for (const [title, text, objects, notes = []] of cases) {
    it(title, async () => {
      const result = await expandText(text);
      const found = result.documents.map(({ id, object }) => [`${id.kind} ${id.name}`, object.spec] as const);
      expect(Object.fromEntries(found)).to.deep.equal(objects);
      expect(result.notes.map(({ message }) => message)).to.deep.equal(notes);
      for (const { object } of result.documents) {
        if (!isCoreObjectKind(object.kind)) throw new Error(object.kind);
        CORE_OBJECT_SPECS[object.kind].parse(object.spec);
      }
    });
  }

  it("names that are too long together are refused", async () => {
    const name = "p".repeat(40);
    const [place] = await placesOf(expandText(document("Policy", `apps: [${"a".repeat(40)}]\nbackup: {}`, name)));
    expect(place).to.match(/^app\.yaml:6 spec\.apps\[0\]: the name .* would have more than 63 characters/);
  });

  it("rejects two apps with the same name in different namespaces, because a Core identifies apps by name", async () => {
    const other = app(OK).replace("name: web", "name: web\n  namespace: other");
    const places = await placesOf(expandFiles({ "a.yaml": app(OK), "b.yaml": other }));
    expect(places).to.deep.equal([
      "b.yaml:4 metadata.name: App web is defined twice, first in a.yaml:1: App web: metadata.name; remove one of the two. " +
        "A Core knows apps by their name alone, whatever their namespace",
    ]);
  });
});

describe("documents: destination", () => {
  const deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n";

  it("objects of Kubernetes do not go to a Core, and the message says where they go", async () => {
    expect(await placesOf(expandFiles({ "a.yaml": app(OK), "k8s/web.yaml": deployment }))).to.deep.equal([
      "k8s/web.yaml:1 apps/v1 Deployment goes to Kubernetes; an app with destination.overseer takes overseer.io/v1 documents " +
        "only: leave the file out with source.exclude or give it an app with destination.kubernetes",
    ]);
    const { documents } = await expandFiles({ "a.yaml": app(OK), "k8s/web.yaml": deployment }, { exclude: ["k8s"] });
    expect(documents).to.have.length(1);
  });

  it("documents in a source for Kubernetes are compiled beside its manifests", async () => {
    const { documents } = await expandFiles(
      { "a.yaml": app(OK), "b.yaml": document("Node", "{}"), "c.yaml": deployment.replace("web", "other") },
      { target: "kubernetes" },
    );
    expect(documents.map(({ id }) => `${id.kind} ${id.name}`)).to.deep.equal([
      "Service web",
      "Deployment other",
      "Deployment web",
    ]);
  });
});
