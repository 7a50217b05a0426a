import { expect } from "chai";
import { app, expandText, placesOf, specOf } from "./support/expand.js";

const WEB = "services:\n  web:\n    image: nginx:1";
/** The line of `services:` of a document made by `app`. */
const FIRST = 7;

describe("Compose documents: rejected input with place and expectation", () => {
  const cases: readonly [title: string, compose: string, ...problems: (readonly [line: number, text: string])[]][] = [
    ["no services", "networks: {}", [6, "spec.compose.services: is missing: the services of the app"]],
    ["services that are a list", "services: []", [7, "services: expected a mapping, found a list"]],
    ["no service", "services: {}", [7, "services: is empty: expected at least one service"]],
    ["a service that is nothing", "services:\n  web:", [8, "services.web: expected a mapping, found nothing"]],
    ["a service without an image", "services:\n  web: {command: x}", [8, "services.web: has no image"]],
    ["an empty image", 'services:\n  web:\n    image: ""', [9, "web.image: is empty"]],
    ["an image that is a number", "services:\n  web:\n    image: 5", [9, "web.image: expected text, found a number"]],
    ["build alone", "services:\n  web:\n    build: .", [9, "web.build: nodes do not build images"]],
    ["a name with a space", "services:\n  a b: {image: x}", [8, 'services["a b"]: the name of a service has letters']],
    ["a top-level key", `${WEB}\nservcies: {}`, [10, "spec.compose.servcies: unknown field; did you mean services?"]],
    [
      "a key of a service",
      `${WEB}\n    enviroment: {}`,
      [10, "web.enviroment: unknown field; did you mean environment?"],
    ],
    ["a key of nobody", `${WEB}\n    exclude_from_hc: true`, [10, "web.exclude_from_hc: unknown field"]],
    ["include", `include: [a.yaml]\n${WEB}`, [7, "include[0]: there is no such file in the source"]],
    [
      "extends",
      `${WEB}\n    extends: {file: a.yaml, service: x}`,
      [10, "extends.file: there is no such file in the source"],
    ],
    ["a port that is text", `${WEB}\n    ports:\n      - web`, [11, "web.ports[0]: expected a port like"]],
    ["a port that is too large", `${WEB}\n    ports: ["80:70000"]`, [10, "web.ports[0]: expected a port like"]],
    [
      "ranges of two lengths",
      `${WEB}\n    ports: ["80-82:80-81"]`,
      [10, "the two ranges have to be of the same length"],
    ],
    ["a protocol", `${WEB}\n    ports: ["80:80/tpc"]`, [10, "expected one of the protocols tcp, udp, sctp"]],
    ["ports that are text", `${WEB}\n    ports: "80:80"`, [10, "web.ports: expected a list, found text"]],
    [
      "a long port",
      `${WEB}\n    ports:\n      - published: 80`,
      [11, "ports[0].target: is missing: port of the container"],
    ],
    ["a long port's key", `${WEB}\n    ports:\n      - {target: 80, protocl: udp}`, [11, "did you mean protocol?"]],
    ["a port that is an address", `${WEB}\n    ports: ["80:80:80"]`, [10, "web.ports[0]: expected a port like"]],
    ["one port for a range", `${WEB}\n    ports: ["80:80-82"]`, [10, "the two ranges have to be of the same length"]],
    ["a range in the long form", `${WEB}\n    ports: [{target: 80-82}]`, [10, "ports[0].target: expected one port"]],
    ["ports that are nothing", `${WEB}\n    ports:`, [10, "web.ports: expected a list, found nothing"]],
    [
      "an environment that is nothing",
      `${WEB}\n    environment:`,
      [10, "web.environment: expected a mapping or a list, found nothing"],
    ],
    ["networks that are nothing", `${WEB}\nnetworks:`, [10, "networks: expected a mapping, found nothing"]],
    ["a volume that is text", `${WEB}\nvolumes: {data: x}`, [10, "volumes.data: expected a mapping, found text"]],
    [
      "a config of nothing",
      `${WEB}\nconfigs:\n  c: {}`,
      [11, "configs.c: expected one of file, environment, content, external"],
    ],
    ["a link", `${WEB}\n    links: ["db:database"]`, [10, 'links[0]: there is no service "db"; there is web']],
    ["expose", `${WEB}\n    expose: [http]`, [10, 'expose[0]: expected a port like "3000"']],
    [
      "a relative bind",
      `${WEB}\n    volumes:\n      - ./data:/data`,
      [11, "volumes[0]: relative path: the repository's files are not on the node"],
    ],
    [
      "a long relative bind",
      `${WEB}\n    volumes:\n      - type: bind\n        source: data\n        target: /data`,
      [12, "volumes[0].source: relative path"],
    ],
    ["a home", `${WEB}\n    volumes: ["~/x:/x"]`, [10, "~ is the home directory of the node agent"]],
    ["a path as a name", `${WEB}\n    volumes: ["data/x:/x"]`, [10, "is neither the name of a volume"]],
    [
      "one letter",
      `${WEB}\n    volumes: ["v:/x"]`,
      [10, "Compose reads a single letter before a colon as a Windows drive"],
    ],
    ["a relative target", `${WEB}\n    volumes: ["data:x"]`, [10, "the path in the container has to begin with /"]],
    ["too many colons", `${WEB}\n    volumes: ["a1:/b:ro:z"]`, [10, "too many colons"]],
    [
      "content of a volume",
      `${WEB}\n    volumes:\n      - type: bind\n        source: /x\n        target: /y\n        content: hello`,
      [14, "volumes[0].content: not a Compose key; use top-level configs.content"],
    ],
    [
      "is_directory of a volume",
      `${WEB}\n    volumes:\n      - type: bind\n        source: /x\n        target: /y\n        is_directory: true`,
      [14, "is_directory: not a Compose key; use top-level configs.content"],
    ],
    [
      "a long volume without type",
      `${WEB}\n    volumes:\n      - {source: a, target: /b}`,
      [11, "type: is missing: expected one of bind, volume"],
    ],
    ["a secret as a volume", `${WEB}\n    volumes: ["\${SECRET:x}:/x"]`, [10, "secrets are not supported in volumes"]],
    [
      "a network",
      `${WEB}\n    networks: [fornt]\nnetworks: {front: {}}`,
      [10, 'networks[0]: "fornt" is not defined; did you mean front?'],
    ],
    [
      "a config",
      `${WEB}\n    configs:\n      - source: x\n        target: /x`,
      [11, 'configs[0].source: "x" is not defined; define it in top-level configs'],
    ],
    ["a secret", `${WEB}\n    secrets: [x]`, [10, 'secrets[0]: "x" is not defined']],
    ["a file of a secret", `${WEB}\nsecrets:\n  x:\n    file: ./x.txt`, [12, "secrets.x.file: relative path"]],
    ["a variable of a secret", `${WEB}\nsecrets: {x: {environment: X}}`, [10, "nodes have no environment variables"]],
    [
      "a network mode",
      `${WEB}\n    network_mode: service:wep`,
      [10, "names a service that does not exist; did you mean web?"],
    ],
    [
      "a network mode with networks",
      `${WEB}\n    network_mode: host\n    networks: [default]`,
      [10, "network_mode: excludes networks"],
    ],
    [
      "a dependency",
      `${WEB}\n    depends_on: [wep]`,
      [10, 'depends_on[0]: there is no service "wep"; did you mean web?'],
    ],
    [
      "a condition",
      `${WEB}\n    depends_on: {web: {condition: service_helthy}}`,
      [10, "did you mean service_healthy?"],
      [10, "dependency cycle"],
    ],
    [
      "a circle",
      "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: {a: {condition: service_started}}}",
      [8, "a.depends_on: dependency cycle: a → b → a"],
    ],
    [
      "a test",
      `${WEB}\n    healthcheck:\n      test: [curl, x]`,
      [11, "healthcheck.test[0]: a test that is a list begins with CMD, CMD-SHELL or NONE"],
    ],
    [
      "env_file",
      `${WEB}\n    env_file: .env`,
      [10, 'env_file: there is no file ".env" in the source: add it, or set required: false'],
    ],
    [
      "an environment in an environment",
      `${WEB}\n    environment: {A: {b: c}}`,
      [10, "environment.A: expected text, a number, or true or false, found a mapping"],
    ],
    [
      "an environment that is text",
      `${WEB}\n    environment: A=b`,
      [10, "environment: expected a mapping or a list, found text"],
    ],
    [
      "an unset variable",
      `${WEB}\n    volumes:\n      - \${UPLOAD}:/data`,
      [
        11,
        "volumes[0]: the variable UPLOAD has no value and no default: set it in spec.env of the document, or spec.source.env of the OverseerApp",
      ],
    ],
    [
      "a required variable",
      `${WEB}\n    user: \${UID:?who runs it}`,
      [10, 'user: the variable UID is required: "who runs it". Set it in spec.env'],
    ],
    ["a secret without name", `${WEB}\n    user: \${SECRET:}`, [10, "user: ${SECRET:name} needs a name"]],
    ["an open brace", `${WEB}\n    user: \${A`, [10, "user: a ${ is not closed"]],
  ];
  for (const [title, compose, ...expected] of cases) {
    it(title, async () => {
      const places = await placesOf(expandText(app(compose)));
      const found = places.filter((place) => !place.includes("a part of the volume is empty"));
      expect(found, places.join("\n")).to.have.length(expected.length);
      expected.forEach(([line, text], index) => {
        expect(found[index])
          .to.match(new RegExp(`^app\\.yaml:${line} `))
          .and.to.include(text);
      });
    });
  }

  it("names the variable that makes a part of a volume empty", async () => {
    const [place] = await placesOf(expandText(app(`${WEB}\n    volumes: ["\${DATA}:/data"]`, '  env: {DATA: ""}\n')));
    expect(place).to.include("a part of the volume is empty; it comes from ${DATA}");
  });

  it("collects everything that is wrong", async () => {
    const compose = "services:\n  a:\n    image: x\n    ports: [y]\n    volumes: [./z:/z]\n  b: {build: .}\nwrong: 1";
    expect(await placesOf(expandText(app(compose)))).to.have.length(4);
  });

  it("never quotes a value of an environment", async () => {
    const compose = `${WEB}\n    environment:\n      A: {CANARY: CANARY}\n      B: [CANARY]\n      C: \${CANARY_NAME}\n      - `;
    const lists = `${WEB}\n    environment:\n      - {x: CANARY}\n      - [CANARY]\n      - 5`;
    for (const text of [compose.replace(/\n {6}- $/, ""), lists]) {
      const places = await placesOf(expandText(app(text, "  env: {CANARY_X: CANARY}\n")));
      expect(places.length).to.be.greaterThan(1);
      for (const place of places) expect(place).not.to.match(/CANARY(?!_NAME)/);
    }
  });
});

