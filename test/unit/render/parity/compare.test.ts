import { expect } from "chai";
import type { ComposeSource } from "../../../../src/api/compose-source.js";
import { compareApps, type Difference } from "../../../../src/render/parity/compare.js";
import { coreFacts } from "../../../../src/render/parity/core-facts.js";
import { kubernetesFacts } from "../../../../src/render/parity/kubernetes-facts.js";
import { compile } from "../compose/support/compile.js";
import { app, expandFiles } from "../overseer/support/expand.js";

const SIGN_IN = [{ name: "sso", annotations: { "example.com/sign-in": "sso" } }];
const CLUSTER: ComposeSource = { ingress: { signIn: SIGN_IN } };

const COMPOSE = `
services:
  web:
    image: web:1
    command: serve "a b" $$HOME
    entrypoint: [/run, "\${SECRET:key}"]
    environment: {DB_HOST: db_main, URL: "https://u:\${SECRET:key}@db_main:5432", PLAIN: "a$$b", COUNT: 3, NONE: ""}
    volumes: ["shared:/data/", "/anonymous", {type: tmpfs, target: /memory}]
    configs: [{source: settings, target: /etc/settings}]
    tmpfs: /run
    networks: {default: {aliases: [front]}}
    ports: ["8080:80"]
    depends_on: [db_main]
  db_main:
    image: db:1
    container_name: the-db
    volumes: ["shared:/other", "own:/own:ro", {type: volume, source: own, target: /part, volume: {subpath: a/b}}]
  user:
    image: user:1
    command: ["--to", "the-db:5432"]
    links: ["web:w"]
  beside: {image: beside:1, network_mode: "service:web"}
volumes: {shared: {}, own: {}}
configs: {settings: {content: "a = $$1"}}
`;
const ROUTES =
  "  routes:\n    - {host: a.example.com, service: web, auth: sso}\n    - {host: b.example.com, path: /x, service: web, port: 81, tls: false}\n";

/** Compares an app on a Core with what `change` makes of its objects for Kubernetes. */
async function differences(change: (text: string) => string = (text) => text): Promise<readonly Difference[]> {
  const compiled = await compile(COMPOSE, { spec: ROUTES, cluster: CLUSTER });
  expect(compiled.problems).to.deep.equal([]);
  const core = await expandFiles({ "app.yaml": app(COMPOSE, ROUTES) });
  const objects = JSON.parse(change(JSON.stringify(Object.values(compiled.objects))));
  return compareApps(coreFacts(core.documents.map(({ object }) => object)), kubernetesFacts(objects, SIGN_IN));
}

describe("parity of a Core and Kubernetes", () => {
  it("reports a name that Kubernetes does not permit, which is rewritten everywhere", async () => {
    expect(await differences()).to.deep.equal([
      { app: "web", field: "services.db_main.names", core: "db_main, the-db", kubernetes: "db-main, the-db" },
      { app: "web", field: "services.web.environment.DB_HOST", core: "a value", kubernetes: "another value" },
      { app: "web", field: "services.web.environment.URL", core: "a value", kubernetes: "another value" },
    ]);
  });

  for (const [what, from, to, field] of [
    ["a name", '"name":"front"', '"name":"other"', "services.web.names"],
    ["a variable", '"name":"PLAIN"', '"name":"OTHER"', "services.web.environment.PLAIN"],
    ["the value of a variable", '"value":"a$b"', '"value":"a$c"', "services.web.environment.PLAIN"],
    ["a command", '"a b"', '"a c"', "services.web.command"],
    ["an entrypoint", '"/run","', '"/ran","', "services.web.entrypoint"],
    ["an image", '"image":"user:1"', '"image":"user:2"', "services.user.image"],
    ["a path of a mount", '"mountPath":"/own"', '"mountPath":"/owned"', "services.db_main.mounts./own"],
    [
      "a volume that is no longer shared",
      '"claimName":"web-shared"',
      '"claimName":"web-other"',
      "services.db_main.mounts./other",
    ],
    [
      "a volume that can be written",
      '"mountPath":"/own","readOnly":true',
      '"mountPath":"/own"',
      "services.db_main.mounts./own",
    ],
    ["a folder of a volume", '"subPath":"a/b"', '"subPath":"a"', "services.db_main.mounts./part"],
    ["the content of a file", '"a = $1"', '"a = $2"', "services.web.mounts./etc/settings"],
    ["a kind of volume", '"medium":"Memory"', '"medium":""', "services.web.mounts./memory"],
    ["a host of a route", '"host":"a.example.com"', '"host":"c.example.com"', "routes.a.example.com/"],
    ["a sign-in", '"example.com/sign-in":"sso"', '"example.com/sign-in":"none"', "routes.a.example.com/"],
    ["a port of a route", '"targetPort":81', '"targetPort":82', "routes.b.example.com/x"],
    ["a service", '"name":"beside"', '"name":"besides"', "services.beside"],
  ] as const) {
    it(`reports ${what}`, async () => {
      const found = await differences((text) => {
        expect(text).to.include(from);
        return text.replace(from, to);
      });
      expect(found.map((one) => one.field)).to.include(field);
    });
  }

  it("names an app that is missing at one destination, and quotes no value of a variable", async () => {
    const core = await expandFiles({ "app.yaml": app(COMPOSE, ROUTES) });
    const facts = coreFacts(core.documents.map(({ object }) => object));
    expect(compareApps(facts, new Map())).to.deep.equal([
      { app: "web", field: "", core: "an app", kubernetes: "nothing" },
    ]);
    const changed = await differences((text) => text.replace('"value":"a$b"', '"value":"geheim"'));
    expect(JSON.stringify(changed)).not.to.include("geheim");
  });

  it("compares a variable of an encrypted env_file by the secret that holds it", async () => {
    const compose = (secret: string): string =>
      `services: {web: {image: 'x:1', environment: {A: "\${SECRET:${secret}}"}}}`;
    const core = await expandFiles({ "app.yaml": app(compose("web.ENV_FILE.web.A")) });
    const facts = coreFacts(core.documents.map(({ object }) => object));
    const found = async (secret: string): Promise<readonly Difference[]> => {
      const { objects } = await compile(compose(secret));
      return compareApps(facts, kubernetesFacts(Object.values(objects)));
    };
    expect(await found("web-web-env")).to.deep.equal([]);
    expect((await found("other")).map(({ field }) => field)).to.deep.equal(["services.web.environment.A"]);
  });
});
