import { expect } from "chai";
import { caseFile } from "../../../support/cases.js";
import { app, expandFiles, expandText, placesOf, specOf } from "./support/expand.js";

type Services = Record<string, Record<string, unknown>>;

/** The services that a Core gets. */
async function servicesOf(files: Record<string, string>): Promise<Services> {
  const { compose } = specOf(await expandFiles(files), "App") as { compose: { services: Services } };
  return compose.services;
}

const FILES = (...names: string[]): string =>
  `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: web}\nspec: {composeFiles: [${names.join(", ")}]}\n`;

describe("extends", () => {
  it("gives a service what it inherits: image and the port that its route leads to", async () => {
    const result = await expandText(await caseFile("compose-extends/app.yaml"));
    expect(specOf(result, "Route").target).to.equal("shop:3000");
    expect(result.notes).to.deep.equal([]);
    const { compose } = specOf(result, "App") as { compose: { services: Services } };
    expect(compose.services.shop).to.deep.equal({ image: "nginx", ports: ["3000:3000"] });
  });

  it("of a service that is not there is refused, with the nearest name", async () => {
    expect(await placesOf(expandText(await caseFile("compose-extends/typo.yaml")))).to.deep.equal([
      'app.yaml:8 spec.compose.services.web.extends.service: there is no service "bas"; did you mean base?',
    ]);
  });

  it("merges each field as Compose does", async () => {
    const base = `
      image: nginx
      ports: ["3000:3000", "80:80"]
      volumes: ["dd:/data:ro", "/x:/y"]
      depends_on: [db]
      environment: {A: 1, B: 2}
      command: [a]
      networks: [n1]
      cap_add: [X]
      dns: 1.1.1.1
      labels: {l: 1}
      healthcheck: {test: [CMD, x], interval: 1s}
      expose: ["1"]
      tmpfs: /t
      extra_hosts: ["a:1.1.1.1"]
      ulimits: {nofile: 10, nproc: 5}
      logging: {driver: json-file, options: {a: b}}
      deploy: {resources: {limits: {memory: 1g}}, labels: [x=1]}`;
    const shop = `
      extends: {service: base}
      ports: ["3000:3000", "81:80"]
      volumes: ["ee:/data"]
      depends_on: {cache: {condition: service_healthy}}
      environment: ["B=3", "C=4"]
      command: b
      networks: {n2: {aliases: [z]}}
      cap_add: [X, Y]
      dns: [2.2.2.2]
      labels: [m=2]
      healthcheck: {timeout: 2s}
      expose: [2]
      tmpfs: [/u]
      extra_hosts: {b: 2.2.2.2}
      ulimits: {nofile: {soft: 1, hard: 2}}
      logging: {driver: syslog, options: {c: d}}
      deploy: {resources: {limits: {cpus: "1"}}, labels: {y: 2}}`;
    const services = await servicesOf({
      "app.yaml": FILES("c.yaml"),
      "c.yaml": `services:\n  base:${base}\n  shop:${shop}\n  db: {image: db}\n  cache: {image: c}\nnetworks: {n1: {}, n2: {}}\n`,
    });
    expect(services.shop).to.deep.equal({
      image: "nginx",
      ports: ["3000:3000", "80:80", "81:80"],
      volumes: ["ee:/data", "/x:/y"],
      depends_on: { db: { condition: "service_started", required: true }, cache: { condition: "service_healthy" } },
      environment: { A: 1, B: "3", C: "4" },
      command: "b",
      networks: { n1: null, n2: { aliases: ["z"] } },
      cap_add: ["X", "Y"],
      dns: ["1.1.1.1", "2.2.2.2"],
      labels: { l: 1, m: "2" },
      healthcheck: { test: ["CMD", "x"], interval: "1s", timeout: "2s" },
      expose: ["1", 2],
      tmpfs: ["/t", "/u"],
      extra_hosts: ["a:1.1.1.1", "b=2.2.2.2"],
      ulimits: { nofile: { soft: 1, hard: 2 }, nproc: 5 },
      logging: { driver: "syslog", options: { c: "d" } },
      deploy: { resources: { limits: { memory: "1g", cpus: "1" } }, labels: { x: "1", y: 2 } },
    });
  });

  it("goes over several services, in the short form, too", async () => {
    const compose =
      "services:\n  a: {image: x, user: u}\n  b: {extends: a, user: v}\n  web: {extends: {service: b}, tty: true}";
    expect((await servicesOf({ "app.yaml": app(compose) })).web).to.deep.equal({ image: "x", user: "v", tty: true });
  });

  it("takes services of another file, whose own extends are those of that file", async () => {
    const services = await servicesOf({
      "app/app.yaml": FILES("compose.yaml"),
      "app/compose.yaml": "services:\n  web: {extends: {file: ../common/base.yaml, service: php}, user: u}\n",
      "common/base.yaml": "services:\n  php: {extends: os, command: php}\n  os: {image: debian}\n  build: {build: .}\n",
    });
    expect(services).to.deep.equal({ web: { image: "debian", command: "php", user: "u" } });
  });

  it("inherits profiles, so that a route to the service is refused", async () => {
    const compose = "services:\n  a: {image: x, profiles: [p]}\n  web: {extends: a}\n  other: {image: x}";
    expect(
      await placesOf(expandText(app(compose, "  domain: a.example.com\n  routes: [{service: web}]\n"))),
    ).to.deep.equal([
      "app.yaml:7 spec.routes[0].service: the service web does not run, because none of its profiles is active: add one to spec.profiles of the App",
    ]);
  });

  const refused: readonly [title: string, files: Record<string, string>, problems: string[]][] = [
    [
      "a cycle",
      { "app.yaml": app("services:\n  a: {extends: b, image: x}\n  b: {extends: {service: a}}") },
      ["app.yaml:9 spec.compose.services.b.extends: is a cycle: a service cannot extend itself"],
    ],
    [
      "a service that extends itself",
      { "app.yaml": app("services:\n  a: {extends: a, image: x}") },
      ["app.yaml:8 spec.compose.services.a.extends: is a cycle: a service cannot extend itself"],
    ],
    [
      "a cycle over two files",
      {
        "app.yaml": FILES("c.yaml"),
        "c.yaml": "services:\n  a: {extends: {file: d.yaml, service: b}}\n",
        "d.yaml": "services:\n  b: {extends: {file: c.yaml, service: a}}\n",
      },
      ["d.yaml:2 services.b.extends: is a cycle: a service cannot extend itself"],
    ],
    [
      "nothing",
      { "app.yaml": app("services:\n  a: {extends: , image: x}") },
      ["app.yaml:8 spec.compose.services.a.extends: expected the name of a service"],
    ],
    [
      "an unknown key",
      { "app.yaml": app("services:\n  a: {image: x}\n  b: {extends: {servce: a}}") },
      ["app.yaml:9 spec.compose.services.b.extends.service: expected the name of a service"],
    ],
    [
      "a file that is not there",
      {
        "app.yaml": FILES("c.yaml"),
        "c.yaml": "services:\n  a:\n    extends: {file: base.yml, service: b}\n    image: x\n",
        "base.ymlx": "services: {b: {image: x}}",
      },
      ["c.yaml:3 services.a.extends.file: there is no such file in the source; did you mean base.ymlx?"],
    ],
    [
      "a service that the file does not have",
      {
        "app.yaml": FILES("c.yaml"),
        "c.yaml": "services:\n  a: {extends: {file: d.yaml, service: bse}, image: x}\n",
        "d.yaml": "services: {base: {image: x}}\n",
      },
      ['c.yaml:2 services.a.extends.service: there is no service "bse"; did you mean base? in d.yaml'],
    ],
    [
      "something wrong that is inherited: said once, where it is written",
      {
        "app.yaml": FILES("c.yaml"),
        "c.yaml": "services:\n  a: {extends: {file: d.yaml, service: b}}\n  c: {extends: a}\n",
        "d.yaml": "services:\n  b:\n    image: x\n    ports:\n      - x\n",
      },
      ['d.yaml:5 services.b.ports[0]: expected a port like "8080:80", "127.0.0.1:8080:80" or "53:53/udp"'],
    ],
    [
      "a dependency that is inherited and not there",
      {
        "app.yaml": FILES("c.yaml"),
        "c.yaml": "services:\n  a: {extends: {file: d.yaml, service: b}}\n",
        "d.yaml": "services:\n  b:\n    image: x\n    depends_on: [db]\n  db: {image: x}\n",
      },
      ['d.yaml:4 services.b.depends_on[0]: there is no service "db"; there is a'],
    ],
  ];
  for (const [title, files, problems] of refused) {
    it(`with ${title} is refused with its place`, async () => {
      expect(await placesOf(expandFiles(files))).to.have.members(problems);
    });
  }

  it("that expands beyond the limit is rejected quickly", async () => {
    const base = `  base: {image: x, environment: {${Array.from({ length: 2000 }, (_, index) => `A${index}: 1`).join(", ")}}}`;
    const many = Array.from({ length: 5000 }, (_, index) => `  s${index}: {extends: base, environment: {B: 1}}`);
    const places = await placesOf(
      expandFiles({ "app.yaml": FILES("c.yaml"), "c.yaml": `services:\n${base}\n${many.join("\n")}\n` }),
    );
    expect(places).to.have.length(1);
    expect(places[0]).to.match(/^c\.yaml:\d+ services\.s\d+\.extends: services with extends expand to more than/);
  });
});

