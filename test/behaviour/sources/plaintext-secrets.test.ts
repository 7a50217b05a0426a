import { expect } from "chai";
import { condition, World } from "../../support/world.js";

describe("A Secret that is readable in Git", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("readable");
  });
  after(() => world?.remove());

  const secret = (value: string, annotation = ""): string =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: readable\n${annotation}stringData:\n  password: ${value}\n`;
  const passwordOf = async (): Promise<string> => {
    const live = await world.kube.get(world.object("v1", "Secret", "readable"));
    const data = (live?.data ?? {}) as Record<string, string>;
    return Buffer.from(data.password ?? "", "base64").toString();
  };

  it("is noted, or refused with --refuse-plaintext-secrets, unless an annotation accepts it", async () => {
    const [first, second] = [world.canary(), world.canary()];
    const repo = await world.repository("readable", { "a.yaml": secret(first) });
    await world.app("readable", "readable", ".");
    const noted = await world.synced("readable");
    const [note] = noted.status?.notes ?? [];
    expect(note?.origin).to.equal("a.yaml:1");
    expect(note?.message).to.include("is readable in Git: password (looks random); encrypt the file with SOPS");
    await world.told("readable", "SourceNotes: 1 note", "is readable in Git");
    expect(await passwordOf()).to.equal(first);

    await world.operator.stop();
    await world.operator.start({ flags: ["--refuse-plaintext-secrets=true"] });
    await repo.commit({ "a.yaml": secret(second) }, "second");
    await world.poll("readable");
    const refused = await world.untilCondition("readable", "Ready", "False", "RenderFailed");
    expect(condition(refused, "Ready")?.message).to.include("a.yaml:1: Secret").and.include("is readable in Git");
    expect(await passwordOf()).to.equal(first);

    const accepted = "  annotations: { gitops.overseer.io/plaintext-secret: allowed }\n";
    const commit = await repo.commit({ "a.yaml": secret(second, accepted) }, "accepted");
    await world.poll("readable");
    expect((await world.synced("readable", commit)).status?.notes ?? []).to.deep.equal([]);
    expect(await passwordOf()).to.equal(second);
  });
});
