import { expect } from "chai";
import type { PlannedAction } from "../../../ui/src/api/types.js";
import { deletionsOf, effectOf, withNewFields } from "../../../ui/src/pages/change/plan.js";

function actionsOf(...verbs: readonly PlannedAction["verb"][]): PlannedAction[] {
  return verbs.map((verb, index) => ({ apiVersion: "apps/v1", object: `Deployment shop/web-${index}`, verb }));
}

describe("the plan of a Change in the web UI", () => {
  it("says all that an approval does", () => {
    const cases: [PlannedAction["verb"][], string][] = [
      [[], "change nothing"],
      [["Keep"], "change nothing"],
      [["Create", "Update", "Adopt", "Delete"], "create 1, change 2 and delete 1 object"],
      [["Recreate"], "delete and re-create 1 object"],
      [["Recreate", "Create", "Recreate"], "create 1 and delete and re-create 2 objects"],
      [["HandOver", "Hook"], "hand over 1 object and run 1 hook"],
    ];
    for (const [verbs, text] of cases) expect(effectOf(actionsOf(...verbs)), verbs.join(" ")).to.equal(text);
  });

  it("shows the fields of new objects, and of no others", () => {
    const actions = actionsOf("Create", "Update", "Hook", "Create");
    const items = actions
      .slice(0, 3)
      .map(({ apiVersion, object }) => ({ apiVersion, object, diff: [{ path: ".spec" }] }));
    const shown = withNewFields(actions, { items, omitted: 1 });
    expect(shown.map(({ diff }) => diff?.length)).to.deep.equal([1, undefined, 1, undefined]);
    expect(withNewFields(actions, undefined)).to.deep.equal(actions);
  });

  it("lists what it deletes, also what it creates again", () => {
    const deletions = deletionsOf(actionsOf("Create", "Recreate", "Update", "Delete", "HandOver", "Keep"));
    expect(deletions.map(({ verb }) => verb)).to.deep.equal(["Delete", "Recreate"]);
  });
});
