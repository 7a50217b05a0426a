import { expect } from "chai";
import { KubeStatusError } from "../../../src/kube/errors.js";
import { isNewer } from "../../../src/kube/object.js";
import { collectionPath, objectPath, type ResourceInfo } from "../../../src/kube/resource.js";
import { splitLines } from "../../../src/kube/watch/watch-lines.js";

function resource(group: string, kind: string, namespaced: boolean): ResourceInfo {
  return {
    group,
    version: "v1",
    kind,
    plural: `${kind.toLowerCase()}s`,
    namespaced,
    verbs: new Set(),
    hasStatus: false,
  };
}

const POD = resource("", "Pod", true);
const ROLE = resource("rbac.authorization.k8s.io", "ClusterRole", false);

describe("kube/resource", () => {
  it("returns the paths of a collection, a namespaced collection and an object", () => {
    expect(collectionPath(POD)).to.equal("/api/v1/pods");
    expect(collectionPath(POD, "shop")).to.equal("/api/v1/namespaces/shop/pods");
    expect(collectionPath(resource("apps", "Deployment", true), "shop")).to.equal(
      "/apis/apps/v1/namespaces/shop/deployments",
    );
    expect(collectionPath(ROLE, "shop")).to.equal("/apis/rbac.authorization.k8s.io/v1/clusterroles");
    expect(objectPath(POD, "shop", "web-0")).to.equal("/api/v1/namespaces/shop/pods/web-0");
    expect(objectPath(ROLE, "", "system:node x?#")).to.equal(
      "/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode%20x%3F%23",
    );
  });

  for (const name of ["", ".", "..", "a/b", "../x", "a%2fb", "%"]) {
    it(`makes no path of the name ${JSON.stringify(name)}: it would lead to something else`, () => {
      const refusal = { statusCode: 422, reason: "Invalid" };
      expect(() => objectPath(POD, "shop", name))
        .to.throw(KubeStatusError)
        .that.includes(refusal);
      if (name !== "")
        expect(() => collectionPath(POD, name))
          .to.throw(KubeStatusError)
          .that.includes(refusal);
    });
  }
});

describe("kube/object", () => {
  for (const [a, b, newer] of [
    ["2", "1", true],
    ["1", "2", false],
    ["7", "7", false],
    ["10", "9", true],
    ["9", "10", false],
    ["18446744073709551615", "18446744073709551614", true],
    ["9007199254740993", "9007199254740992", true],
    ["1", "", true],
  ] as const) {
    it(`version ${a} is ${newer ? "" : "not "}newer than ${b || "none"}`, () => {
      expect(isNewer(a, b)).to.equal(newer);
    });
  }
});

describe("kube/watch-lines", () => {
  async function lines(...chunks: (string | Buffer)[]): Promise<string[]> {
    async function* source(): AsyncGenerator<Buffer> {
      for (const chunk of chunks) yield Buffer.from(chunk);
    }
    const found: string[] = [];
    for await (const line of splitLines(source(), "/watched")) found.push(line);
    return found;
  }

  for (const [what, chunks, expected] of [
    ["nothing", [], []],
    ["several lines in one chunk", ["a\nb\nc\n"], ["a", "b", "c"]],
    ["one line in several chunks", ["a", "b", "", "c\n"], ["abc"]],
    ["an end that comes alone", ["a", "\n", "b", "\n"], ["a", "b"]],
    ["empty lines", ["\n\na\n", "\n", "b\n"], ["a", "b"]],
    ["half a line at the end", ["a\nb"], ["a"]],
    ["only half a line", ["a"], []],
  ] as const) {
    it(`takes ${what}`, async () => expect(await lines(...chunks)).to.deep.equal(expected));
  }

  it("splits no character, wherever the chunks end", async () => {
    const bytes = Buffer.from("ü€😀\nä\n");
    for (let cut = 0; cut <= bytes.length; cut++) {
      expect(await lines(bytes.subarray(0, cut), bytes.subarray(cut))).to.deep.equal(["ü€😀", "ä"]);
    }
  });
});
