import { expect } from "chai";
import { type Versioned, WatchedCopy } from "../../../../src/kube/watch/watched-copy.js";

interface Kept {
  readonly uid: string;
}

const taken = (version: string, uid = "u"): Versioned<Kept> => ({ object: { uid }, version });

describe("kube/watched-copy", () => {
  const told: string[] = [];
  let refuse = false;
  let copy: WatchedCopy<Kept>;
  beforeEach(() => {
    told.length = 0;
    refuse = false;
    copy = new WatchedCopy<Kept>({
      uidOf: ({ uid }) => uid,
      onEvent: ({ type, key, initial, listed }) => {
        if (refuse) throw new Error("cannot take it");
        told.push(`${type} ${key}${initial ? "!" : listed ? "?" : ""}`);
      },
    });
    copy.replace(new Map([["a", taken("1")]]), true);
  });

  it("tells of what a first list holds, and of nothing when the next one is the same", () => {
    copy.replace(new Map([["a", taken("1")]]), false);
    expect(told).to.deep.equal(["Added a!"]);
  });

  it("tells of each version once", () => {
    copy.put("a", taken("2"));
    copy.put("a", taken("2"));
    expect(told).to.deep.equal(["Added a!", "Modified a"]);
  });

  it("tells of a lower version too: etcd was restored", () => {
    copy.put("a", taken("0.5"));
    expect(told).to.deep.equal(["Added a!", "Modified a"]);
  });

  it("tells of another object under the same name and version as of two", () => {
    copy.replace(new Map([["a", taken("1", "other")]]), false);
    expect(told).to.deep.equal(["Added a!", "Deleted a?", "Added a?"]);
  });

  it("cannot tell what is equal where the server has no versions, and tells", () => {
    for (const version of ["", "0"]) {
      copy.put("b", taken(version));
      copy.put("b", taken(version));
    }
    expect(told).to.deep.equal(["Added a!", "Added b", "Modified b", "Modified b", "Modified b"]);
  });

  it("tells again what could not be taken in", () => {
    refuse = true;
    expect(() => copy.put("a", taken("2"))).to.throw("cannot take it");
    refuse = false;
    copy.put("a", taken("2"));
    expect(told).to.deep.equal(["Added a!", "Modified a"]);
  });

  it("forgets what is gone, and tells when it comes back as it was", () => {
    copy.remove("a");
    copy.remove("a");
    copy.put("a", taken("1"));
    expect(told).to.deep.equal(["Added a!", "Deleted a", "Added a"]);
    expect([...copy.objects.keys()]).to.deep.equal(["a"]);
  });
});
