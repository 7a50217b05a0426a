import { expect } from "chai";
import { load } from "js-yaml";
import { app, expandText, placesOf, specOf } from "./support/expand.js";

/** The Compose document that the Core gets. */
async function composeOf(compose: string): Promise<unknown> {
  const { compose: written } = specOf(await expandText(app(compose)), "App");
  return typeof written === "string" ? load(written) : written;
}

describe("external secrets of apps on a Core", () => {
  it("become files with the values of secrets of the Core, at the same paths", async () => {
    const document = `services:
  web:
    image: x
    secrets: [short, {source: long, target: named, mode: 0400}, {source: long, target: /etc/key}]
    configs: [own]
  other: {image: x}
configs: {own: {content: text}, secret-short: {content: in use}}
secrets:
  short: {external: true}
  long: {external: true, name: db.password}`;
    expect(await composeOf(document)).to.deep.equal({
      services: {
        web: {
          image: "x",
          secrets: [],
          configs: [
            "own",
            { source: "secret-short-", target: "/run/secrets/short" },
            { source: "secret-long", target: "/run/secrets/named", mode: 0o400 },
            { source: "secret-long", target: "/etc/key" },
          ],
        },
        other: { image: "x" },
      },
      configs: {
        own: { content: "text" },
        "secret-short": { content: "in use" },
        "secret-short-": { content: "${SECRET:short}" },
        "secret-long": { content: "${SECRET:db.password}" },
      },
      secrets: {},
    });
  });

  it("are waited for like other secrets of the Core", async () => {
    const document = "services: {web: {image: x, secrets: [db]}}\nsecrets: {db: {external: {name: wiki}}}";
    const { secrets } = specOf(await expandText(app(document)), "App");
    expect(secrets).to.deep.equal(["wiki"]);
  });

  it("need a name that a secret of a Core can have", async () => {
    const document = 'services: {web: {image: x, secrets: [db]}}\nsecrets: {db: {external: true, name: "a b"}}';
    const [place, ...more] = await placesOf(expandText(app(document)));
    expect(place).to.match(/secrets\.db: is not the name of a secret of the Core: expected letters, digits/);
    expect(more).to.deep.equal([]);
  });
});
