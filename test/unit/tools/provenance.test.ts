import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  notCovered,
  provenanceOf,
  signBlob,
  signStatement,
  verifyEnvelope,
} from "../../../tools/release/provenance.js";

const FACTS = {
  version: "1.0.0",
  commit: "0".repeat(40),
  repository: "https://git.example.com/overseer.git",
  builder: "https://ci.example.com",
  lockFile: Buffer.from("{}"),
};
const artifacts = [
  { name: "build/sbom.cdx.json", bytes: Buffer.from("one") },
  { name: "overseer.tgz", bytes: Buffer.from("two") },
];

describe("the provenance of a release", () => {
  for (const [what, make] of [
    ["ECDSA", () => generateKeyPairSync("ec", { namedCurve: "P-256" })],
    ["Ed25519", () => generateKeyPairSync("ed25519")],
  ] as const)
    it(`is verified by the public key, and names each artifact by its digest, with ${what}`, () => {
      const { publicKey, privateKey } = make();
      const text = JSON.stringify(signStatement(provenanceOf(artifacts, FACTS), privateKey));
      const statement = verifyEnvelope(text, publicKey);
      expect(statement).to.include({ predicateType: "https://slsa.dev/provenance/v1" });
      expect(notCovered(statement, artifacts)).to.deep.equal([]);
      const changed = [{ name: "overseer.tgz", bytes: Buffer.from("three") }];
      expect(notCovered(statement, changed)).to.deep.equal(["overseer.tgz"]);
      expect(() => verifyEnvelope(text, make().publicKey)).to.throw("is not signed by this key");
      const forged = JSON.parse(text) as { payload: string };
      forged.payload = Buffer.from(JSON.stringify(provenanceOf(changed, FACTS))).toString("base64");
      expect(() => verifyEnvelope(JSON.stringify(forged), publicKey)).to.throw("is not signed by this key");
    });

  it("comes with signatures of the files that openssl verifies", () => {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const folder = mkdtempSync(join(tmpdir(), "overseer-release-"));
    try {
      const [key, sig, file] = ["key", "sig", "file"].map((name) => join(folder, name)) as [string, string, string];
      writeFileSync(key, publicKey.export({ type: "spki", format: "pem" }));
      writeFileSync(file, "one");
      writeFileSync(sig, Buffer.from(signBlob(Buffer.from("one"), privateKey), "base64"));
      const args = ["dgst", "-sha256", "-verify", key, "-signature", sig, file];
      expect(execFileSync("openssl", args).toString()).to.include("Verified OK");
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("needs a key of a kind that its readers know", () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    expect(() => signBlob(Buffer.from("x"), privateKey)).to.throw(/ECDSA P-256 or Ed25519/);
  });
});
