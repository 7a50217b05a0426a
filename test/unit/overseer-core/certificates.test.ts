import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { givenCertificates } from "../../../src/overseer-core/agent/proxy/certificates.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { makeCertificates } from "../../support/certificates.js";

describe("certificates of a directory", () => {
  let folder: TemporaryFolder;
  before(async () => {
    folder = await makeTemporaryFolder("overseer-certificates-test-");
  });
  after(() => folder.remove());

  it("are used with a key that belongs to them only", function () {
    const made = makeCertificates(["a.test"]);
    if (made === undefined) return this.skip();
    const key = join(folder.path, "a.key");
    writeFileSync(join(folder.path, "a.crt"), made.server.cert);
    const problem = (): string | undefined => givenCertificates(folder.path).found[0]?.problem;
    writeFileSync(key, made.server.key);
    expect(problem()).to.equal(undefined);
    writeFileSync(key, made.client.key);
    expect(problem()).to.match(/a\.key does not belong to the certificate .*a\.crt/);
    writeFileSync(key, "nonsense");
    expect(problem()).to.match(/a\.key is no private key in PEM without a passphrase/);
    rmSync(key);
    expect(problem()).to.match(/cannot read the key .*a\.key/);
    const { found, problems } = givenCertificates(folder.path);
    expect([found[0]?.covers("a.test"), found[0]?.covers("b.test"), problems]).to.deep.equal([true, false, []]);
  });
});
