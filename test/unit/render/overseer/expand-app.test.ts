import { expect } from "chai";
import { CORE_OBJECT_SPECS, isCoreObjectKind } from "../../../../src/api/core/objects.js";
import type { RenderResult } from "../../../../src/render/request.js";
import { app, expandFiles, expandText, placesOf, specOf } from "./support/expand.js";

const ONE = "services:\n  server: {image: x, ports: ['8080:3000', '53:53/udp']}";
const TWO = "services:\n  web: {image: x, expose: [4000]}\n  db: {image: y}";
const OTHERS = "services:\n  a: {image: x}\n  b: {image: y}";

function routes(result: RenderResult): string[] {
  return result.documents
    .filter(({ id }) => id.kind === "Route")
    .map(({ id, object }) => {
      const { target, tls, auth } = object.spec as Record<string, unknown>;
      return `${id.name} ${target} ${tls} ${auth ?? "-"}`;
    });
}

describe("an App document: the expanded objects", () => {
  it("is an object for each resource of a Core, in the form that is agreed on", async () => {
    const spec = [
      "  description: d",
      "  domain: web.example.com",
      "  targetNode: node-1",
      "  backup: {}",
      "  env: {TAG: 3, DEBUG: true}",
    ];
    const compose =
      "services: {web: {image: 'x:${TAG}', user: '${DEBUG}', command: '${SECRET:b} ${SECRET:a} ${SECRET:b}'}}";
    const text = app(compose, `${spec.join("\n")}\n`).replace("name: web", "name: web\n  namespace: production");
    const result = await expandText(text);
    expect(result.documents.map(({ key }) => key)).to.have.members([
      "core.overseer.io/App//web",
      "core.overseer.io/BackupPolicy//web",
      "core.overseer.io/Route//web.example.com/",
    ]);
    for (const { object } of result.documents) {
      if (!isCoreObjectKind(object.kind)) throw new Error(object.kind);
      expect(CORE_OBJECT_SPECS[object.kind].parse(object.spec)).to.deep.equal(object.spec);
      expect(object).to.have.all.keys("apiVersion", "kind", "metadata", "spec");
      expect(object.apiVersion).to.equal("core.overseer.io/v1");
    }
    expect(specOf(result, "App")).to.deep.equal({
      namespace: "production",
      description: "d",
      domain: "web.example.com",
      node: "node-1",
      compose: { services: { web: { image: "x:3", user: "true", command: "${SECRET:b} ${SECRET:a} ${SECRET:b}" } } },
      secrets: ["a", "b"],
    });
    expect(specOf(result, "BackupPolicy")).to.deep.equal({
      app: "web",
      enabled: true,
      schedule: "0 3 * * *",
      retentionDays: 7,
    });
  });

  it("takes variables of its own before those of the OverseerApp", async () => {
    const text = app("services: {web: {image: '${A}:${B}'}}", "  env: {A: own}\n");
    const result = await expandText(text, { env: { A: "theirs", B: "theirs" } });
    expect(specOf(result, "App").compose).to.deep.equal({ services: { web: { image: "own:theirs" } } });
  });

  it("collects the secrets of variables, also of those that are passed through", async () => {
    const text = app(
      "services: {web: {image: x, environment: {A: , B: '$${SECRET:no}', C: '${C}'}}}",
      "  env: {A: '${SECRET:one}', C: '${SECRET:two}'}\n",
    );
    expect(specOf(await expandText(text), "App").secrets).to.deep.equal(["one", "two"]);
  });

  it("carries annotations of our group on each of its objects, and no others", async () => {
    const annotations = "annotations: {gitops.overseer.io/prune: disabled, example.com/x: y}, labels: {a: b}";
    const text = app(ONE, "  backup: {}\n").replace("metadata:\n  name: web", `metadata: {name: web, ${annotations}}`);
    for (const { object } of (await expandText(text)).documents) {
      expect(object.metadata.annotations).to.deep.equal({ "gitops.overseer.io/prune": "disabled" });
      expect(object.metadata.labels).to.equal(undefined);
    }
  });

  it("has a hash that depends on values, not on comments or the order of keys", async () => {
    const hashes = async (text: string): Promise<string[]> =>
      (await expandText(text)).documents.map(({ hash, key }) => `${key} ${hash}`);
    const first = await hashes(
      app("services:\n  web: {image: x, user: y}\n  db: {image: z}", "  domain: a.example.com\n"),
    );
    const second = await hashes(
      "# a comment\nkind: App\nspec:\n  compose:\n    services:\n      db: {image: z} # another\n      web: {user: y, image: x}\n" +
        "  domain: a.example.com\nmetadata: {name: web}\napiVersion: overseer.io/v1\n",
    );
    expect(second).to.deep.equal(first);
    const third = await hashes(
      app("services:\n  web: {image: x, user: z}\n  db: {image: z}", "  domain: a.example.com\n"),
    );
    expect(third[0]).not.to.equal(first[0]);
    expect(third[1]).to.equal(first[1]);
  });
});