describe("several Compose files", () => {
  it("are merged as docker compose -f does, each with its own variables and extends", async () => {
    const services = await servicesOf({
      "app.yaml": FILES("a.yaml", "b.yaml"),
      "a.yaml":
        'services:\n  web: {image: x, ports: ["1:1"], environment: {A: 1}, volumes: ["/a:/a:ro"], command: [a, b]}\n  db: {image: "${DB:-d}"}\n',
      "b.yaml":
        'services:\n  web: {image: y, ports: ["1:1", "2:2"], environment: [B=2], volumes: ["/b:/a"], command: [c]}\n  new: {extends: web, command: z}\n',
    });
    expect(services).to.deep.equal({
      web: { image: "y", ports: ["1:1", "2:2"], environment: { A: 1, B: "2" }, volumes: ["/b:/a"], command: ["c"] },
      db: { image: "d" },
      new: { image: "y", ports: ["1:1", "2:2"], environment: ["B=2"], volumes: ["/b:/a"], command: "z" },
    });
  });

  it("have their problems in the file that they come from", async () => {
    const places = await placesOf(
      expandFiles({
        "app.yaml": FILES("a.yaml", "b.yaml"),
        "a.yaml": "services:\n  web:\n    image: x\n    user: ${WHO}\n    networks: [lan]\n",
        "b.yaml": "services:\n  web:\n    prots: [80]\n    expose: [x]\n  db: {}\nvolume: {}\n",
      }),
    );
    expect(places.map((place) => place.replace(/(: [^:]*):.*/, "$1"))).to.have.members([
      "a.yaml:4 services.web.user: the variable WHO has no value and no default",
      'a.yaml:5 services.web.networks[0]: "lan" is not defined; define it in top-level networks',
      "b.yaml:3 services.web.prots: unknown field; did you mean ports?",
      'b.yaml:4 services.web.expose[0]: expected a port like "3000"',
      "b.yaml:5 services.db: has no image",
      "b.yaml:6 volume: unknown field; did you mean volumes?",
    ]);
  });

  it("all have to be there", async () => {
    expect(
      await placesOf(expandFiles({ "app.yaml": FILES("a.yaml", "b.yaml"), "a.yaml": "services: {web: {image: x}}\n" })),
    ).to.deep.equal(["app.yaml:4 spec.composeFiles[1]: there is no such file in the source; did you mean a.yaml?"]);
  });
});

