import { expect } from "chai";
import { ConfinedPrograms } from "../../../../src/child/confined-programs.js";
import { findConfinement } from "../../../../src/child/confinement.js";
import { GitError } from "../../../../src/git/errors.js";
import { USUAL_PATH } from "../../../../src/git/native/find-git.js";
import { readSignedCommit } from "../../../../src/git/signatures/signed-object.js";
import { trustedKeysOf } from "../../../../src/git/signatures/trusted-keys.js";
import { SignatureVerifier, type Signer } from "../../../../src/git/signatures/verifier.js";
import { GitRepo } from "../../../../tools/git-repository.js";
import { Signers, type SigningKey } from "../../../support/signing.js";
import { FakeClock } from "../../support/fake-clock.js";
import { secretData } from "../support/secret-data.js";
import { removeTemporaryDirectories, temporaryDirectory } from "../support/temporary.js";

const LIMITS = { timeoutMs: 10_000, memoryBytes: 2 ** 28, maxOutputBytes: 65_536, atOnce: 4 };

describe("SignatureVerifier", function () {
  this.timeout(60_000);
  let folder: string;
  let repo: GitRepo;
  let signers: Signers;
  const clock = new FakeClock();
  const programs = new ConfinedPrograms({ clock, limits: LIMITS, confinement: findConfinement });
  const verifier = new SignatureVerifier({ programs, path: USUAL_PATH });

  before(async () => {
    folder = await temporaryDirectory();
    repo = await GitRepo.create("", `${folder}/repo.git`, "main");
    signers = await Signers.create();
  });
  after(async () => {
    await signers?.remove();
    await removeTemporaryDirectories();
  });

  /** The content of a commit, as it is stored. */
  const raw = async (commit: string): Promise<Buffer> =>
    Buffer.from(`${await repo.git("cat-file", "commit", commit)}\n`);
  const verify = (content: Buffer, secret: Record<string, string>, by = verifier): Promise<Signer> => {
    const { signature, author } = readSignedCommit(content, "commit c");
    const keys = trustedKeysOf(secretData(secret), "Secret shop/keys");
    return by.use(keys, new AbortController().signal, (check) => check(signature, `commit c by ${author}`));
  };
  const refusal = async (content: Buffer, secret: Record<string, string>, by = verifier): Promise<GitError> => {
    try {
      await verify(content, secret, by);
    } catch (error) {
      if (error instanceof GitError) return error;
      throw error;
    }
    throw new Error("the signature was accepted");
  };
  const signed = async (key: SigningKey): Promise<Buffer> => raw(await signers.commit(repo, key, {}, "signed"));

  describe("for SSH", () => {
    let ada: SigningKey;
    let eve: SigningKey;
    let content: Buffer;

    before(async () => {
      ada = await signers.ssh("ada@example.com");
      eve = await signers.ssh("eve@example.com", "ecdsa");
      content = await signed(ada);
    });

    it("accepts public keys and names the owner and the fingerprint", async () => {
      const signer = await verify(content, { "ada.pub": ada.publicKey, "eve.sshpub": eve.publicKey });
      expect(signer).to.deep.equal({ name: "ada@example.com", key: `ED25519 ${ada.fingerprint}` });
    });

    it("accepts lines of allowed_signers, also for any principal", async () => {
      for (const principal of ["ada@example.com", "*", '"ada@example.com,!bob@example.com"', "*@example.com"]) {
        const line = `${principal} namespaces="git" ${ada.publicKey}`;
        expect(await verify(content, { allowed_signers: line }), principal).to.have.property("key");
      }
    });

    it("names a key that is not trusted", async () => {
      const error = await refusal(content, { "eve.pub": eve.publicKey });
      expect(error.code).to.equal("GIT_KEY_UNTRUSTED");
      expect(error.message).to.contain(ada.fingerprint).and.contain("not in Secret shop/keys");
    });

    it("refuses lines that are not valid now, or not for Git", async () => {
      for (const option of ['valid-before="20200101"', 'valid-after="20990101"', 'namespaces="file"']) {
        const error = await refusal(content, { signers: `ada@example.com ${option} ${ada.publicKey}` });
        expect(error.code, option).to.equal("GIT_KEY_UNTRUSTED");
        expect(error.message, option).to.contain("valid-after, valid-before and namespaces");
      }
    });

    it("refuses revoked keys", async () => {
      const error = await refusal(content, { "ada.pub": ada.publicKey, revoked_keys: ada.publicKey });
      expect(error.message).to.contain("revoked_keys of Secret shop/keys revokes");
    });

    it("refuses a signature over other content, for another namespace, or damaged", async () => {
      const secret = { "ada.pub": ada.publicKey };
      const moved = Buffer.from(content.toString("latin1").replace(/^tree .*$/m, `tree ${"0".repeat(40)}`), "latin1");
      expect((await refusal(moved, secret)).message).to.contain("does not match its content");
      const text = content.toString("latin1");
      const blob = Buffer.from(text.replace(/^[\s\S]*BEGIN SSH SIGNATURE-----/, "").split("-----")[0] ?? "", "base64");
      const other = Buffer.from(blob.toString("latin1").replace("\0\0\0\x03git", "\0\0\0\x03fil"), "latin1");
      const lines = other.toString("base64").match(/.{1,70}/g) ?? [];
      const file = text.replace(
        /(BEGIN SSH SIGNATURE-----\n)[\s\S]*( -----END)/,
        (_, start, end) => `${start}${lines.map((line) => ` ${line}\n`).join("")}${end}`,
      );
      expect((await refusal(Buffer.from(file, "latin1"), secret)).message).to.contain('namespace "fil" instead of git');
      const cut = Buffer.from(text.replace(/U1NIU0lH/, "QUFBQUFB"), "latin1");
      expect((await refusal(cut, secret)).message).to.contain("damaged SSH signature");
    });

    it("refuses unsigned commits, and several or unknown signatures", async () => {
      const secret = { "ada.pub": ada.publicKey };
      const unsigned = await raw(await repo.commit({ a: "" }, "plain"));
      const error = await refusal(unsigned, secret);
      expect(error.code).to.equal("GIT_UNSIGNED");
      expect(error.message).to.contain("by Overseer Demo <demo@example.com> is not signed");
      const text = content.toString("latin1");
      const block = /^gpgsig [\s\S]*END SSH SIGNATURE-----\n/m.exec(text)?.[0] ?? "";
      const cases: [string, string][] = [
        [text.replace(block, block + block), "several signatures"],
        [text.replace("\n\n", `\n${block.replace("gpgsig", "gpgsig-sha256")}\n`), "several signatures"],
        [text.replace("gpgsig ", "gpgsig-sha256 "), "gpgsig-sha256, which is not supported"],
        [text.replace(block, block.trimEnd() + block.replace("gpgsig", "\n")), "not exactly one block"],
        [text.replace(/^tree/m, `parent ${"0".repeat(40)}\ntree`), "out of order"],
        [text.replace("\n\n", `\ntree ${"0".repeat(40)}\n\n`), "the header tree occurs twice"],
        [text.replace("\n\n", "\n\n\0"), "NUL byte"],
        [text.replace(/BEGIN SSH SIGNATURE/, "BEGIN OTHER SIGNATURE"), "unknown format"],
      ];
      for (const [forged, message] of cases)
        expect((await refusal(Buffer.from(forged, "latin1"), secret)).message, message).to.contain(message);
    });

    it("covers headers after the signature", async () => {
      const text = content.toString("latin1");
      const added = Buffer.from(text.replace("\n\n", "\nx-note added later\n\n"), "latin1");
      expect((await refusal(added, { "ada.pub": ada.publicKey })).message).to.contain("does not match");
    });

    it("says so if ssh-keygen is not installed", async () => {
      const without = new SignatureVerifier({ programs, path: folder });
      const error = await refusal(content, { "ada.pub": ada.publicKey }, without);
      expect(error.code).to.equal("GIT_VERIFIER_UNAVAILABLE");
      expect(error.message).to.contain("install openssh-client");
    });
  });

  describe("for OpenPGP", () => {
    const past = ["--faked-system-time", "20200101T000000!"];

    it("accepts armored keys and names the user and the fingerprint", async () => {
      const key = await signers.openpgp("Ada <ada@pgp.example>");
      const other = await signers.openpgp("Bob <bob@pgp.example>");
      const secret = { "authors.asc": `${other.publicKey}\n${key.publicKey}` };
      const content = await signed(key);
      const signer = await verify(content, secret);
      expect(signer).to.deep.equal({ name: "Ada <ada@pgp.example>", key: `OpenPGP ${key.fingerprint}` });
      const untrusted = await refusal(content, { "bob.asc": other.publicKey });
      expect(untrusted.message).to.contain(key.fingerprint).and.contain("not in Secret shop/keys");
      const moved = Buffer.from(content.toString("latin1").replace("\n\nsigned", "\n\nforged"), "latin1");
      expect((await refusal(moved, secret)).message).to.contain("does not match its content");
      const revoked = await refusal(content, { "ada.asc": await signers.revoke(key.fingerprint) });
      expect(revoked.message).to.contain(key.fingerprint).and.contain("which is revoked");
    });

    it("refuses expired keys, even if the commit is older", async () => {
      const key = await signers.openpgp("Old <old@pgp.example>", { expires: "2021-01-01", options: past });
      const error = await refusal(await signed(key), { "old.asc": key.publicKey });
      expect(error.code).to.equal("GIT_KEY_UNTRUSTED");
      expect(error.message).to.contain("which has expired");
    });

    it("refuses signatures with SHA-1", async () => {
      const options = ["--digest-algo", "SHA1"];
      const key = await signers.openpgp("Weak <weak@pgp.example>", { algorithm: "rsa2048", options });
      const error = await refusal(await signed(key), { "weak.asc": key.publicKey });
      expect(error.code).to.equal("GIT_SIGNATURE_INVALID");
      expect(error.message).to.contain("SHA-1");
    });
  });
});
