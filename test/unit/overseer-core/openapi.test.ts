import { expect } from "chai";
import { routeTable } from "../../../src/overseer-core/http/table.js";
import type { Liveness } from "../../../src/overseer-core/operations/liveness.js";
import type { Store } from "../../../src/overseer-core/store/store.js";
import { VERSION } from "../../../src/version.js";
import { CoreRig, type Json, list } from "./rig.js";

describe("the OpenAPI document of a Core", () => {
  let document: Json;
  before(async () => {
    const core = await CoreRig.start();
    document = (await core.get("/openapi.json", { token: null })).body;
    await core.remove();
  });

  const table = routeTable({} as Store, {} as Liveness);
  const operations = (): [string, Json][] =>
    Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, one]): [string, Json] => [`${method.toUpperCase()} ${path}`, one]),
    );

  it("has every route, and no other", () => {
    const routes = table.map(({ method, path }) => `${method} ${path.replace(":id", "{id}")}`);
    expect(operations().map(([name]) => name)).to.have.members(routes);
    expect(new Set(routes).size, "each once").to.equal(routes.length);
  });

  it("names each operation once, says what it does and who may call it", () => {
    const ids = operations().map(([, { operationId }]) => `${operationId}`);
    expect(new Set(ids).size, ids.join(" ")).to.equal(ids.length);
    for (const [name, { summary, description, responses }] of operations()) {
      expect(`${summary}`, name).to.match(/\.$/);
      expect(`${description}`, name).to.match(/^(Role: |Needs no token)/);
      expect(Object.keys(responses ?? {}), name).to.include("default");
    }
  });

  it("refers to schemas that are there", () => {
    const known = Object.keys(document.components?.schemas ?? {});
    const text = JSON.stringify(document);
    const used = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference = ""]) => reference);
    expect(used.length).to.be.greaterThan(40);
    expect(used.filter((one) => !known.includes(one.replace("#/components/schemas/", "")))).to.deep.equal([]);
    expect(text).not.to.include("$defs");
    expect(document.components?.schemas?.AppCreate?.required, "defaults may be left out").to.deep.equal([
      "name",
      "compose",
    ]);
  });

  it("is 3.1, of this version", () => {
    expect(document.openapi).to.equal("3.1.0");
    expect(document.info?.version).to.equal(VERSION);
    expect(list(document.paths?.["/api/apps"]?.get?.security)).to.deep.equal([{ token: [] }]);
    expect(list(document.paths?.["/health"]?.get?.security)).to.deep.equal([]);
  });
});
