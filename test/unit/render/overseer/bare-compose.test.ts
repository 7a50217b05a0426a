import { expect } from "chai";
import { renderFiles, request } from "../support/harness.js";
import { placesOf as coreProblems, expandFiles } from "./support/expand.js";

const MESSAGE =
  "this is a Compose document: name it in composeFiles of an App (overseer.io/v1), which goes to an Overseer Core";

describe("a Compose document where documents are expected", () => {
  const files: readonly [title: string, text: string][] = [
    ["with an image", "services:\n  web:\n    image: nginx\n"],
    ["with a build", "version: '3'\nservices: {web: {build: .}}\n"],
    ["with anchors", "x-a: &a {image: x}\nservices: {web: {<<: *a}}\n"],
    ["that has a name", "name: shop\nservices: {web: {image: x, ports: !reset []}}\n"],
  ];
  for (const [title, text] of files) {
    it(`${title} is told from a manifest, for a Core and for Kubernetes`, async () => {
      const line = text.startsWith("#") ? 2 : 1;
      expect(await coreProblems(expandFiles({ "compose.yaml": text }))).to.deep.equal([
        `compose.yaml:${line} ${MESSAGE}`,
      ]);
      expect(await coreProblems(renderFiles({ "compose.yaml": text }, request("")))).to.deep.equal([
        `compose.yaml:${line} ${MESSAGE}`,
      ]);
    });
  }

  for (const [title, text] of [
    ["a manifest that lacks its kind", "apiVersion: v1\nmetadata: {name: a}\nservices: {a: {image: b}}\n"],
    ["services that are text", "services: web\n"],
  ] as const) {
    it(`is not seen in ${title}`, async () => {
      expect((await coreProblems(expandFiles({ "x.yaml": text }))).join()).not.to.include("Compose document");
    });
  }
});

describe("the main service of an app", () => {
  const doc = (services: string, rest = ""): Record<string, string> => ({
    "app.yaml": `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: shop}\nspec:\n  domain: a.example.com\n${rest}  compose:\n    services: ${services}\n`,
  });

  it("is the only service with ports, with a note", async () => {
    const result = await expandFiles(doc('{front: {image: x, ports: ["8080:80"]}, db: {image: y, expose: ["5432"]}}'));
    const route = result.documents.find(({ id }) => id.kind === "Route");
    expect(route?.object.spec).to.include({ target: "front:80" });
    expect(result.notes.map(({ message }) => message)).to.deep.equal([
      "spec.domain: routes to the service front, the only one with ports",
    ]);
  });

  it("is the service named like the app even if another one has ports, without a note", async () => {
    const result = await expandFiles(
      doc('{front: {image: x, ports: ["8080:80"]}, shop: {image: y, expose: ["3000"]}}'),
    );
    const route = result.documents.find(({ id }) => id.kind === "Route");
    expect(route?.object.spec).to.include({ target: "shop:3000" });
    expect(result.notes).to.deep.equal([]);
  });

  it("is ambiguous if two services have ports or the one with ports does not run", async () => {
    for (const services of [
      '{front: {image: x, ports: ["80"]}, back: {image: y, ports: ["81"]}}',
      '{front: {image: x, ports: ["80"], profiles: [p]}, back: {image: y}, db: {image: z}}',
    ]) {
      const [place] = await coreProblems(expandFiles(doc(services)));
      expect(place).to.match(/^app\.yaml:5 spec\.domain: the target service is ambiguous/);
    }
  });

  it("gets the limits of the app", async () => {
    const result = await expandFiles(
      doc('{front: {image: x, ports: ["8080:80"]}, db: {image: y}}', "  resources: {memory: 1g}\n"),
    );
    const shop = result.documents.find(({ id }) => id.kind === "App");
    expect(JSON.stringify(shop?.object.spec)).to.include('"limits":{"memory":"1g"}');
  });
});
