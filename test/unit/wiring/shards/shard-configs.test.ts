import { expect } from "chai";
import { loadConfig } from "../../../../src/config/config.js";
import { shardConfigs } from "../../../../src/wiring/shards/shard-configs.js";

function shardsOf(...flags: string[]) {
  const config = loadConfig(["--cache-dir=/cache", "--audit-dir=/audit", ...flags], {}, () => undefined);
  if (config.election === undefined) throw new Error("no election");
  return shardConfigs(config, config.election).map(({ name, config: own }) => ({
    name,
    lease: own.election?.leaseName,
    only: own.watchNamespaces,
    except: own.exceptNamespaces,
    dirs: [own.cacheDir, own.auditDir],
    whole: own.wholeCluster,
  }));
}

describe("The shards of an installation", () => {
  it("are the groups, and all other namespaces with the lease of an installation without shards", () => {
    expect(shardsOf("--shards=pay=a,b;web=c")).to.deep.equal([
      {
        ...{ name: "default", lease: "overseer-gitops", only: undefined, except: ["a", "b", "c"] },
        ...{ dirs: ["/cache", "/audit"], whole: true },
      },
      {
        ...{ name: "pay", lease: "overseer-gitops-pay", only: ["a", "b"], except: [] },
        ...{ dirs: ["/cache/shards/pay", "/audit/pay"], whole: true },
      },
      {
        ...{ name: "web", lease: "overseer-gitops-web", only: ["c"], except: [] },
        ...{ dirs: ["/cache/shards/web", "/audit/web"], whole: true },
      },
    ]);
  });

  it("leave no namespace over where the groups list all that are watched", () => {
    const names = (flags: string) => shardsOf("--shards=pay=a;web=b", flags).map(({ name, only }) => [name, only]);
    expect(names("--watch-namespaces=a,b")).to.deep.equal([
      ["pay", ["a"]],
      ["web", ["b"]],
    ]);
    expect(names("--watch-namespaces=a,b,c")[0]).to.deep.equal(["default", ["c"]]);
  });
});