describe("Compose documents: accepted input", () => {
  const fine: readonly [title: string, compose: string][] = [
    ["x- keys everywhere", `${WEB}\n    x-a: 1\nx-b: {c: d}`],
    [
      "ports of all forms",
      `${WEB}\n    ports: [80, "8080:80", "127.0.0.1:80:80", "[::1]:81:81/udp", "3000-3005", "9090-9091:8080-8081", ":83:83", "127.0.0.1::84", "6060-6070:60", {target: 80, published: "8080"}]`,
    ],
    [
      "volumes of all forms",
      `${WEB}\n    volumes: [/anonymous, data:/d, "/srv/x:/x:ro", "/srv/y:/y:ro,z", {type: tmpfs, target: /t}, {type: volume, target: /v}, {type: bind, source: /b, target: /b}]\nvolumes: {data:}`,
    ],
    [
      "dependencies of both forms",
      "services:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: {c: {condition: service_healthy}, d: {condition: service_started, required: false}}}\n  c: {image: x}",
    ],
    [
      "two ways to one dependency",
      "services:\n  a: {image: x, depends_on: [b, c]}\n  b: {image: x, depends_on: [d]}\n  c: {image: x, depends_on: [d]}\n  d: {image: x}",
    ],
    [
      "tests of all forms",
      "services:\n  a: {image: x, healthcheck: {test: curl x || exit 1}}\n  b: {image: x, healthcheck: {test: [NONE]}}\n  c: {image: x, healthcheck: {disable: true}}\n  d: {image: x, healthcheck: {test: []}}",
    ],
    [
      "networks, secrets and configs",
      `${WEB}\n    networks: {front: {aliases: [x]}, default: }\n    secrets: [s]\n    configs: [c, {source: c, target: /c}]\nnetworks: {front: }\nsecrets: {s: {file: /etc/s}}\nconfigs: {c: {content: hello}}`,
    ],
    [
      "an optional env_file, and one of the node",
      `${WEB}\n    env_file: [{path: .env, required: false}, /etc/app.env]`,
    ],
    ["a service that extends another", `${WEB}\n  other: {extends: {service: web}}`],
    [
      "a service called like a word of JavaScript",
      "services:\n  constructor: {image: x, depends_on: [toString]}\n  toString: {image: x}",
    ],
  ];
  for (const [title, compose] of fine) {
    it(title, async () => {
      const result = await expandText(app(compose));
      expect(specOf(result, "App").compose).to.have.property("services");
    });
  }

  it("a default with colons is one bind", async () => {
    const result = await expandText(app(`${WEB}\n    volumes:\n      - \${DATA:-/srv/x}:/data`));
    expect(specOf(result, "App").compose).to.deep.equal({
      services: { web: { image: "nginx:1", volumes: ["/srv/x:/data"] } },
    });
    expect(result.notes).to.deep.equal([]);
  });

  it("keeps service names with _ and references to them", async () => {
    const compose =
      "services:\n  web: {image: x, environment: {DATABASE_URL: postgres://plausible_db/x}}\n  plausible_db: {image: y}";
    const { compose: result } = specOf(await expandText(app(compose)), "App");
    expect(result).to.deep.equal({
      services: {
        web: { image: "x", environment: { DATABASE_URL: "postgres://plausible_db/x" } },
        plausible_db: { image: "y" },
      },
    });
  });

  it("yes, no, on and off are text, as Compose has it; numbers and true are what they are", async () => {
    const compose = `${WEB}\n    restart: no\n    environment: {A: yes, B: off, C: y, D: true, E: 5432, F: 022, G: "022"}`;
    const { compose: result } = specOf(await expandText(app(compose)), "App") as {
      compose: { services: { web: object } };
    };
    expect(result.services.web).to.deep.equal({
      image: "nginx:1",
      restart: "no",
      environment: { A: "yes", B: "off", C: "y", D: true, E: 5432, F: 18, G: "022" },
    });
  });

  it("passes a variable without a value through, and never one of the node's agent", async () => {
    for (const environment of ["{A: , TOKEN: , C: c}", "[A, TOKEN, C=c]"]) {
      const result = await expandText(app(`${WEB}\n    environment: ${environment}`, '  env: {A: "1$"}\n'));
      const { compose } = specOf(result, "App");
      const expected = environment.startsWith("[") ? ["A=1$$", "C=c"] : { A: "1$$", C: "c" };
      expect(compose).to.deep.equal({ services: { web: { image: "nginx:1", environment: expected } } });
      expect(result.notes.map(({ message }) => message)).to.have.length(1);
      expect(result.notes[0]?.message).to.include("TOKEN is omitted");
    }
  });

  it("removes version, name and build, with a note", async () => {
    const result = await expandText(app(`version: "3.8"\nname: other\n${WEB}\n    build: .`));
    expect(specOf(result, "App").compose).to.deep.equal({ services: { web: { image: "nginx:1" } } });
    expect(result.notes.map(({ message }) => message.split(":")[0])).to.deep.equal([
      "spec.compose.version",
      "spec.compose.name",
      "spec.compose.services.web.build",
    ]);
  });

  it("keys keep their order", async () => {
    const { compose } = specOf(
      await expandText(app("volumes: {z: , a: }\nservices:\n  b: {user: x, image: y}\n  a: {image: z}")),
      "App",
    );
    expect(JSON.stringify(compose)).to.equal(
      '{"volumes":{"z":null,"a":null},"services":{"b":{"user":"x","image":"y"},"a":{"image":"z"}}}',
    );
  });

  it("expands anchors and merge keys", async () => {
    const compose = "x-base: &base\n  image: nginx:${TAG:-1}\nservices:\n  web:\n    <<: *base\n    user: x";
    const { compose: result } = specOf(await expandText(app(compose)), "App") as { compose: { services: object } };
    expect(result.services).to.deep.equal({ web: { image: "nginx:1", user: "x" } });
  });

  it("a document that expands to more than the size limit is refused", async () => {
    const compose = `${WEB}\n    command: "${"$X".repeat(40)}"`;
    const long = "x".repeat(20_000);
    const places = await placesOf(expandText(app(compose, `  env: {X: ${long}}\n`)));
    expect(places[0]).to.include("expands to more than 524288 characters");
  });

  it("has the document at the expected line", () => {
    expect(app(WEB).split("\n")[FIRST - 1]).to.equal("    services:");
  });
});
