import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { EXIT } from "../../../src/cli/exit-codes.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";
import { makeCertificates } from "../../support/certificates.js";
import { appDocument } from "../../support/core-bench.js";
import { type CoreProcess, startCore } from "../../support/core-process.js";
import { OverseerUser } from "../../support/overseer-cli.js";
import { condition, World } from "../../support/world.js";

/** A Core as it is run for others: over HTTPS, with a certificate of an authority of its own. */
describe("The access to an Overseer Core", function () {
  this.timeout(120_000);
  let world: World;
  let folder: TemporaryFolder;
  let core: CoreProcess;
  let ca: string;
  before(async function () {
    const certificates = makeCertificates();
    if (certificates === undefined) return this.skip();
    ({ ca } = certificates);
    world = await World.create("core-access");
    folder = await makeTemporaryFolder("overseer-core-tls-");
    const [cert, key] = [join(folder.path, "tls.crt"), join(folder.path, "tls.key")];
    await writeFile(cert, certificates.server.cert);
    await writeFile(key, certificates.server.key, { mode: 0o600 });
    core = await startCore({ flags: ["--tls-cert", cert, "--tls-key", key] });
    world.canaries.push(core.adminToken);
    await world.repository("web", { "web.yaml": appDocument("web", { web: { image: "w:1" } }) });
    await world.app("web", "web", ".", {
      destination: {
        overseer: { url: core.url, secretRef: { name: "core" }, caSecretRef: { name: "authority" }, interval: "1s" },
      },
    });
  });
  after(async () => {
    await core?.remove();
    await folder?.remove();
    await world?.remove();
  });
  const secret = (name: string, stringData: Record<string, string>): Promise<unknown> =>
    world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: world.namespace }, stringData });
  const ready = async (reason: string): Promise<string> =>
    condition(await world.untilCondition("web", "Ready", "False", reason), "Ready")?.message ?? "";

  it("waits for its Secret, and names it and the field", async () => {
    expect(await ready("SecretNotFound")).to.match(
      new RegExp(
        `the Secret ${world.namespace}/core in spec\\.destination\\.overseer\\.secretRef does not exist: create it`,
      ),
    );
  });

  it("names the key that the Secret lacks", async () => {
    await secret("core", { password: "x" });
    await secret("authority", { "ca.crt": ca });
    expect(await ready("CoreSecretInvalid")).to.contain(`Secret ${world.namespace}/core has no key token`);
  });

  it("goes on as soon as the Secrets are right, over a certificate that only ca.crt makes good", async () => {
    await world.kube.delete({ apiVersion: "v1", kind: "Secret", namespace: world.namespace, name: "core" });
    await secret("core", { token: core.adminToken });
    // The Core has no node, so the app waits for one: it is connected.
    const app = await world.untilCondition("web", "Waiting", "True", "References");
    expect(condition(app, "Waiting")?.message).to.contain("node node-1");
    const admin = new OverseerUser(world);
    expect(
      await admin.prints(["core", "apps", "--app", "web", "-o", "json"]),
      "its Secrets are those of the app",
    ).to.equal("[]\n");
    const { code, stderr } = await new OverseerUser(world, "ann").run(["core", "apps"]);
    expect([code, stderr.includes("cannot list")]).to.deep.equal([EXIT.notAllowed, true]);
    admin.expectNoCanary(world.canaries);
  });

  it("trusts no other certificate", async () => {
    await world.kube.delete({ apiVersion: "v1", kind: "Secret", namespace: world.namespace, name: "authority" });
    expect(await ready("SecretNotFound")).to.contain("caSecretRef");
    await secret("authority", { "ca.crt": makeCertificates()?.ca ?? "" });
    expect(await ready("CoreUnreachable")).to.match(/cannot be reached: .*(certificate|CERT|signature)/);
    await secret("authority", { "ca.crt": ca });
    await world.untilCondition("web", "Waiting", "True", "References");
  });
});
