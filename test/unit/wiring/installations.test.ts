import { expect } from "chai";
import { OverseerError } from "../../../src/base/errors.js";
import { KubeStatusError } from "../../../src/kube/errors.js";
import { installationAnnotations, refuseOverlap } from "../../../src/wiring/installations.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

interface Other {
  readonly exceptNamespaces?: readonly string[];
  readonly watchNamespaces: readonly string[] | undefined;
  readonly holder?: string;
  readonly ageMs?: number;
  readonly name?: string;
  /** Whether it is renewed while the other one waits. */
  readonly isRenewed?: boolean;
}

/** What an installation says of others that look after these namespaces; empty: it works. */
async function refusal(
  mine: readonly string[] | undefined,
  others: readonly Other[],
  exceptNamespaces: readonly string[] = [],
): Promise<string> {
  const clock = new FakeClock();
  let lists = 0;
  const itemsNow = () =>
    others.map(
      ({
        watchNamespaces,
        exceptNamespaces = [],
        holder = "pod-1",
        ageMs = 0,
        name = "overseer-gitops",
        isRenewed,
      }) => ({
        metadata: {
          ...{ namespace: "other-system", name, resourceVersion: isRenewed ? String(lists) : "1" },
          ...installationAnnotations({ watchNamespaces, exceptNamespaces }),
        },
        spec: {
          holderIdentity: holder,
          leaseDurationSeconds: 15,
          renewTime: new Date(clock.now() - ageMs).toISOString(),
        },
      }),
    );
  const client = {
    request: async () => {
      lists += 1;
      // Whatever waits begins to do so after the lists.
      setImmediate(() => clock.advance(15_000));
      return { body: { items: itemsNow() } };
    },
  };
  const own = { namespace: "overseer-system", name: "overseer-gitops" };
  const check = {
    client: client as never,
    clock,
    logger: new FakeLogger(),
    signal: new AbortController().signal,
    own,
    watchNamespaces: mine,
    exceptNamespaces,
  };
  try {
    await refuseOverlap(check);
    return "";
  } catch (error) {
    expect(error).to.be.instanceOf(OverseerError).and.include({ code: "INSTALLATIONS_OVERLAP" });
    return (error as Error).message;
  }
}

describe("Installations of one cluster", () => {
  it("live beside each other when they look after disjoint namespaces", async () => {
    expect(await refusal(["a", "b"], [{ watchNamespaces: ["c"] }, { watchNamespaces: ["d", "e"] }])).to.equal("");
    expect(await refusal(["a"], [])).to.equal("");
  });

  it("are refused when they look after the same one, with its name and the other's lease", async () => {
    const said = await refusal(["a", "b"], [{ watchNamespaces: ["c"] }, { watchNamespaces: ["b", "d"], name: "two" }]);
    expect(said).to.match(/lease other-system\/two already manages the namespaces b: .*--watch-namespaces/);
  });

  it("are refused when one of them looks after all", async () => {
    expect(await refusal(["a"], [{ watchNamespaces: undefined }])).to.match(/already manages all namespaces:/);
    expect(await refusal(undefined, [{ watchNamespaces: ["a"] }])).to.match(/already manages the namespaces a:/);
  });

  it("divide all namespaces where one leaves out what others list", async () => {
    const rest: Other = { watchNamespaces: undefined, exceptNamespaces: ["a", "b"] };
    expect(await refusal(["a"], [rest, { watchNamespaces: ["b"], name: "b" }])).to.equal("");
    expect(await refusal(undefined, [{ watchNamespaces: ["a"], name: "a" }], ["a", "b"])).to.equal("");
    expect(await refusal(["a", "c"], [rest])).to.match(/already manages the namespaces c:/);
    expect(await refusal(undefined, [{ watchNamespaces: ["a", "c"], name: "a" }], ["a"])).to.match(/namespaces c:/);
    expect(await refusal(undefined, [{ watchNamespaces: undefined }], ["a"])).to.match(
      /already manages all namespaces:/,
    );
    expect(await refusal(undefined, [rest])).to.match(/already manages all namespaces:/);
  });

  it("are refused as shards if leases cannot be listed", async () => {
    const client = { request: () => Promise.reject(new KubeStatusError(403, { message: "no" }, "GET /leases")) };
    const own = { namespace: "overseer-system", name: "overseer-gitops-a" };
    const check = {
      client: client as never,
      clock: new FakeClock(),
      logger: new FakeLogger(),
      own,
      signal: AbortSignal.abort(),
    };
    const refused = refuseOverlap({
      ...check,
      watchNamespaces: ["a"],
      exceptNamespaces: [],
      unsharded: "overseer-gitops",
    });
    expect(await refused.catch((error: Error) => error.message)).to.match(
      /^cannot check .* grant the operator list on leases/,
    );
  });

  it("do not count when nobody works there any more", async () => {
    const mine = ["a"];
    expect(await refusal(mine, [{ watchNamespaces: mine, holder: "" }])).to.equal("");
    expect(await refusal(mine, [{ watchNamespaces: mine, ageMs: 76_000 }])).to.equal("");
    expect(await refusal(mine, [{ watchNamespaces: mine, ageMs: 74_000 }])).not.to.equal("");
  });

  it("count however late the clock of their node is, if they renew their lease", async () => {
    const late = { ageMs: 3_600_000, isRenewed: true };
    expect(await refusal(["a"], [{ watchNamespaces: ["a"], ...late }])).to.match(/already manages the namespaces a:/);
    expect(await refusal(["a"], [{ watchNamespaces: ["b"], ...late }]), "of other namespaces").to.equal("");
  });

  it("cannot be told apart without the right to list leases, which is said", async () => {
    const logger = new FakeLogger();
    const client = { request: () => Promise.reject(new KubeStatusError(403, { message: "no" }, "GET /leases")) };
    const own = { namespace: "overseer-system", name: "overseer-gitops" };
    await refuseOverlap({
      client: client as never,
      clock: new FakeClock(),
      logger,
      signal: AbortSignal.abort(),
      own,
      watchNamespaces: ["a"],
      exceptNamespaces: [],
    });
    expect(logger.lines.map(({ level }) => level)).to.deep.equal(["info"]);
  });
});
