import { expect } from "chai";
import type { Target } from "../../../../src/destinations/destination.js";
import { ALL_ABILITIES, type CoreAbilities } from "../../../../src/destinations/overseer/client/core-limits.js";
import { OWNERSHIP_KEY } from "../../../../src/destinations/overseer/ownership-record.js";
import { previewWrites } from "../../../../src/destinations/overseer/preview.js";
import { SecretRecord } from "../../../../src/destinations/overseer/state/core-records.js";
import type { Document } from "../../../../src/manifest/document.js";
import { app, document, node, route, stateOf } from "./samples.js";

const mark = (name: string, instance = "here") => ({
  [OWNERSHIP_KEY]: { app: name, instance, document: "d", content: "c" },
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
    additions: "Revert",
    ignored: [],
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
  it("creates missing resources", () => {
    expect(preview([web], { node: [node()] })).to.equal("Create web");
  });

  it("updates resources of the app", () => {
    expect(preview([web], { node: [node()], app: [app({ metadata: mark("shop/web") })] })).to.equal("Update web");
  });

  it("refuses unowned resources, even with the default adoption policy", () => {
    for (const adopt of ["Unowned", "Never"] as const)
      expect(preview([web], { node: [node()], app: [app()] }, { adopt })).to.match(
        /^refused: exists in the Core already/,
      );
    expect(preview([web], { node: [node()], app: [app()] }, { adopt: "Always" })).to.equal("Adopt web");
  });

  it("refuses resources of another app with any adoption policy", () => {
    for (const adopt of ["Unowned", "Never", "Always"] as const)
      expect(preview([web], { node: [node()], app: [app({ metadata: mark("shop/other") })] }, { adopt })).to.match(
        /^refused: belongs to OverseerApp shop\/other/,
      );
  });

  it("refuses resources of another cluster, unless adoption is allowed", () => {
    const held = { node: [node()], app: [app({ metadata: mark("shop/web", "there") })] };
    expect(preview([web], held)).to.match(/^refused: is managed by OverseerApp shop\/web of another cluster/);
    expect(preview([web], held, { adopt: "Always" })).to.equal("Update web");
  });

  it("accepts the configuration of an unmanaged node", () => {
    const config = document("NodeConfig", "node-1", { config: { labels: {}, schedulable: true } });
    expect(preview([config], { node: [node()] }, { adopt: "Never" })).to.equal("Update node-1");
    expect(preview([config], { node: [node({ metadata: mark("shop/other") })] })).to.match(/belongs to/);
    expect(preview([config], {})).to.equal(
      "Create node-1\nmissing: node node-1 (start its agent so that it registers)",
    );
  });

  it("reports every missing secret and node", () => {
    const needs = document("App", "web", { ...(web.object.spec as object), secrets: ["a", "b"] });
    const held = { secret: [SecretRecord.parse({ id: "s", name: "b", scope: "global" })] };
    expect(preview([needs], held)).to.equal(
      "Create web\nmissing: node node-1 (start its agent so that it registers)\nmissing: secret a (store it in the Core)",
    );
  });

  it("accepts a route together with its app, and reports a missing app", () => {
    expect(preview([open], {}, { all: [web, open] })).to.equal("Create web.example.com/");
    expect(preview([open], {})).to.match(/missing: app web/);
    expect(preview([open], { app: [app()] })).to.equal("Create web.example.com/");
  });

  it("refuses a route with an unknown sign-in provider", () => {
    const held = { app: [app()] };
    expect(preview([closed], held)).to.match(
      /^refused: requires sign-in with oidc, but the Core has no such sign-in provider/,
    );
    expect(preview([closed], held, { abilities: { signInProviders: false } })).to.match(/does not list its/);
    expect(preview([closed], { ...held, signInProvider: [{ id: "p", name: "oidc" }] })).to.equal(
      "Create web.example.com/",
    );
  });

  it("refuses a host and path of another app", () => {
    expect(preview([open], { app: [app()], route: [route({ metadata: mark("shop/other") })] })).to.match(/belongs to/);
  });

  describe("of ports of a node", () => {
    const publishing = (name: string, ...ports: string[]) =>
      document("App", name, { node: "node-1", compose: { services: { web: { image: "w:1", ports } } }, secrets: [] });
    const live = (name: string, port: string, owner: string | undefined, fields = {}) =>
      app({
        id: `id-${name}`,
        name,
        compose: `services:\n  web:\n    ports: ["${port}"]\n`,
        metadata: owner === undefined ? {} : mark(owner),
        ...fields,
      });
    const held = (...apps: ReturnType<typeof live>[]) => ({ node: [node()], app: apps });
    const web80 = publishing("web", "80:80");

    it("refuses a port of an app outside this source, managed or not", () => {
      expect(preview([web80], held(live("blog", "80:8080", "shop/other")))).to.equal(
        "refused: service web publishes host port 80/tcp of node node-1, which app blog (of OverseerApp shop/other) already publishes: change the port, or move one of the apps to another node",
      );
      expect(preview([web80], held(live("blog", "0.0.0.0:80:80", undefined)))).to.match(
        /^refused: .* app blog \(not managed by an OverseerApp\)/,
      );
    });

    it("accepts another node, protocol or address", () => {
      for (const [port, fields] of [
        ["80:80", { nodeId: "n2" }],
        ["80:80/udp", {}],
        ["81:80", {}],
      ] as const)
        expect(preview([web80], held(live("blog", port, "shop/other", fields)))).to.equal("Create web");
      const local = publishing("web", "127.0.0.1:80:80");
      expect(preview([local], held(live("blog", "127.0.0.2:80:80", "shop/other")))).to.equal("Create web");
    });

    it("accepts a port that another app of the same Change releases, also in a swap", () => {
      const before = held(live("blog", "80:80", "shop/web"), live("web", "81:80", "shop/web"));
      const blog = publishing("blog", "81:80");
      expect(preview([web80, blog], before)).to.equal("Update web\nUpdate blog");
      expect(preview([web80], held(live("blog", "80:80", "shop/web"))), "blog leaves the source").to.equal(
        "Create web",
      );
    });

    it("refuses a port of an app that stays after it was removed from the source", () => {
      const [blog] = [live("blog", "80:80", "shop/web")];
      const kept = { ...mark("shop/web")[OWNERSHIP_KEY], keepAnnotations: ["gitops.overseer.io/prune: disabled"] };
      expect(preview([web80], held({ ...blog, metadata: { [OWNERSHIP_KEY]: kept } }))).to.match(/^refused: /);
    });

    it("ignores an existing clash, so that it does not block other changes", () => {
      const before = held(live("web", "80:80", "shop/web"), live("blog", "80:80", "shop/other"));
      expect(preview([web80], before)).to.equal("Update web");
    });

    it("assigns an app without a node to the only node", () => {
      const anywhere = document("App", "web", { ...(web80.object.spec as object), node: undefined });
      const blog = live("blog", "80:80", "shop/other");
      expect(preview([anywhere], held(blog))).to.match(/^refused: .* of the only node/);
      expect(preview([anywhere], { node: [node(), node({ id: "n2", name: "two" })], app: [blog] })).to.equal(
        "Create web",
      );
      expect(preview([publishing("a", "80:80"), anywhere], held()).match(/refused/g)).to.have.length(2);
    });
  });

  it("refuses labels of nodes on a Core that would ignore them", () => {
    const labeled = document("App", "web", { ...(web.object.spec as object), nodeLabels: { disk: "ssd" } });
    const present = node({ drained: false });
    expect(preview([labeled], { node: [present] })).to.equal("Create web");
    const refused = /^refused: this Core does not place apps by labels/;
    expect(preview([labeled], { node: [present] }, { abilities: { changes: false } })).to.match(refused);
    expect(preview([labeled], { node: [node()] }), "an older Core does not know drained nodes").to.match(refused);
    expect(preview([web], { node: [node()] }), "without labels").to.equal("Create web");
  });

  it("refuses updates of apps on a Core without PUT, but not unchanged apps", () => {
    const held = { node: [node()], app: [app({ metadata: mark("shop/web") })] };
    expect(preview([web], held, { abilities: { updateApps: false } })).to.match(
      /^refused: this Core cannot update apps/,
    );
    expect(preview([web], { node: [node()] }, { abilities: { updateApps: false } })).to.equal("Create web");
  });
});
