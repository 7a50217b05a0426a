import { expect } from "chai";
import fc from "fast-check";
import { CHANGE_PHASES, type ChangePhase, isFinal } from "../../../src/api/change.js";
import { expiredChanges, type HistoryEntry } from "../../../src/plan/change-history.js";
import type { LiveObject } from "../../../src/plan/live.js";
import { DeletePermit } from "../../../src/plan/prune-guard.js";
import { codeFiles, findLines } from "../../house/sources.js";
import { finalize, prune } from "./support/judge.js";
import { live, PROTECTED } from "./support/objects.js";

const GUARD = "src/plan/prune-guard.ts";

describe("DeletePermit", () => {
  it("is not issued to anyone but the guard", () => {
    for (const proof of [Symbol("prune-guard"), Symbol.for("prune-guard"), undefined, "prune-guard"]) {
      expect(() => DeletePermit.issue(live("v1 ConfigMap shop/a"), proof as never)).to.throw(/only the prune guard/);
    }
  });

  it("cannot be forged", () => {
    const forged: DeletePermit = Object.create(DeletePermit.prototype);
    expect(() => forged.live).to.throw(TypeError);
  });

  it("cannot be changed to another object", () => {
    const [decision] = prune({ pruneCandidates: [live("v1 ConfigMap shop/a")] }).decisions;
    const permit = decision?.verb === "Delete" ? decision.permit : undefined;
    expect(() => Object.assign(permit ?? {}, { live: live("v1 ConfigMap shop/b") })).to.throw(TypeError);
    expect(permit?.live.id.name).to.equal("a");
  });
});