describe("an App document: routes", () => {
  const cases: readonly [title: string, compose: string, rest: string, routes: string[], note?: string][] = [
    ["none", ONE, "", []],
    ["a domain alone", ONE, "  domain: a.example.com\n", ["a.example.com/ server:3000 true -"]],
    ["no route in spite of a domain", ONE, "  domain: a.example.com\n  routes: []\n", []],
    [
      "the domain as host",
      ONE,
      "  domain: a.example.com\n  routes: [{path: /x, auth: oidc}]\n",
      ["a.example.com/x server:3000 true oidc"],
    ],
    [
      "a host of its own",
      ONE,
      "  domain: a.example.com\n  routes: [{host: b.example.com, tls: false}]\n",
      ["b.example.com/ server:3000 false -"],
    ],
    ["a port that is written", ONE, "  routes: [{host: a.example.com, port: 9}]\n", ["a.example.com/ server:9 true -"]],
    [
      "the service named like the app, and what it exposes",
      TWO,
      "  domain: a.example.com\n",
      ["a.example.com/ web:4000 true -"],
    ],
    [
      "a service that names no port",
      TWO,
      "  routes: [{host: a.example.com, service: db}]\n",
      ["a.example.com/ db:80 true -"],
      "spec.routes[0]: the service db declares no port: the route uses port 80",
    ],
    [
      "a range of ports",
      "services: {web: {image: x, ports: ['1-3:7001-7003']}}",
      "  domain: a.example.com\n",
      ["a.example.com/ web:7001 true -"],
    ],
    ["all names below", ONE, "  domain: '*.example.com'\n", ["*.example.com/ server:3000 true -"]],
    [
      "a port from a variable",
      "services: {web: {image: x, ports: ['8080:${P:-81}']}}",
      "  domain: a.example.com\n",
      ["a.example.com/ web:81 true -"],
    ],
    [
      "a port of the node that the proxy takes",
      "services: {web: {image: x, ports: ['443:8443']}}",
      "  domain: a.example.com\n",
      ["a.example.com/ web:8443 true -"],
      "spec.compose.services.web.ports[0]: publishes host port 443, which usually conflicts with the reverse proxy for routes; routes do not need it",
    ],
  ];
  for (const [title, compose, rest, expected, note] of cases) {
    it(title, async () => {
      const result = await expandText(app(compose, rest));
      expect(routes(result)).to.deep.equal(expected);
      expect(result.notes.map(({ message }) => message)).to.deep.equal(note === undefined ? [] : [note]);
    });
  }

  const refused: readonly [title: string, compose: string, rest: string, problem: string][] = [
    [
      "no host",
      ONE,
      "  routes:\n    - path: /\n",
      "app.yaml:7 spec.routes[0]: has no host: set host, or spec.domain for all routes",
    ],
    [
      "several services",
      OTHERS,
      "  domain: a.example.com\n",
      "app.yaml:6 spec.domain: the target service is ambiguous: none of a, b is named like the app; set service in a route",
    ],
    [
      "a service that is not there",
      TWO,
      "  domain: a.example.com\n  routes:\n    - service: wep\n",
      'app.yaml:8 spec.routes[0].service: there is no service "wep"; did you mean web?',
    ],
    [
      "one route twice",
      ONE,
      "  domain: a.example.com\n  routes:\n    - path: /\n    - tls: false\n",
      "app.yaml:9 spec.routes[1]: Route a.example.com/ is defined twice, first in app.yaml:1: App web: spec.routes[0]; remove one of the two",
    ],
  ];
  for (const [title, compose, rest, problem] of refused) {
    it(`is refused: ${title}`, async () => {
      expect(await placesOf(expandText(app(compose, rest)))).to.deep.equal([problem]);
    });
  }

  it("is refused where another document has it, and both places are named", async () => {
    const route =
      "apiVersion: overseer.io/v1\nkind: Route\nmetadata: {name: r}\nspec: {app: web, service: server, port: 1, host: a.example.com}\n";
    const places = await placesOf(expandFiles({ "a.yaml": app(ONE, "  domain: a.example.com\n"), "b.yaml": route }));
    expect(places).to.deep.equal([
      "b.yaml:4 spec.host: Route a.example.com/ is defined twice, first in a.yaml:1: App web: spec.domain; remove one of the two",
    ]);
  });
});

describe("an App document: resource limits", () => {
  const limits = (result: RenderResult): unknown => {
    const { services } = specOf(result, "App").compose as { services: Record<string, { deploy?: unknown }> };
    return Object.fromEntries(Object.entries(services).map(([name, { deploy }]) => [name, deploy]));
  };

  it("go to the only service, or the one named like the app", async () => {
    const rest = "  resources: {cpus: 0.5, memory: 512m}\n";
    const deploy = { resources: { limits: { cpus: "0.5", memory: "512m" } } };
    expect(limits(await expandText(app(ONE, rest)))).to.deep.equal({ server: deploy });
    expect(limits(await expandText(app(TWO, rest)))).to.deep.equal({ web: deploy, db: undefined });
  });

  it("do not override limits of the service in either syntax", async () => {
    const compose =
      "services: {web: {image: x, mem_limit: 1g, deploy: {replicas: 2, resources: {limits: {cpus: '2'}, reservations: {cpus: '1'}}}}}";
    expect(limits(await expandText(app(compose, "  resources: {cpus: 0.5, memory: 512m}\n")))).to.deep.equal({
      web: { replicas: 2, resources: { limits: { cpus: "2", memory: "1g" }, reservations: { cpus: "1" } } },
    });
  });

  it("are rejected if the target service is ambiguous", async () => {
    const [place] = await placesOf(expandText(app(OTHERS, "  resources: {memory: 512m}\n")));
    expect(place).to.match(
      /^app\.yaml:6 spec\.resources: the target service is ambiguous: none of a, b is named like the app/,
    );
  });
});
