import { expect } from "chai";
import { loadConfig } from "../../../src/config/config.js";
import { ConfigError } from "../../../src/config/errors.js";

function shardsOf(...flags: string[]) {
  return loadConfig(flags, {}, () => undefined).shards;
}

function refusalOf(...flags: string[]): string {
  try {
    shardsOf(...flags);
    return "accepted";
  } catch (error) {
    expect(error).to.be.instanceOf(ConfigError);
    return (error as Error).message;
  }
}

describe("--shards", () => {
  it("is empty by default, and reads groups of namespaces", () => {
    expect(shardsOf()).to.deep.equal([]);
    expect(shardsOf("--shards=")).to.deep.equal([]);
    expect(shardsOf("--shards=pay=pay-dev, pay-prod ; web=web;")).to.deep.equal([
      { name: "pay", namespaces: ["pay-dev", "pay-prod"] },
      { name: "web", namespaces: ["web"] },
    ]);
  });

  const refused: readonly (readonly [flags: readonly string[], says: string])[] = [
    [["--shards=pay"], 'lists no namespace for the group "pay"; expected groups like payments='],
    [["--shards==a"], 'has the group name ""'],
    [["--shards=Pay=a"], 'has the group name "Pay"'],
    [["--shards=default=a"], 'has the group name "default", which is reserved'],
    [["--shards=api=a"], "which is reserved"],
    [["--shards=a=x;a=y"], 'has the group "a" twice'],
    [["--shards=a=x;b=y,x"], "lists the namespace x twice, for a and b"],
    [["--shards=a=x,x"], "lists the namespace x twice, for a and a"],
    [["--shards=a=X_1"], 'contains "X_1", which is not a valid namespace name'],
    [["--shards=a=x", "--leader-election=false"], "--shards requires leader election"],
    [["--shards=a=x", "--internal-address=:9092"], "--shards and --internal-address cannot be combined"],
    [["--shards=a=x,z", "--watch-namespaces=x,y"], "namespace z, which is missing in --watch-namespaces"],
  ];
  for (const [flags, says] of refused)
    it(`refuses ${flags.join(" ")}`, () => expect(refusalOf(...flags)).to.include(says));
});
