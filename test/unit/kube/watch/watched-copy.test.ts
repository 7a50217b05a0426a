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

  it("reports the first list, and nothing for an identical one", () => {
    copy.replace(new Map([["a", taken("1")]]), false);
    expect(told).to.deep.equal(["Added a!"]);
  });

  it("reports each version once", () => {
    copy.put("a", taken("2"));
    copy.put("a", taken("2"));
    expect(told).to.deep.equal(["Added a!", "Modified a"]);
  });

  it("reports a lower version, as after a restore of etcd", () => {
    copy.put("a", taken("0.5"));
    expect(told).to.deep.equal(["Added a!", "Modified a"]);
  });

  it("reports another object with the same name and version as deleted and added", () => {
    copy.replace(new Map([["a", taken("1", "other")]]), false);
    expect(told).to.deep.equal(["Added a!", "Deleted a?", "Added a?"]);
  });

  it("reports every event if the server sends no versions", () => {
    for (const version of ["", "0"]) {
      copy.put("b", taken(version));
      copy.put("b", taken(version));
    }
    expect(told).to.deep.equal(["Added a!", "Added b", "Modified b", "Modified b", "Modified b"]);
  });

  it("reports a change again whose handler failed", () => {
    refuse = true;
    expect(() => copy.put("a", taken("2"))).to.throw("cannot take it");
    refuse = false;
    copy.put("a", taken("2"));
    expect(told).to.deep.equal(["Added a!", "Modified a"]);
  });

  it("forgets a deleted object, and reports it when it is re-created unchanged", () => {
    copy.remove("a");
    copy.remove("a");
    copy.put("a", taken("1"));
    expect(told).to.deep.equal(["Added a!", "Deleted a", "Added a"]);
    expect([...copy.objects.keys()]).to.deep.equal(["a"]);
  });
});
