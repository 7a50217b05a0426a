import { expect } from "chai";
import type { Target } from "../../../../src/destinations/destination.js";
import { ALL_ABILITIES, type CoreAbilities } from "../../../../src/destinations/overseer/core-limits.js";
import { MARK_KEY } from "../../../../src/destinations/overseer/mark.js";
import { previewWrites } from "../../../../src/destinations/overseer/preview.js";
import type { Document } from "../../../../src/manifest/document.js";
import { app, document, node, route, stateOf } from "./samples.js";

const mark = (name: string, instance = "here") => ({
  [MARK_KEY]: { app: name, instance, document: "d", content: "c" },
});
const web = document("App", "web", { node: "node-1", compose: { services: { web: { image: "w:1" } } }, secrets: [] });
const open = document("Route", "web.example.com/", {
  host: "web.example.com",
  path: "/",
  app: "web",
  target: "web:80",
  tls: true,
});
const closed = document("Route", "web.example.com/", { ...(open.object.spec as object), auth: "oidc" });

function preview(
  documents: readonly Document[],
  held: Parameters<typeof stateOf>[0],
  options: {
    readonly adopt?: Target["adopt"];
    readonly abilities?: Partial<CoreAbilities>;
    readonly all?: readonly Document[];
  } = {},
) {
  const target: Target = {
    app: { namespace: "shop", name: "web", uid: "u" },
    serviceAccountName: undefined,
    adopt: options.adopt ?? "Unowned",
  };
  const { accepted, refused, missing } = previewWrites(
    documents.map((one) => ({ verb: "Create", document: one, live: undefined })),
    {
      target,
      state: stateOf(held),
      abilities: { ...ALL_ABILITIES, ...options.abilities },
      instance: "here",
      all: options.all ?? documents,
    },
  );
  return [
    ...accepted.map(({ verb, action }) => `${verb} ${action.document.id.name}`),
    ...refused.map(({ message }) => `refused: ${message}`),
    ...missing.map(({ what }) => `missing: ${what}`),
  ].join("\n");
}

describe("a preview for a Core", () => {
  it("makes what is not there", () => {
    expect(preview([web], { node: [node()] })).to.equal("Create web");
  });

  it("updates what is the app's", () => {
    expect(preview([web], { node: [node()], app: [app({ metadata: mark("shop/web") })] })).to.equal("Update web");
  });

  it("refuses what nobody of us made, also where others are adopted by default", () => {
    for (const adopt of ["Unowned", "Never"] as const)
      expect(preview([web], { node: [node()], app: [app()] }, { adopt })).to.match(
        /^refused: exists in the Core already/,
      );
    expect(preview([web], { node: [node()], app: [app()] }, { adopt: "Always" })).to.equal("Adopt web");
  });

  it("refuses another app's, whatever is asked", () => {
    for (const adopt of ["Unowned", "Never", "Always"] as const)
      expect(preview([web], { node: [node()], app: [app({ metadata: mark("shop/other") })] }, { adopt })).to.match(
        /^refused: belongs to OverseerApp shop\/other/,
      );
  });

  it("refuses another cluster's, unless it is asked for", () => {
    const held = { node: [node()], app: [app({ metadata: mark("shop/web", "there") })] };
    expect(preview([web], held)).to.match(/^refused: is managed by OverseerApp shop\/web of another cluster/);
    expect(preview([web], held, { adopt: "Always" })).to.equal("Update web");
  });

  it("takes the configuration of a node that nobody manages", () => {
    const config = document("NodeConfig", "node-1", { config: { labels: {}, schedulable: true } });
    expect(preview([config], { node: [node()] }, { adopt: "Never" })).to.equal("Update node-1");
    expect(preview([config], { node: [node({ metadata: mark("shop/other") })] })).to.match(/belongs to/);
    expect(preview([config], {})).to.equal(
      "Create node-1\nmissing: node node-1 (start its agent, so that it registers)",
    );
  });

  it("names every secret and node that is not there", () => {
    const needs = document("App", "web", { ...(web.object.spec as object), secrets: ["a", "b"] });
    const held = { secret: [{ id: "s", name: "b", scope: "global" as const, scopeId: null }] };
    expect(preview([needs], held)).to.equal(
      "Create web\nmissing: node node-1 (start its agent, so that it registers)\nmissing: secret a (store it in the Core)",
    );
  });

  it("lets a route come with its app, and waits for an app that nobody brings", () => {
    expect(preview([open], {}, { all: [web, open] })).to.equal("Create web.example.com/");
    expect(preview([open], {})).to.match(/missing: app web/);
    expect(preview([open], { app: [app()] })).to.equal("Create web.example.com/");
  });

  it("refuses a route that asks for a sign-in that is not there", () => {
    const held = { app: [app()] };
    expect(preview([closed], held)).to.match(
      /^refused: asks for sign-in by oidc, and the Core has no such sign-in provider/,
    );
    expect(preview([closed], held, { abilities: { signInProviders: false } })).to.match(/does not tell which/);
    expect(preview([closed], { ...held, signInProvider: [{ id: "p", name: "oidc" }] })).to.equal(
      "Create web.example.com/",
    );
  });

  it("refuses a host and path that another app has", () => {
    expect(preview([open], { app: [app()], route: [route({ metadata: mark("shop/other") })] })).to.match(/belongs to/);
  });

  it("refuses to change an app on a Core that cannot, and not what stays as it is", () => {
    const held = { node: [node()], app: [app({ metadata: mark("shop/web") })] };
    expect(preview([web], held, { abilities: { updateApps: false } })).to.match(
      /^refused: this Core cannot change an app/,
    );
    expect(preview([web], { node: [node()] }, { abilities: { updateApps: false } })).to.equal("Create web");
  });
});