describe("!reset and !override", () => {
  it("take away and replace what would be merged", async () => {
    const services = await servicesOf({
      "app.yaml": FILES("c.yaml"),
      "c.yaml": `services:
  a: {image: x, ports: ["1:1"], command: [c], environment: {A: 1, B: 2}, build: ., volumes: ["/a:/a"], depends_on: [d], user: u}
  web:
    extends: a
    ports: !reset []
    command: !reset null
    environment: {A: !reset null, C: 3}
    build: !reset
    volumes: !override ["/b:/b"]
    depends_on: !override [e]
    user: !override v
  d: {image: d}
  e: {image: e}
`,
    });
    expect(services.web).to.deep.equal({
      image: "x",
      environment: { B: 2, C: 3 },
      volumes: ["/b:/b"],
      depends_on: ["e"],
      user: "v",
    });
  });

  it("take away a whole service of an earlier file", async () => {
    const services = await servicesOf({
      "app.yaml": FILES("a.yaml", "b.yaml"),
      "a.yaml": 'services:\n  web: {image: x, ports: ["1:1"]}\n  db: {image: d}\n',
      "b.yaml": "services:\n  web:\n    ports: !override\n      - ${PORT:-2}:2\n  db: !reset null\n",
    });
    expect(services).to.deep.equal({ web: { image: "x", ports: ["2:2"] } });
  });

  it("mean nothing where nothing is merged, in the document itself, too", async () => {
    const compose =
      "services:\n  web:\n    image: x\n    command: !reset [a]\n    ports: !override\n      - 80:80\n    labels: !override {a: b}";
    expect(await servicesOf({ "app.yaml": app(compose) })).to.deep.equal({
      web: { image: "x", ports: ["80:80"], labels: { a: "b" } },
    });
  });

  it("leave the lines of problems as they are", async () => {
    const compose = "services:\n  web:\n    image: x\n    ports: !override\n      - 80:80\n      - ${NO}\n      - x";
    expect((await placesOf(expandText(app(compose)))).map((place) => place.split(": ")[0])).to.deep.equal([
      "app.yaml:12 spec.compose.services.web.ports[1]",
      "app.yaml:12 spec.compose.services.web.ports[1]",
      "app.yaml:13 spec.compose.services.web.ports[2]",
    ]);
  });
});

describe("anchors and merge keys of YAML", () => {
  it("are merged before anything else, and each service may differ", async () => {
    const compose = `x-base: &base
  restart: always
  environment: &env {A: 1}
services:
  web:
    <<: *base
    image: x
    environment:
      <<: *env
      B: 2
  db: {<<: [*base], image: y, restart: "no"}`;
    expect(await servicesOf({ "app.yaml": app(compose) })).to.deep.equal({
      web: { restart: "always", environment: { A: 1, B: 2 }, image: "x" },
      db: { restart: "no", environment: { A: 1 }, image: "y" },
    });
  });
});