describe("deletes of the product", () => {
  // The embedded Core is a separate server: its clients are responsible for deletions there.
  const sources = codeFiles(["src"]).filter(({ path }) => !path.startsWith("src/overseer-core/"));
  const filesWith = (pattern: RegExp): string[] =>
    sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

  it("require permits that only the guard issues", () => {
    expect(filesWith(/\bDeletePermit\.issue\b|\bnew DeletePermit\b|\bissue\(\s*live\b/)).to.deep.equal([GUARD]);
    expect(findLines(sources, /\bas (?:unknown as |never as )?DeletePermit\b|DeletePermit\.prototype/)).to.deep.equal(
      [],
    );
  });

  it("are sent in few places: with a permit, for expired history, and for users", () => {
    // The command line deletes its own state, and as its user the paused object of another tool, never what that has applied.
    const takeOver = ["live-owner.ts", "state.ts"].map((name) => `src/cli/verbs/take-over/${name}`);
    // A session ends by DELETE: a served route that sends nothing.
    const signOut = "src/server/rest/routes/sign-in.ts";
    // A drain ends by DELETE.
    const undrain = "src/cli/verbs/core/drain.ts";
    const senders = filesWith(/\bmethod:\s*["'`]DELETE|deleteCollection|deletecollection/i);
    expect(senders.filter((path) => path !== signOut && path !== undrain)).to.deep.equal([
      "src/controllers/overseer-app-set/children/write-apps.ts",
      "src/controllers/overseer-app/changes/change-record.ts",
      "src/destinations/kubernetes/apply/remove.ts",
      "src/destinations/overseer/writer.ts",
      // The branch of a pull request that the operator has opened, at its Git host.
      "src/git/hosts/proposal-updates.ts",
      "src/server/rest/routes/repositories.ts",
    ]);
    const clients = [
      "src/kube/client/kube-client.ts",
      "src/destinations/overseer/client/core-client.ts",
      "src/git/hosts/api/call.ts",
    ];
    // Methods of the served routes and operations in admission policies: nothing is sent.
    const types = [
      signOut,
      undrain,
      "src/http/route.ts",
      "src/api/policies/admission-policy.ts",
      "src/api/policies/change-policies.ts",
      "src/api/policies/environment-policy.ts",
    ];
    const quoted = filesWith(/["'`]DELETE["'`]/);
    const others = quoted.filter((path) => !clients.includes(path) && !types.includes(path));
    expect(others).to.deep.equal([
      ...takeOver,
      "src/controllers/overseer-app-set/children/write-apps.ts",
      "src/controllers/overseer-app/changes/change-record.ts",
      "src/destinations/kubernetes/apply/remove.ts",
      "src/destinations/overseer/writer.ts",
      "src/git/hosts/proposal-updates.ts",
      "src/server/rest/routes/repositories.ts",
    ]);
    const textOf = (path: string): string => sources.find((file) => file.path === path)?.text ?? "";
    expect(textOf("src/server/rest/routes/repositories.ts")).to.match(
      /const kube = users\.as\(caller\);[\s\S]*?await kube\.request\(\{\s*method: "DELETE"/,
    );
    expect(textOf(takeOver[0] ?? "")).to.match(/preconditions = \{ uid: [^}]*resourceVersion: [\s\S]*?"DELETE"/);
    expect(textOf("src/destinations/kubernetes/apply/remove.ts")).to.match(
      /function removeObject\([^)]*permit: DeletePermit,[^)]*\)[\s\S]*?= permit\.live;[\s\S]*?"DELETE"[\s\S]*?preconditions: \{ uid, resourceVersion \}/,
    );
    expect(textOf("src/controllers/overseer-app-set/children/write-apps.ts")).to.match(
      /"DELETE"[\s\S]*?preconditions: \{ uid, resourceVersion \}[\s\S]*?impersonate: writer\.user/,
    );
    expect(textOf("src/destinations/overseer/writer.ts")).to.match(
      /async remove\([^)]*permit: DeletePermit\)[\s\S]*?const \{ live \} = permit;[\s\S]*?"DELETE"[\s\S]*?ifMatch: live\.resourceVersion/,
    );
    expect(textOf("src/controllers/overseer-app/changes/change-record.ts")).to.match(
      /of expiredChanges\([^{]*\{[\s\S]*?"DELETE"[\s\S]*?preconditions: \{ uid \}/,
    );
  });
});

const KINDS = ["v1 ConfigMap", "v1 Namespace", "v1 PersistentVolumeClaim", "apps/v1 Deployment"] as const;

const anyLive: fc.Arbitrary<LiveObject> = fc
  .record({
    kind: fc.constantFrom(...KINDS),
    name: fc.constantFrom("a", "b", "c", "d", "e"),
    ownership: fc.constantFrom("Owned", "Claimed", "Foreign"),
    state: fc.constantFrom("AsApplied", "Drifted", "Unverified"),
    deleting: fc.boolean(),
    keepAnnotations: fc.constantFrom<readonly string[]>([], PROTECTED, ["helm.sh/resource-policy: keep"]),
  })
  .map(({ kind, name, ...change }) => live(`${kind} ${kind === "v1 Namespace" ? "" : "a/"}${name}`, change));
const objects = fc.uniqueArray(anyLive, { selector: ({ key }) => key, maxLength: 12 });
const claimed: fc.Arbitrary<readonly string[]> = fc.array(fc.constantFrom("a", "b", "c", "d", "e"), { maxLength: 2 });

/** Reasons against the deletion of an object, for any request. */
function untouchable(one: LiveObject, claims: readonly string[]): boolean {
  return (
    one.ownership !== "Owned" || one.deleting || (one.keepAnnotations?.length ?? 0) > 0 || claims.includes(one.id.name)
  );
}

describe("the prune guard, for any request", () => {
  it("never deletes what is desired, not proven, protected, terminating or claimed", () => {
    const request = fc.record({
      pruneCandidates: objects,
      claims: claimed,
      observationComplete: fc.boolean(),
      desired: fc.nat(20),
      prune: fc.boolean(),
      allowEmpty: fc.boolean(),
      budget: fc.oneof(
        fc.constant(undefined),
        fc.nat(10),
        fc.nat(100).map((share) => `${share}%`),
      ),
    });
    fc.assert(
      fc.property(request, ({ claims, ...rest }) => {
        const verdict = prune({ ...rest, claimedBy: ({ id }) => (claims.includes(id.name) ? "x/y" : undefined) });
        const deletes = verdict.decisions.filter((decision) => decision.verb === "Delete");
        for (const decision of deletes) {
          expect(rest.pruneCandidates).to.include(decision.live);
          expect(decision.permit.live).to.equal(decision.live);
          expect(untouchable(decision.live, claims)).to.equal(false);
        }
        if (!rest.prune || !rest.observationComplete) expect(deletes).to.deep.equal([]);
        if (rest.desired === 0 && !rest.allowEmpty && deletes.length > 0) expect(verdict.refusal).to.be.a("string");
        if (deletes.some(({ needsApproval }) => needsApproval))
          expect(verdict.refusal ?? verdict.approval).to.be.a("string");
        if (verdict.refusal === undefined) {
          expect(verdict.decisions.map((decision) => decision.live)).to.deep.equal(rest.pruneCandidates);
        }
      }),
    );
  });

  it("never deletes protected, unproven, terminating or claimed objects with an app", () => {
    const request = fc.record({
      objects,
      claims: claimed,
      observationComplete: fc.boolean(),
      suspended: fc.boolean(),
      policy: fc.constantFrom("Delete", "DeleteAll", "Orphan"),
    });
    fc.assert(
      fc.property(request, ({ claims, ...rest }) => {
        const claimedBy = ({ id }: LiveObject) => (claims.includes(id.name) ? "x/y" : undefined);
        const { decisions } = finalize({ ...rest, claimedBy });
        const deletes = decisions.filter((decision) => decision.verb === "Delete");
        for (const { live: one } of deletes) {
          expect(untouchable(one, claims)).to.equal(false);
          if (one.id.kind !== "Namespace") continue;
          const inside = rest.objects.filter(({ id, deleting }) => id.namespace === one.id.name && !deleting);
          for (const other of inside) expect(deletes.map((decision) => decision.live)).to.include(other);
        }
        if (rest.policy === "Orphan" || rest.suspended || !rest.observationComplete) {
          expect(deletes).to.deep.equal([]);
        }
      }),
    );
  });
});

describe("expiredChanges", () => {
  const change = (name: string, phase: ChangePhase | undefined): HistoryEntry => ({
    metadata: { name },
    status: { phase },
  });
  const names = (changes: readonly HistoryEntry[]): string[] => changes.map(({ metadata }) => metadata.name);
  const history = (count: number, phase: ChangePhase = "Succeeded"): HistoryEntry[] =>
    Array.from({ length: count }, (_, n) => change(`web-${n + 1}`, phase));

  it("keeps the newest by number, not by name or list order", () => {
    expect(names(expiredChanges(history(11), 10))).to.deep.equal(["web-1"]);
    expect(names(expiredChanges(history(11).reverse(), 10))).to.deep.equal(["web-1"]);
    expect(names(expiredChanges(history(101), 100))).to.deep.equal(["web-1"]);
  });

  it("reads the number also where the app's name ends in one", () => {
    const changes = [change("web-2-9", "Failed"), change("web-2-10", "Failed"), change("web-2-1", "Failed")];
    expect(names(expiredChanges(changes, 1))).to.deep.equal(["web-2-9", "web-2-1"]);
  });

  it("has a limit of its own for Changes of cause Drift", () => {
    const drift = Array.from({ length: 20 }, (_, n) => ({
      ...change(`web-${n + 20}`, "Superseded"),
      spec: { cause: "Drift" },
    }));
    const expired = names(expiredChanges([...history(10), ...drift], 10));
    expect(expired).to.deep.equal(
      drift
        .slice(0, 17)
        .map(({ metadata }) => metadata.name)
        .reverse(),
    );
  });

  it("expires nothing within the limit", () => {
    expect(expiredChanges(history(10), 10)).to.deep.equal([]);
    expect(expiredChanges([], 1)).to.deep.equal([]);
  });

  for (const phase of [...CHANGE_PHASES, undefined]) {
    it(`${isFinal(phase) ? "lets one expire that is" : "never lets one expire that is"} ${phase ?? "not begun"}`, () => {
      const old = change("web-1", phase);
      const expired = expiredChanges([old, ...history(3, isFinal(phase) ? phase : "Succeeded").slice(1)], 2);
      expect(names(expired)).to.deep.equal(isFinal(phase) ? ["web-1"] : []);
    });
  }

  it("does not count open Changes", () => {
    expect(expiredChanges([...history(2), change("web-3", "Waiting"), change("web-4", "Applying")], 2)).to.deep.equal(
      [],
    );
  });

  it("does not modify its input", () => {
    const changes = Object.freeze(history(5));
    expect(names(expiredChanges(changes, 1))).to.have.length(4);
  });
});
