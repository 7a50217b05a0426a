import { expect } from "chai";
import { hookAnnotation, nameHook } from "../../../src/manifest/hook.js";

const OWN = "gitops.overseer.io";
const ARGO = "argocd.argoproj.io";

/** [annotations, phases, delete policies, wave, timeout in ms] */
const CASES: readonly (readonly [Record<string, string>, string, string, number, number?])[] = [
  [{ [`${OWN}/hook`]: "PreSync" }, "PreSync", "", 0],
  [{ [`${OWN}/hook`]: " Sync , PostSync,Sync" }, "Sync,PostSync", "", 0],
  [
    {
      [`${OWN}/hook`]: "Sync",
      [`${OWN}/hook-delete-policy`]: "HookSucceeded,HookFailed",
      [`${OWN}/hook-timeout`]: "1m30s",
    },
    "Sync",
    "HookSucceeded,HookFailed",
    0,
    90_000,
  ],
  [{ [`${OWN}/hook`]: "Sync", [`${OWN}/wave`]: "-3" }, "Sync", "", -3],
  [{ [`${ARGO}/hook`]: "SyncFail", [`${ARGO}/sync-wave`]: "2" }, "SyncFail", "", 2],
  [{ [`${ARGO}/hook`]: "PreSync", [`${OWN}/hook`]: "PostSync", [`${ARGO}/sync-wave`]: "2" }, "PostSync", "", 2],
  [
    {
      [`${ARGO}/hook`]: "PreSync",
      [`${ARGO}/hook-delete-policy`]: "HookSucceeded",
      [`${OWN}/hook-delete-policy`]: "HookFailed",
    },
    "PreSync",
    "HookFailed",
    0,
  ],
  [
    {
      "helm.sh/hook": "pre-install,pre-upgrade",
      "helm.sh/hook-weight": "-5",
      "helm.sh/hook-delete-policy": "hook-succeeded",
    },
    "PreSync",
    "HookSucceeded",
    -5,
  ],
  [{ "helm.sh/hook": "post-install,test", "helm.sh/hook-weight": "first" }, "PostSync", "", 0],
  [{ "helm.sh/hook": "post-upgrade", "helm.sh/hook-weight": "1", [`${OWN}/wave`]: "7" }, "PostSync", "", 7],
];

describe("hookAnnotation", () => {
  for (const [annotations, phases, policies, wave, timeout] of CASES)
    it(`reads ${JSON.stringify(annotations)} as ${phases}`, () => {
      const found = hookAnnotation({ annotations });
      expect(found?.hook?.phases.join()).to.equal(phases);
      expect(found?.hook?.deletePolicies.join()).to.equal(policies);
      expect(found?.hook?.wave).to.equal(wave);
      expect(found?.hook?.timeoutMs).to.equal(timeout);
      expect(found?.problems).to.deep.equal([]);
    });

  it("names hooks that have only generateName, the same each time", () => {
    const job = (metadata: object, image = "1"): object => ({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata,
      spec: { image },
    });
    const nameOf = (value: object): string | undefined =>
      (nameHook(value) as { metadata: { name?: string } }).metadata.name;
    const hook = { generateName: "migrate-", annotations: { [`${ARGO}/hook`]: "PreSync" } };
    expect(nameOf(job(hook))).to.match(/^migrate-[0-9a-f]{8}$/);
    expect(nameOf(job(hook))).to.equal(nameOf(job(hook)));
    expect(nameOf(job(hook))).to.not.equal(nameOf(job(hook, "2")));
    expect(nameOf(job({ ...hook, generateName: "m".repeat(80) }))).to.have.length(62);
    expect(nameOf(job({ ...hook, name: "own" }))).to.equal("own");
    const plain = job({ generateName: "migrate-" });
    expect(nameHook(plain)).to.equal(plain);
    for (const value of [null, 1, [], {}, { metadata: 1 }, job({ ...hook, annotations: { a: 1 } })])
      expect(nameHook(value)).to.equal(value);
  });

  it("finds none in other documents, nor in those whose phases do not exist here", () => {
    expect(hookAnnotation({})).to.equal(undefined);
    expect(hookAnnotation({ annotations: { [`${OWN}/wave`]: "1" } })).to.equal(undefined);
    expect(hookAnnotation({ annotations: { "helm.sh/hook": "crd-install" } })).to.include({ hook: undefined });
    expect(hookAnnotation({ annotations: { [`${ARGO}/hook`]: "Skip" } })?.unknown).to.deep.equal(["Skip"]);
  });
});
