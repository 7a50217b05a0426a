import { expect } from "chai";
import { FieldLines } from "../../../../src/manifest/yaml/field-lines.js";
import { expandFiles } from "./support/expand.js";

const lines = (...all: string[]): string => `${all.join("\n")}\n`;
const HEAD = ["apiVersion: overseer.io/v1", "kind: App", "metadata:", "  name: web", "spec:"];

/** The line that each thing is named on which the documents of a source depend on, by kind of object. */
async function placesIn(files: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const { documents } = await expandFiles(files);
  const found: Record<string, string> = {};
  for (const { places = new Map() } of documents) {
    for (const [name, { origin, path }] of places)
      found[name] = `${origin.file}:${new FieldLines(files[origin.file] ?? "").lineOf(origin.line, path)}`;
  }
  return found;
}

describe("places of references to other objects", () => {
  it("is the line of a secret in the Compose file, not the beginning of the App document", async () => {
    const files = {
      "app.yaml": lines(...HEAD, "  composeFiles: [compose.yml]"),
      "compose.yml": lines(
        "services:",
        "  web:",
        "    image: x",
        "    environment:",
        "      A: b",
        "      PW: ${SECRET:db-pw}",
        "    command:",
        "      - --key",
        "      - ${SECRET:api-key}",
      ),
    };
    expect(await placesIn(files)).to.deep.equal({ "secret db-pw": "compose.yml:6", "secret api-key": "compose.yml:9" });
  });

  it("is the file of the last layer or of the service that is extended", async () => {
    const files = {
      "app.yaml": lines(...HEAD, "  composeFiles: [one.yml, two.yml]"),
      "one.yml": lines("services:", "  web:", "    extends:", "      file: base.yml", "      service: base"),
      "two.yml": lines("services:", "  web:", "    environment:", "      TWO: ${SECRET:two}"),
      "base.yml": lines("services:", "  base:", "    image: x", "    environment:", "      BASE: ${SECRET:base}"),
    };
    expect(await placesIn(files)).to.deep.equal({ "secret two": "two.yml:4", "secret base": "base.yml:5" });
  });

  it("is a field: a node, a secret of inline Compose, the app of a route or policy", async () => {
    const files = {
      "app.yaml": lines(
        ...HEAD,
        "  targetNode: node-1",
        "  compose:",
        "    services:",
        "      web:",
        "        image: x",
        "        environment: [A=b, 'PW=${SECRET:inline}']",
      ),
      "route.yaml": lines(
        "apiVersion: overseer.io/v1",
        "kind: Route",
        "metadata: {name: r}",
        "spec:",
        "  host: a.example.com",
        "  service: web",
        "  port: 80",
        "  app: elsewhere",
      ),
    };
    expect(await placesIn(files)).to.deep.equal({
      "node node-1": "app.yaml:6",
      "secret inline": "app.yaml:11",
      "app elsewhere": "route.yaml:8",
    });
  });

  it("is that of the App document where a value comes from its env", async () => {
    const files = {
      "app.yaml": lines(
        ...HEAD,
        "  env: {PW: '${SECRET:of-env}'}",
        "  compose:",
        "    services:",
        "      web:",
        "        image: x",
        "        environment:",
        "          PW: ${PW}",
        "          OTHER:",
      ),
    };
    expect(await placesIn(files)).to.deep.equal({ "secret of-env": "app.yaml:12" });
  });
});
