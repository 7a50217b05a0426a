import { expect } from "chai";
import { load } from "js-yaml";
import type { Json } from "../../../../src/base/hash.js";
import { composeText } from "../../../../src/destinations/overseer/kinds/compose-text.js";
import { caseFile } from "../../../support/cases.js";
import { app, expandFiles, expandText, placesOf, specOf } from "./support/expand.js";

interface Service {
  readonly environment: Record<string, unknown>;
  readonly labels: Record<string, unknown>;
  readonly command: readonly unknown[];
}

/** How Go formats a value of YAML that Compose makes text of; verified with compose-go for each value below. */
function inContainer(value: unknown): string {
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value)) return String(value);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  const text = exponent < -4 || exponent >= 6 ? value.toExponential() : String(value);
  return text.replace(/e([-+])([0-9])$/, "e$10$2");
}

/** The value as a node gets it: through the text that the Core holds. */
async function serviceOf(result: ReturnType<typeof expandText>): Promise<Service> {
  const { compose } = specOf(await result, "App") as { compose: Json };
  const read = load(composeText(compose)) as { services: Record<string, Service> };
  const [service] = Object.values(read.services);
  if (service === undefined) throw new Error("no service");
  return service;
}

describe("numbers of a Compose document", () => {
  it("that are ids reach the container with all their digits", async () => {
    const { environment } = await serviceOf(expandText(await caseFile("compose-large-number/app.yaml")));
    expect(environment.OWNER_ID).to.equal("123456789012345678");
  });

  const values: readonly [written: string, text: string][] = [
    ["123456789012345678", "123456789012345678"],
    ["9223372036854775807", "9223372036854775807"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["9007199254740993", "9007199254740993"],
    ["0x7FFFFFFFFFFFFFFF", "9223372036854775807"],
    ["123_456_789_012_345_678", "123456789012345678"],
    ["1e10", "1e+10"],
    ["1E10", "1e+10"],
    ["1e5", "100000"],
    ["1e6", "1e+06"],
    ["1e21", "1e+21"],
    ["1000000.0", "1e+06"],
    ["123456789.0", "1.23456789e+08"],
    ["1234567.5", "1.2345675e+06"],
    ["1.0", "1"],
    ["1.50", "1.5"],
    ["1.", "1"],
    [".5", "0.5"],
    ["1e-7", "1e-07"],
    ["0.00001", "1e-05"],
    ["0o17", "15"],
    ["017", "15"],
    ["022", "18"],
    ["08", "8"],
    ["0x1F", "31"],
    ["0b11", "3"],
    ["1_000", "1000"],
    ["1_0.5", "10.5"],
    ["+5", "5"],
    ["0o8", "0o8"],
    ["12:30:45", "12:30:45"],
    ["!!str 5", "5"],
    ["!!float 5", "5"],
    ['!!int "5"', "5"],
    ["yes", "yes"],
    ["no", "no"],
    ["on", "on"],
    ["y", "y"],
    ["True", "true"],
    ["2001-12-14", "2001-12-14"],
    ["2001-12-14T21:59:43.10-05:00", "2001-12-14T21:59:43.10-05:00"],
  ];
  for (const [written, text] of values) {
    it(`${written} becomes ${text}, in environment, labels and command`, async () => {
      const service = `image: x\n    environment: {V: ${written}}\n    labels: {V: ${written}}\n    command: [${written}]`;
      const compose = `services:\n  web:\n    ${service}`;
      const inline = await serviceOf(expandText(app(compose)));
      const inFile = await serviceOf(
        expandFiles({
          "app.yaml": "apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: web}\nspec: {composeFiles: [c.yaml]}\n",
          "c.yaml": `${compose}\n`,
        }),
      );
      for (const { environment, labels, command } of [inline, inFile]) {
        expect([environment.V, labels.V, command[0]].map(inContainer)).to.deep.equal([text, text, text]);
      }
    });
  }

  for (const written of [".inf", "-.inf", ".nan", "123456789012345678901234567890"]) {
    it(`${written} is refused with its place, in a file and in the document itself`, async () => {
      const compose = `services:\n  web:\n    image: x\n    environment:\n      V: ${written}`;
      expect(await placesOf(expandText(app(compose)))).to.have.length(1);
      const places = await placesOf(
        expandFiles({
          "app.yaml": "apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: web}\nspec: {composeFiles: [c.yaml]}\n",
          "c.yaml": `${compose}\n`,
        }),
      );
      expect(places).to.have.length(1);
      expect(places[0]).to.match(/^c\.yaml:5 .*put (it|the word) in quotes/);
    });
  }

  it("are numbers where a document needs numbers", async () => {
    const compose = "services:\n  web:\n    image: x\n    mem_limit: 9007199254740993\n    cpus: 1.5\n    scale: 2";
    const service = (await serviceOf(expandText(app(compose)))) as unknown as Record<string, unknown>;
    expect(service).to.include({ mem_limit: "9007199254740993", cpus: 1.5, scale: 2 });
  });
});
