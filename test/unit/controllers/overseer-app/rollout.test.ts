import { expect } from "chai";
import { Heart } from "../support/heart.js";

const APPS = ["web", "api", "db"];
const files = (value: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    APPS.map((name) => [
      `${name}/a.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\ndata: { v: "${value}" }\n`,
    ]),
  );

/** Three apps of an Environment that lets one at a time apply a Change. */
async function governed(): Promise<Heart> {
  const heart = new Heart();
  heart.commit(files("1"));
  for (const name of APPS) heart.apply(name, { source: { repositoryRef: { name: "repo" }, path: name } });
  heart.start();
  await heart.settle(APPS);
  heart.environment("prod", { namespaces: [{ name: "shop" }], limits: { concurrent: 1 } });
  await heart.settle(APPS);
  return heart;
}

function become(heart: Heart, status: "Healthy" | "Progressing" | "Degraded"): void {
  for (const key of heart.destination.objects.keys()) heart.destination.edit(key, { health: { status } });
}

describe("apps of an Environment with a rollout limit", () => {
  it("apply a commit one at a time, even if judged at once or after a restart", async () => {
    const heart = await governed();
    become(heart, "Progressing");
    heart.commit(files("2"));
    await Promise.all(APPS.map((name) => heart.reconcile(name)));
    heart.start();
    for (const name of APPS) await heart.reconcile(name);
    const begun = (): string[] => heart.objects().filter((object) => object.includes('"2"'));
    expect(begun()).to.have.length(1);
    become(heart, "Healthy");
    await heart.settle(APPS, 600_000);
    expect(begun()).to.have.length(3);
  });

  it("do not apply a commit that has failed for another one, but a newer one", async () => {
    const heart = await governed();
    become(heart, "Degraded");
    heart.commit(files("2"));
    await heart.settle(APPS, 3_600_000);
    const begun = (value: string): string[] => heart.objects().filter((object) => object.includes(`"${value}"`));
    expect(begun("2")).to.have.length(1);
    const waiting = APPS.map((name) => heart.change(`${name}-2`)?.status?.waitingFor ?? "");
    expect(waiting.filter((text) => text.includes("has failed for OverseerApp shop/"))).to.have.length(2);
    become(heart, "Healthy");
    heart.commit(files("3"));
    await heart.settle(APPS, 3_600_000);
    expect(begun("3")).to.have.length(3);
  });
});
