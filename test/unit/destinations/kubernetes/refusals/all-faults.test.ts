import { expect } from "chai";
import { allFaults } from "../../../../../src/destinations/kubernetes/refusals/all-faults.js";
import { KubeStatusError } from "../../../../../src/kube/errors.js";
import type { KubeObject } from "../../../../../src/manifest/document.js";

const OBJECT = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a" },
  data: { a: 1, b: true, c: ["x"], d: "fine" },
  odd: 1,
} as unknown as KubeObject;

const typed = (line: string): KubeStatusError =>
  new KubeStatusError(500, { message: `failed to create typed patch object (/a; /v1, Kind=ConfigMap): ${line}` }, "x");

/** As the API server does: it names one fault of several, whichever. */
function server(order: readonly string[]): (object: KubeObject) => Promise<void> {
  return async (object) => {
    const data = object.data as Record<string, unknown>;
    for (const key of order) {
      if (key === "odd" && "odd" in object) throw typed(".odd: field not declared in schema");
      if (key in data && typeof data[key] !== "string")
        throw typed(`.data.${key}: expected string, got &value.valueUnstructured{}`);
    }
  };
}

async function faultsOf(order: readonly string[], ask = server(order)): Promise<readonly string[] | undefined> {
  const refusal = await ask(OBJECT).then(
    () => undefined,
    (error: unknown) => error,
  );
  return (await allFaults(refusal, OBJECT, ask))?.map(({ field, message }) => `${field}: ${message}`);
}

describe("allFaults", () => {
  const all = [
    "data.a: 1 is a number; put it in quotes",
    "data.b: true is a boolean; put it in quotes",
    "data.c: is a list, but must be text",
    "odd: unknown field: correct its name, its place or its indentation",
  ];

  it("finds all faults in a stable order", async () => {
    expect(await faultsOf(["a", "b", "c", "odd"])).to.deep.equal(all);
    expect(await faultsOf(["odd", "c", "b", "a"])).to.deep.equal(all);
  });

  it("adds further faults, but none caused by the fixes", async () => {
    const order = ["a", "b", "c", "odd"];
    const ask = async (object: KubeObject): Promise<void> => {
      await server(order)(object);
      const causes = [
        { reason: "FieldValueInvalid", field: "metadata.name", message: 'Invalid value: "a": too short' },
        { reason: "FieldValueInvalid", field: "data[c]", message: 'Invalid value: "x": came of the mending' },
        { reason: "FieldValueRequired", field: "data", message: "Required value" },
      ];
      throw new KubeStatusError(422, { reason: "Invalid", message: "is invalid", details: { causes } }, "x");
    };
    expect(await faultsOf(order, ask)).to.deep.equal([
      ...all.slice(0, 3),
      'metadata.name: "a" is not valid: too short',
      ...all.slice(3),
    ]);
  });

  it("stops when the server repeats itself, and ignores other refusals", async () => {
    let asked = 0;
    const stubborn = async (): Promise<void> => {
      asked++;
      throw typed(".data.a: expected string, got x");
    };
    expect(await faultsOf([], stubborn)).to.deep.equal([all[0]]);
    expect(asked).to.be.lessThan(4);
    expect(await allFaults(new KubeStatusError(403, { message: "no" }, "x"), OBJECT, stubborn)).to.equal(undefined);
    expect(await allFaults(new Error("cut off"), OBJECT, stubborn)).to.equal(undefined);
  });
});
