import { expect } from "chai";
import { type ObjectKey, objectKey } from "../../../../src/manifest/object-id.js";
import { Heart } from "../support/heart.js";

const map = (name: string, v: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { v: "${v}" }\n`;
const key = (name: string): ObjectKey => objectKey({ group: "", kind: "ConfigMap", namespace: "shop", name });
const files = (v: string) => ({ "a.yaml": map("a", v), "b.yaml": map("b", v) });
const REPORTED = { sync: { selfHeal: false } };

describe("A requested sync", () => {
  let heart: Heart;

  const start = async (spec: Record<string, unknown>): Promise<void> => {
    heart = new Heart();
    heart.start();
    heart.commit(files("1"));
    heart.apply("web", spec);
    await heart.settle(["web"]);
    if (heart.changes("web").some((text) => text.endsWith("Waiting"))) heart.request("first", "web");
    await heart.settle(["web"]);
  };
  const edit = (name: string): void => {
    const object = heart.destination.objects.get(key(name))?.object;
    heart.destination.edit(key(name), { object: { ...object, data: { v: "9" } } as NonNullable<typeof object> });
  };
  const values = (): string =>
    heart
      .objects()
      .map((text) => /"v":"(\d)"/.exec(text)?.[1])
      .join();
  const phases = (): string =>
    heart
      .changes("web")
      .filter((text) => !text.startsWith("web-") && !text.startsWith("first"))
      .join();

  it("of objects reverts their drift without self-heal, and that of no other", async () => {
    await start(REPORTED);
    for (const name of ["a", "b"]) edit(name);
    await heart.settle(["web"]);
    expect(values()).to.equal("9,9");
    heart.requestObjects("some", "web", "a");
    await heart.settle(["web"]);
    expect([values(), phases()]).to.deep.equal(["1,9", "some Succeeded"]);
  });

  it("of the whole app reverts drift without self-heal", async () => {
    await start(REPORTED);
    for (const name of ["a", "b"]) edit(name);
    await heart.settle(["web"]);
    heart.request("all", "web");
    await heart.settle(["web"]);
    expect([values(), phases()]).to.deep.equal(["1,1", "all Succeeded"]);
    edit("a");
    await heart.settle(["web"]);
    expect(values(), "drift after the sync is only reported").to.equal("9,1");
  });

  it("of objects applies them alone, and reports that until the others follow", async () => {
    await start({ sync: { mode: "Manual", selfHeal: false } });
    heart.commit(files("2"));
    await heart.settle(["web"]);
    heart.requestObjects("some", "web", "b");
    await heart.settle(["web"]);
    expect([values(), phases()]).to.deep.equal(["1,2", "some Succeeded"]);
    const drifted = heart.app("web")?.status?.conditions?.find(({ type }) => type === "Drifted");
    expect(drifted?.message).to.match(/^ConfigMap shop\/b: was synced on its own to main@sha1/);
    heart.request("rest", "web");
    await heart.settle(["web"]);
    expect(values()).to.equal("2,2");
    expect(heart.conditions("web")).to.include("Ready=True/Synced");
  });

  for (const [what, spec, names, message] of [
    [
      "self-heal would revert them",
      { sync: { mode: "Manual" } },
      ["a"],
      /because self-heal would revert them: request a sync of the whole app instead/,
    ],
    ["one is not in Git", REPORTED, ["a", "typo"], /^ConfigMap typo is not in main@sha1:\w+: correct spec.objects$/],
    [
      "a gate does not pass",
      { sync: { mode: "Manual", selfHeal: false, windows: [{ kind: "Deny", schedule: "* * * * *", duration: "1h" }] } },
      ["a"],
      /^gate \w+: .*: request a sync of the whole app instead/,
    ],
  ] as const)
    it(`of objects is rejected when ${what}`, async () => {
      await start({ sync: { ...spec.sync, windows: undefined } });
      heart.apply("web", spec);
      heart.commit(files("2"));
      await heart.settle(["web"]);
      const before = values();
      heart.requestObjects("some", "web", ...names);
      await heart.settle(["web"]);
      expect(phases()).to.equal("some Rejected");
      expect(heart.message("some")).to.match(message);
      if (what !== "one is not in Git") expect(values()).to.equal(before);
    });

  it("of objects never re-creates one, and says so", async () => {
    await start({ sync: { selfHeal: false } });
    heart.commit(files("2"));
    heart.destination.faults.recreates = ({ id }) => id.name === "a";
    heart.apply("web", { sync: { selfHeal: false, mode: "Manual" } });
    await heart.settle(["web"]);
    heart.requestObjects("some", "web", "a");
    await heart.settle(["web"]);
    expect([values(), phases()]).to.deep.equal(["1,1", "some Rejected"]);
    expect(heart.message("some")).to.equal(
      "ConfigMap shop/a would be deleted and created again: request a sync of the whole app instead",
    );
  });
});
