import { keepsTheContract } from "../../support/destination-contract.js";
import { MemoryDestination } from "../../support/memory-destination.js";
import { renderFiles, request } from "../render/support/harness.js";

describe("A destination in memory", () => {
  keepsTheContract(async () => {
    const destination = new MemoryDestination();
    return {
      destination,
      document: async (name, version) => {
        const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { version: "${version}" }\n`;
        const [document] = (await renderFiles({ "a.yaml": text }, request(""))).documents;
        if (document === undefined) throw new Error("no document");
        return document;
      },
      edit: async ({ key, object }) => destination.edit(key, { object: { ...object, data: { version: "edited" } } }),
      exists: async ({ key }) => destination.objects.has(key),
      stop: async () => {},
    };
  });
});
