import { expect } from "chai";
import type { PlannedAction } from "../../../src/api/change.js";
import { KINDS } from "../../../src/cli/kinds.js";
import { age, timeAndAge } from "../../../src/cli/output/age.js";
import { formatObjects } from "../../../src/cli/output/objects.js";
import { oneLine, plainText } from "../../../src/cli/output/plain-text.js";
import { formatFields, formatTable } from "../../../src/cli/output/table.js";
import { formatServerTable } from "../../../src/cli/verbs/get/server-table.js";
import { countsOf, formatPlan } from "../../../src/cli/verbs/plan/format-plan.js";

const NOW = Date.parse("2026-11-30T12:00:00Z");

describe("output of the command line", () => {
  it("aligns tables also with wide characters and combining marks, and shows empty cells", () => {
    const rows = [
      ["web", 1, undefined],
      ["商店", 20, "two\nlines"],
      ["cafe\u0301", 3, "x"],
    ];
    expect(formatTable(["Name", "Count", "Message"], rows)).to.equal(
      [
        "NAME   COUNT   MESSAGE",
        "web    1       <none>",
        "商店   20      two lines",
        "cafe\u0301   3       x",
        "",
      ].join("\n"),
    );
    expect(formatTable(["Name"], [])).to.equal("");
    expect(formatTable(["Name"], [["a"]], { withoutHeader: true })).to.equal("a\n");
  });

  it("passes nothing on that a terminal would act on", () => {
    expect(plainText("a\u001b[2Jb\u202ec\td\n")).to.equal("a\ufffd[2Jb\ufffdc\td\n");
    expect(oneLine("first\r\n  second\tthird")).to.equal("first second third");
    expect(formatTable(["Name"], [["\u001b]0;x\u0007"]])).to.equal("NAME\n\ufffd]0;x\ufffd\n");
  });

  it("aligns the values of fields, and skips those that are undefined", () => {
    expect(
      formatFields([
        ["Name", "web"],
        ["Namespace", "shop"],
        ["Pinned", undefined],
      ]),
    ).to.equal("Name:       web\nNamespace:  shop\n");
  });

  it("formats ages as kubectl does", () => {
    const before = (seconds: number): string | undefined => age(new Date(NOW - seconds * 1000).toISOString(), NOW);
    expect(
      [-5, 0, 119, 120, 310, 3600, 3 * 3600, 5 * 3600 + 600, 9 * 3600, 3 * 86_400, 3 * 86_400 + 7200, 30 * 86_400].map(
        before,
      ),
    ).to.deep.equal(["0s", "0s", "119s", "2m", "5m10s", "60m", "3h", "5h10m", "9h", "3d", "3d2h", "30d"]);
    expect(age(undefined)).to.equal(undefined);
    expect(age("no time")).to.equal(undefined);
    expect(timeAndAge("2026-11-30T11:55:00Z", NOW)).to.equal("2026-11-30T11:55:00Z (5m ago)");
  });

  it("prints one object as it is and several as a List, without managed fields", async () => {
    const object = (name: string) => ({
      ...{ apiVersion: "gitops.overseer.io/v1alpha1", kind: "OverseerApp" },
      metadata: { name, uid: "u", resourceVersion: "1", managedFields: [{ manager: "kubectl" }] },
    });
    const json = async (isList: boolean, ...names: string[]): Promise<unknown> =>
      JSON.parse(await formatObjects(names.map(object), "json", isList));
    const { managedFields: _, ...metadata } = object("a").metadata;
    expect(await json(false, "a")).to.deep.equal({ ...object("a"), metadata });
    expect(await json(true, "a")).to.have.property("kind", "List");
    expect(await json(true)).to.deep.equal({ apiVersion: "v1", kind: "List", metadata: {}, items: [] });
    expect(await formatObjects(["a", "b"].map(object), "name", true)).to.equal(
      "overseerapp.gitops.overseer.io/a\noverseerapp.gitops.overseer.io/b\n",
    );
    expect(await formatObjects([object("a")], "yaml", false)).to.match(
      /^apiVersion: gitops.overseer.io\/v1alpha1\nkind: OverseerApp\nmetadata:\n {2}name: a\n/,
    );
  });

  it("shows the columns of a server's table, the wide ones when asked", () => {
    const table = {
      columnDefinitions: [
        { name: "Name", priority: 0 },
        { name: "Ready", priority: 0 },
        { name: "Commit", priority: 1 },
      ],
      rows: [
        {
          cells: ["web", "True", null],
          object: { metadata: { name: "web", namespace: "shop", uid: "", resourceVersion: "" } },
        },
      ],
    };
    expect(formatServerTable(table, { wide: false, namespaces: false })).to.equal("NAME   READY\nweb    True\n");
    expect(formatServerTable(table, { wide: true, namespaces: true, kind: KINDS.app })).to.equal(
      "NAMESPACE   NAME      READY   COMMIT\nshop        app/web   True\n",
    );
  });

  it("shows a plan with deletions first, a line for each field, and what is not shown", () => {
    const plan: readonly PlannedAction[] = [
      { verb: "Create", object: "ConfigMap shop/a", apiVersion: "v1", origin: "a.yaml:1" },
      {
        verb: "Update",
        object: "Deployment shop/web",
        apiVersion: "apps/v1",
        origin: "web.yaml:1",
        diff: [
          { path: ".spec.replicas", from: "1", to: "2" },
          { path: ".spec.paused", to: "true" },
          { path: ".metadata.labels.old", from: "yes" },
        ],
      },
      { verb: "Delete", object: "ConfigMap shop/b", apiVersion: "v1", reason: "no longer in the source" },
      { verb: "Update", object: "Service shop/web", apiVersion: "v1", result: "Failed", error: "no\u001b" },
    ];
    expect(formatPlan({ plan: [...plan], omitted: 2, planIncomplete: "values" })).to.equal(
      [
        "- delete ConfigMap shop/b  (no longer in the source)",
        "~ update Deployment shop/web  web.yaml:1",
        "    ~ .spec.replicas: 1 → 2",
        "    + .spec.paused: true",
        "    - .metadata.labels.old: yes",
        "~ update Service shop/web  failed: no\ufffd",
        "+ create ConfigMap shop/a  a.yaml:1",
        "… and 2 more actions",
        "The plan is not shown completely: values",
        "",
      ].join("\n"),
    );
    expect(countsOf(plan)).to.equal("1 to delete, 2 to update, 1 to create");
    expect(countsOf([])).to.equal("nothing");
  });
});
