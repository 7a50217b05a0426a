import { expect } from "chai";
import {
  claimantsOf,
  type DestinationPlace,
  environmentsOf,
  type PlacedObject,
  promotionCircle,
} from "../../../src/gates/environments.js";
import { environment } from "./support/environments.js";

const prod = environment("prod", {
  namespaces: [{ name: "shop-prod" }],
  claims: [
    { cluster: "https://prod.example.com:6443", namespaces: ["shop", "billing"] },
    { core: "https://core.example.com" },
  ],
});
const edge = environment("edge", { claims: [{ cluster: "https://edge.example.com", namespaces: ["*"] }] });
const audit = environment("audit", { namespaces: [{ name: "shop-prod" }, { name: "audit" }] });
const ALL = [prod, edge, audit];
const local: DestinationPlace = { cluster: undefined };

const configMap = (namespace?: string): PlacedObject => ({ group: "", kind: "ConfigMap", namespace, name: "c" });
const names = (object: PlacedObject, place: DestinationPlace): string[] =>
  claimantsOf(object, place, ALL).map(({ metadata }) => metadata.name);

describe("environments", () => {
  it("govern the apps of their namespaces, several of them together", () => {
    const of = (namespace: string): string[] => environmentsOf(namespace, ALL).map(({ metadata }) => metadata.name);
    expect(of("shop-prod")).to.deep.equal(["prod", "audit"]);
    expect(of("audit")).to.deep.equal(["audit"]);
    expect(of("shop")).to.deep.equal([]);
  });

  const cases: readonly (readonly [
    what: string,
    object: PlacedObject,
    place: DestinationPlace,
    claimants: string[],
  ])[] = [
    ["a namespace of theirs in the local cluster", configMap("shop-prod"), local, ["prod", "audit"]],
    ["the Namespace itself", { group: "", kind: "Namespace", name: "shop-prod" }, local, ["prod", "audit"]],
    ["not a namespace of this name elsewhere", configMap("shop-prod"), { cluster: "https://x.example.com" }, []],
    ["a namespace of a remote cluster", configMap("shop"), { cluster: "https://prod.example.com:6443" }, ["prod"]],
    ["whatever the case of its host", configMap("shop"), { cluster: "HTTPS://PROD.example.com:6443/" }, ["prod"]],
    ["not its other namespaces", configMap("other"), { cluster: "https://prod.example.com:6443" }, []],
    ["not that namespace in the local cluster", configMap("billing"), local, []],
    ["a whole cluster", configMap("any"), { cluster: "https://edge.example.com:443" }, ["edge"]],
    [
      "a whole cluster with what has no namespace",
      { group: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "x" },
      { cluster: "https://edge.example.com" },
      ["edge"],
    ],
    [
      "not what has no namespace, if only namespaces are claimed",
      { group: "rbac.authorization.k8s.io", kind: "ClusterRole", namespace: "", name: "x" },
      local,
      [],
    ],
    ["a Core", { group: "overseer.io", kind: "App", name: "web" }, { core: "https://core.example.com/" }, ["prod"]],
    ["not another Core", { group: "overseer.io", kind: "App", name: "web" }, { core: "https://b.example.com" }, []],
  ];
  for (const [what, object, place, claimants] of cases)
    it(`claim ${what}`, () => {
      expect(names(object, place)).to.deep.equal(claimants);
    });

  it("find the circle that promotesFrom leads through", () => {
    const a = environment("a", { promotesFrom: ["b"] });
    const b = environment("b", { promotesFrom: ["c"] });
    const c = environment("c", { promotesFrom: ["a"] });
    const d = environment("d", { promotesFrom: ["a"] });
    expect(promotionCircle("a", [a, b, c, d])).to.deep.equal(["a", "b", "c", "a"]);
    expect(promotionCircle("d", [a, b, c, d])).to.equal(undefined);
    expect(promotionCircle("e", [environment("e", { promotesFrom: ["e"] })])).to.deep.equal(["e", "e"]);
  });
});
