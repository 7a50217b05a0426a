import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { SealingKeys, type SealScope, sealLabel, sealValue } from "../../../src/secrets/sealed/sealed-value.js";
import { repositoryRoot } from "../../../tools/repository-root.js";

interface Vectors {
  readonly key: string;
  readonly otherKey: string;
  readonly certificate: string;
  readonly values: readonly { scope: SealScope; namespace: string; name: string; value: string; sealed: string }[];
}

const vectors = JSON.parse(
  readFileSync(join(repositoryRoot(), "test/unit/secrets/sealed-vectors.json"), "utf8"),
) as Vectors;
const privateKey = (text: string) =>
  createPrivateKey({ key: Buffer.from(text, "base64"), format: "der", type: "pkcs8" });
const key = privateKey(vectors.key);
const other = privateKey(vectors.otherKey);
const certificate = createPublicKey(vectors.certificate);

const unsealValue = (keys: readonly KeyObject[], label: string, sealed: string): Promise<Buffer | undefined> =>
  new SealingKeys(keys).unseal(label, sealed);

describe("Values of Sealed Secrets", () => {
  for (const { scope, namespace, name, value, sealed } of vectors.values) {
    it(`of kubeseal are decrypted in their scope only: ${scope}`, async () => {
      const open = async (inNamespace: string, ofName: string): Promise<string | undefined> =>
        (await unsealValue([other, key], sealLabel(scope, inNamespace, ofName), sealed))?.toString();
      expect(await open(namespace, name)).to.equal(value);
      expect(await open(namespace, "renamed")).to.equal(scope === "strict" ? undefined : value);
      expect(await open("elsewhere", name)).to.equal(scope === "cluster-wide" ? value : undefined);
      for (const wrong of ["strict", "namespace-wide", "cluster-wide"] as const)
        if (wrong !== scope)
          expect(await unsealValue([key], sealLabel(wrong, namespace, name), sealed)).to.equal(undefined);
      expect(await unsealValue([other], sealLabel(scope, namespace, name), sealed)).to.equal(undefined);
    });
  }

  it("are not decrypted after any byte was changed, or with a part cut off", async () => {
    const [first] = vectors.values;
    const bytes = Buffer.from(first?.sealed ?? "", "base64");
    const label = sealLabel("strict", "shop", "db");
    for (const at of [0, 1, 2, 200, 258, 260, bytes.length - 17, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(await unsealValue([key], label, changed.toString("base64")), String(at)).to.equal(undefined);
    }
    for (const length of [0, 1, 2, 100, 258, 270, bytes.length - 1])
      expect(await unsealValue([key], label, bytes.subarray(0, length).toString("base64")), String(length)).to.equal(
        undefined,
      );
  });

  it("survive sealing, and are never equal twice", async () => {
    for (const value of [Buffer.alloc(0), Buffer.from("ü€"), Buffer.alloc(100_000, 7)]) {
      const sealed = sealValue(certificate, "shop/db", value);
      expect((await unsealValue([key], "shop/db", sealed))?.equals(value)).to.equal(true);
      expect(sealValue(certificate, "shop/db", value)).not.to.equal(sealed);
    }
  });

  it("leave the event loop to others, however many keys there are", async () => {
    const label = sealLabel("strict", "shop", "db");
    const sealed = sealValue(certificate, label, Buffer.from("a"));
    const keys = new SealingKeys([...Array.from({ length: 30 }, () => other), key]);
    let turns = 0;
    let isOver = false;
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    turn();
    expect((await keys.unseal(label, sealed))?.toString()).to.equal("a");
    expect(turns).to.be.above(30);
    isOver = true;
  });

  it("that are no sealed values are refused, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 600 }), async (bytes) => {
        expect(await unsealValue([key], "", Buffer.from(bytes).toString("base64"))).to.equal(undefined);
      }),
      { numRuns: 200 },
    );
  });
});
