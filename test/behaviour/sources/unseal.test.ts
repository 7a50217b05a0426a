import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { expect } from "chai";
import { sealLabel, sealValue } from "../../../src/secrets/sealed/sealed-value.js";
import { condition, World } from "../../support/world.js";

describe("SealedSecrets in a cluster without their controller", function () {
  this.timeout(180_000);
  let world: World;
  before(async () => {
    world = await World.create("unseal");
  });
  after(() => world?.remove());

  const newKey = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
  const giveKeys = (...keys: readonly KeyObject[]) =>
    world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "sealing", namespace: world.namespace },
      stringData: Object.fromEntries(
        keys.map((key, index) => [`${index}.key`, key.export({ type: "pkcs8", format: "pem" }).toString()]),
      ),
    });
  const sealed = (key: KeyObject, value: string) =>
    JSON.stringify({
      apiVersion: "bitnami.com/v1alpha1",
      kind: "SealedSecret",
      metadata: { name: "db" },
      spec: {
        encryptedData: { password: sealValue(key, sealLabel("strict", world.namespace, "db"), Buffer.from(value)) },
      },
    });
  const password = async () => {
    const live = await world.kube.get(world.object("v1", "Secret", "db"));
    return Buffer.from(((live?.data ?? {}) as { password?: string }).password ?? "", "base64").toString();
  };

  it("become Secrets; one for another key is refused until that key is added", async () => {
    const [first, second] = [world.canary(), world.canary()];
    const [old, rotated] = [newKey(), newKey()];
    await giveKeys(old.privateKey);
    const repo = await world.repository("unseal", { "db.yaml": sealed(old.publicKey, first) });
    await world.app("unseal", "unseal", ".", {
      source: { repositoryRef: { name: "unseal" }, path: ".", unseal: { secretRef: { name: "sealing" } } },
    });
    await world.synced("unseal");
    expect(await password()).to.equal(first);

    await repo.commit({ "db.yaml": sealed(rotated.publicKey, second) }, "sealed for the new key");
    await world.poll("unseal");
    const refused = await world.untilCondition("unseal", "Ready", "False", "RenderFailed");
    expect(condition(refused, "Ready")?.message).to.include(
      `db.yaml:1: SealedSecret ${world.namespace}/db: spec.encryptedData.password cannot be decrypted with the 1 key of Secret ${world.namespace}/sealing`,
    );
    expect(await password()).to.equal(first);

    await giveKeys(old.privateKey, rotated.privateKey);
    await world.untilCondition("unseal", "Ready", "True");
    await world.kube.until(world.object("v1", "Secret", "db"), "has the new value", (live) =>
      JSON.stringify(live.data).includes(Buffer.from(second).toString("base64")),
    );
  });
});
