import { expect } from "chai";
import { remoteAccess } from "../../../../../src/destinations/kubernetes/remote/remote-access.js";

const KEY = "digest-key";

function secret(values: Readonly<Record<string, { server?: string; token?: string }>>) {
  const data = Object.entries(values).map(([key, { server = "https://a.example", token = "t" }]) => {
    const text = JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "c" } }],
      clusters: [{ name: "c", cluster: { server } }],
      users: [{ name: "c", user: { token } }],
    });
    return [key, Buffer.from(text).toString("base64")];
  });
  return { where: "Secret shop/there", data: Object.fromEntries(data) as Record<string, string> };
}

describe("remoteAccess", () => {
  it("reads the configured key, else value, else value.yaml", () => {
    const all = secret({ value: { token: "one" }, "value.yaml": { token: "two" }, mine: { token: "three" } });
    const { value: _, ...rest } = all.data;
    const token = async (of: typeof all, key?: string): Promise<unknown> =>
      (await remoteAccess(of, key, KEY).authHeaders(false)).authorization;
    return Promise.all([token(all), token({ ...all, data: rest }), token(all, "mine")]).then((tokens) =>
      expect(tokens).to.deep.equal(["Bearer one", "Bearer two", "Bearer three"]),
    );
  });

  it("names the missing key and the field that configures it", () => {
    expect(() => remoteAccess(secret({ other: {} }), undefined, KEY)).to.throw(
      /Secret shop\/there has no key value or value\.yaml: .*kubeConfigSecretRef\.key/,
    );
    expect(() => remoteAccess(secret({ value: {} }), "config", KEY)).to.throw(/has no key config/);
  });

  it("identifies credentials by id, and clusters by address and CA", () => {
    const of = (server: string, token: string) => remoteAccess(secret({ value: { server, token } }), undefined, KEY);
    const access = of("https://a.example", "one");
    expect(of("https://a.example:443/", "one")).to.deep.include({ id: access.id, cluster: access.cluster });
    const other = of("https://a.example", "two");
    expect(other.cluster).to.equal(access.cluster);
    expect(other.id).to.not.equal(access.id);
    expect(of("https://b.example", "one").cluster).to.not.equal(access.cluster);
    expect(remoteAccess(secret({ value: { token: "one" } }), undefined, "another key").id).to.not.equal(access.id);
  });
});
