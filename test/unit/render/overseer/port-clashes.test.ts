import { expect } from "chai";
import { hostPorts, sharedPort } from "../../../../src/render/overseer/compose/host-ports.js";
import { failureOf } from "../support/harness.js";
import { expandFiles, placesOf } from "./support/expand.js";

const app = (name: string, ports: readonly unknown[], spec: Record<string, unknown> = {}): string =>
  JSON.stringify({
    apiVersion: "overseer.io/v1",
    kind: "App",
    metadata: { name },
    spec: { targetNode: "node-1", compose: { services: { [name]: { image: "x", ports } } }, ...spec },
  });

const REMEDY = "change the port, or move one of the apps to another node";

describe("host ports that two apps of a source publish", () => {
  it("are refused, with both apps, the port and both places", async () => {
    const files = { "a.yaml": app("a", ["80:80"]), "b.yaml": app("b", ["80:80"]) };
    expect(await placesOf(expandFiles(files))).to.deep.equal([
      `b.yaml:1 spec.compose.services.b.ports[0]: host port 80/tcp of node node-1 is also published by app a (a.yaml, spec.compose.services.a.ports[0]): ${REMEDY}`,
    ]);
  });

  it("are named in the Compose file that publishes them", async () => {
    const document = (name: string): string =>
      `apiVersion: overseer.io/v1\nkind: App\nmetadata:\n  name: ${name}\nspec:\n  composeFiles: [${name}/compose.yml]\n`;
    const compose = (ports: string): string =>
      `services:\n  web:\n    image: x\n    ports:\n      - "9000:1"\n      - ${ports}\n`;
    const files = {
      "a.yaml": document("a"),
      "b.yaml": document("b"),
      "a/compose.yml": compose('"3000:3000"').replace("9000", "9001"),
      "b/compose.yml": compose("{target: 80, published: 3000}"),
    };
    expect(await placesOf(expandFiles(files))).to.deep.equal([
      `b/compose.yml:6 services.web.ports[1]: host port 3000/tcp of the only node is also published by app a (a/compose.yml, services.web.ports[1]): ${REMEDY}`,
    ]);
  });

  // The two items of ports, and the port that both take.
  const pairs: readonly [a: unknown, b: unknown, shared: string | undefined][] = [
    ["80:80", "80:8080", "80/tcp"],
    ["80:80", "81:80", undefined],
    ["53:53/udp", "53:53/tcp", undefined],
    ["53:53/udp", "53:53/UDP", "53/udp"],
    ["80:80", "127.0.0.1:80:80", "80/tcp"],
    ["0.0.0.0:80:80", "127.0.0.1:80:80", "80/tcp"],
    ["127.0.0.1:80:80", "127.0.0.2:80:80", undefined],
    ["0.0.0.0:80:80", "[::1]:80:80", undefined],
    ["[::]:80:80", "[::1]:80:80", "80/tcp"],
    ["[::1]:80:80", "[0:0::1]:80:80", "80/tcp"],
    ["8000-8010:8000-8010", "8010-8020:8010-8020", "8010/tcp"],
    ["8000-8010:8000-8010", "8011:80", undefined],
    ["8000-8010:8000-8010", { target: 80, published: "8005" }, "8005/tcp"],
    ["80", "80", undefined],
    ["8000-9000:80", "8000:80", undefined],
  ];
  for (const [a, b, shared] of pairs) {
    it(`${JSON.stringify(a)} and ${JSON.stringify(b)}: ${shared ?? "none"}`, () => {
      const [left] = hostPorts({ services: { one: { ports: [a] } } });
      const [right] = hostPorts({ services: { one: { ports: [b] } } });
      const found = left && right && [sharedPort(left, right), sharedPort(right, left)];
      expect(found ?? [undefined, undefined]).to.deep.equal([shared, shared]);
    });
  }

  it("do not conflict on different nodes, for services that do not run, or with host networking", async () => {
    const quiet = (extra: object) => ({ compose: { services: { b: { image: "x", ports: ["80:80"], ...extra } } } });
    const others = [
      app("b", ["80:80"], { targetNode: "node-2" }),
      app("b", [], {
        compose: { services: { c: { image: "x" }, b: { image: "x", ports: ["80:80"], profiles: ["p"] } } },
      }),
      app("b", [], quiet({ network_mode: "host" })),
    ];
    for (const other of others) {
      const { documents } = await expandFiles({ "a.yaml": app("a", ["80:80"]), "b.yaml": other });
      expect(documents).to.have.length(2);
    }
  });

  it("are refused at every render, and no more once one app moved", async () => {
    const files = { "a.yaml": app("a", ["80:80"]), "b.yaml": app("b", ["80:80"]) };
    for (const _ of [1, 2]) expect(await placesOf(expandFiles(files))).to.have.length(1);
    expect((await expandFiles({ ...files, "a.yaml": app("a", ["81:80"]) })).documents).to.have.length(2);
  });

  it("are compared quickly, regardless of their number", async () => {
    const many = (first: number) =>
      Array.from({ length: 3000 }, (_, index) => `127.0.${first}.${index % 250}:80:${index + 1}`);
    const files = { "a.yaml": app("a", many(1)), "b.yaml": app("b", many(2)), "c.yaml": app("c", ["80:80"]) };
    expect(await placesOf(expandFiles(files))).to.have.length(2);
  });
});

describe("a source with several apps and one problem", () => {
  const fine = Object.fromEntries(["a", "b", "c"].map((name) => [`${name}.yaml`, app(name, [])]));

  it("reports how many other apps are blocked, and how to separate apps", async () => {
    const bad = app("d", [], { compose: { services: { d: { build: "." } } } });
    const error = (await failureOf(expandFiles({ ...fine, "d.yaml": bad }))) as Error & { readonly brief: string };
    for (const text of [error.message, error.brief])
      expect(text).to.match(
        /^d\.yaml:1: App d: .*\(3 other apps of this source wait for this: a source is applied as a whole\. To keep apps apart, give each a folder and an OverseerApp of its own\)$/,
      );
  });

  it("says so of a file that cannot be read, too, and not of an app that is alone", async () => {
    expect(((await failureOf(expandFiles({ ...fine, "d.yaml": "a: [" }))) as Error).message).to.contain("3 other apps");
    const alone = app("d", [], { compose: { services: { d: { build: "." } } } });
    expect(((await failureOf(expandFiles({ "d.yaml": alone }))) as Error).message).not.to.contain("other app");
  });

  it("counts an app whose port clashes as one with a problem", async () => {
    const files = { "a.yaml": app("a", ["80:80"]), "b.yaml": app("b", ["80:80"]) };
    expect(((await failureOf(expandFiles(files))) as Error).message).to.contain("1 other app of this source waits");
  });
});
