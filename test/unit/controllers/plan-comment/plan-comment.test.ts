import { expect } from "chai";
import type { Change, ChangeStatus, PlannedAction } from "../../../../src/api/change.js";
import { planComment } from "../../../../src/controllers/plan-comment/plan-comment.js";

const COMMIT = "c0ffee".padEnd(40, "0");
const change = {
  metadata: { namespace: "shop", name: "web-7" },
  spec: { app: { name: "web" }, cause: "Revision" },
} as Change;
const action = (verb: PlannedAction["verb"], object: string, more: Partial<PlannedAction> = {}): PlannedAction => ({
  ...{ verb, object, apiVersion: "v1" },
  ...more,
});
const textOf = (status: ChangeStatus): string => planComment(change, status, COMMIT)?.text ?? "";

describe("the comment with a plan", () => {
  it("has deletions first, and names fields of Secrets without their values", () => {
    const plan = [
      action("Create", "Secret shop/new"),
      action("Update", "Secret shop/db", { diff: [{ path: "data.password", from: "old-mask", to: "new-mask" }] }),
      action("Update", "SecretStore shop/s", {
        diff: [
          { path: "spec.n", from: "1", to: "2" },
          { path: "spec.m", to: "3" },
        ],
      }),
      action("Delete", "ConfigMap shop/gone", { origin: "web/a.yaml:3", reason: "not in Git" }),
    ];
    const text = textOf({ phase: "Waiting", summary: "+1 ~2 -1", waitingFor: "manual: request a sync", plan });
    expect(text).to.equal(`### Overseer GitOps: shop/web

Change \`web-7\` of commit \`c0ffee000000\`: **Waiting**, plan +1 ~2 -1

\`\`\`text
manual: request a sync
\`\`\`

\`\`\`diff
- delete ConfigMap shop/gone  web/a.yaml:3  (not in Git)
! update Secret shop/db
!     data.password
! update SecretStore shop/s
!     spec.n: 1 → 2
+     spec.m: 3
+ create Secret shop/new
\`\`\`
`);
  });

  it("is written for waiting and planned Changes, and updated only when they end", () => {
    const of = (phase: ChangeStatus["phase"]) => planComment(change, { phase }, COMMIT);
    for (const phase of ["Waiting", "Planned"] as const) expect(of(phase)?.isNew, phase).to.equal(true);
    for (const phase of ["Succeeded", "Failed", "Rejected", "Superseded"] as const)
      expect(of(phase), phase).to.deep.include({ isNew: false, isWaiting: false });
    for (const phase of ["Planning", "Refused", "Applying", "Verifying", undefined] as const)
      expect(of(phase), String(phase)).to.equal(undefined);
    expect(planComment(change, { phase: "Waiting" }, undefined)).to.equal(undefined);
  });

  it("is cut between lines to what hosts take, and says how much is missing", () => {
    const plan = Array.from({ length: 5000 }, (_, index) =>
      action("Create", `ConfigMap shop/ü-${index}-${"x".repeat(200)}`),
    );
    const text = textOf({ phase: "Waiting", plan });
    expect(Buffer.byteLength(text)).to.be.within(50_000, 60_000);
    expect(text).to.match(/\n… and \d+ more lines: kubectl describe the Change\n```\n$/);
  });

  it("shows text of a commit as text: it ends no code block and notifies no user", () => {
    const plan = [
      action("Update", "ConfigMap shop/a", { diff: [{ path: "data.x", to: "````\n@everyone <script>\u202e" }] }),
    ];
    const text = textOf({ phase: "Waiting", waitingFor: "see ```\n@admin", plan });
    expect(text).to.contain("`````diff\n! update ConfigMap shop/a\n+     data.x: ```` @everyone <script>\n`````");
    expect(text).to.contain("````text\nsee ``` @admin\n````");
  });
});
