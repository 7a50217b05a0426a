import { readdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import { renderFlags } from "../../support/render-flags.js";
import { type AgeKey, ageKey, keyFile, Sops } from "../../support/sops.js";
import { condition, configMap, World } from "../../support/world.js";

const [EXAMPLE] = yamlExamples<{ spec: { source: { decryption: object } } }>("docs/sources/sops.md");
const DATA_ONLY = { encrypted_regex: "^(data|stringData)$" };

describe("Files encrypted with SOPS", function () {
  this.timeout(300_000);
  let world: World;
  let sops: Sops;
  let key: AgeKey;
  before(async () => {
    [sops, key] = [await Sops.find(), await ageKey()];
    world = await World.create("sops", { operator: { flags: await renderFlags(), trustedNamespaces: [] } });
    const { namespace } = world;
    await world.kube.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "deployer", namespace } });
    const verbs = ["get", "create", "patch", "delete"];
    await grant("deploy", [{ apiGroups: [""], resources: ["configmaps"], verbs }]);
  });
  after(() => world?.remove());

  const grant = async (name: string, rules: readonly object[]): Promise<void> => {
    const { namespace } = world;
    const group = "rbac.authorization.k8s.io";
    await world.kube.apply({ apiVersion: `${group}/v1`, kind: "Role", metadata: { name, namespace }, rules });
    await world.kube.apply({
      apiVersion: `${group}/v1`,
      kind: "RoleBinding",
      metadata: { name, namespace },
      roleRef: { apiGroup: group, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name: "deployer", namespace }],
    });
  };
  const keys = (...all: readonly AgeKey[]) =>
    world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "sops-age", namespace: world.namespace },
      stringData: { "age.agekey": keyFile(...all) },
    });
  const app = (name: string, source: object = {}) =>
    world.app(name, name, ".", {
      source: { repositoryRef: { name }, path: ".", decryption: EXAMPLE?.spec.source.decryption, ...source },
      serviceAccountName: "deployer",
    });
  const dataOf = async (name: string) => (await world.kube.get(world.configMap(name)))?.data as Record<string, string>;
  const secretOf = async (name: string) =>
    ((await world.kube.get(world.object("v1", "Secret", name)))?.data ?? {}) as Record<string, string>;
  const ready = (object: RawObject): string => condition(object as never, "Ready")?.message ?? "";
  const secretText = (name: string, value: string) =>
    `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\nstringData:\n  user: admin\n  password: ${value}\n`;
  const base64 = (text: string): string => Buffer.from(text).toString("base64");

  /** All bytes that the operator keeps on disk. */
  const kept = async (): Promise<string> => {
    const names = await readdir(join(world.operator.dir, "cache"), { recursive: true, withFileTypes: true });
    const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
    return (await Promise.all(files.map((file) => readFile(file, "latin1")))).join("\n");
  };
  const expectNothingKept = async (): Promise<void> => {
    const text = await kept();
    for (const canary of [...world.canaries, key.identity]) {
      expect(text.includes(canary), canary).to.equal(false);
      expect(text.includes(base64(canary)), canary).to.equal(false);
    }
  };

  it("are applied as soon as there is a key that the ServiceAccount may read, and shown nowhere", async () => {
    const [first, second, open] = [world.canary(), world.canary(), world.canary()];
    world.canaries.push(key.identity);
    const settings = (value: string) => sops.encrypt("settings.yaml", configMap("settings", { token: value }), [key]);
    const repo = await world.repository("plain", {
      "secret.yaml": await sops.encrypt("secret.yaml", secretText("db", first), [key], [], DATA_ONLY),
      "settings.yaml": await settings(open),
      "open.yaml": configMap("open", { a: "1" }),
    });
    await app("plain");
    const forbidden = await world.untilCondition("plain", "Ready", "False", "ValuesForbidden");
    expect(ready(forbidden)).to.include(`deployer may not read Secret ${world.namespace}/sops-age`);
    await grant("secrets", [{ apiGroups: [""], resources: ["secrets"], verbs: ["get", "create", "patch", "delete"] }]);
    const missing = await world.untilCondition("plain", "Ready", "False", "ValuesNotFound");
    expect(ready(missing)).to.include(
      `spec.source.decryption.secretRef: Secret ${world.namespace}/sops-age does not exist`,
    );
    const wrong = await ageKey();
    await keys(wrong);
    const other = await world.untilCondition("plain", "Ready", "False", "RenderFailed");
    expect(ready(other)).to.match(/secret\.yaml:\d+: the file is encrypted for age1/);
    expect(ready(other)).to.include(wrong.recipient.slice(0, 16)).and.include(key.recipient.slice(0, 16));

    // The Secret is watched: another key renders again.
    await keys(wrong, key);
    await world.synced("plain");
    expect(await secretOf("db")).to.deep.equal({ user: base64("admin"), password: base64(first) });
    expect(await dataOf("settings")).to.deep.equal({ token: open });

    // A changed value is a change of a field without values, also of a ConfigMap.
    const next = world.canary();
    const commit = await repo.commit(
      {
        "settings.yaml": await settings(next),
        "secret.yaml": await sops.encrypt("secret.yaml", secretText("db", second), [key]),
      },
      "rotate",
    );
    await world.poll("plain");
    await world.synced("plain", commit);
    expect(await dataOf("settings")).to.deep.equal({ token: next });
    expect(await secretOf("db")).to.include({ password: base64(second) });
    const plan = JSON.stringify((await world.changes("plain")).at(-1)?.status);
    expect(plan).to.include("data.token").and.include("data.password").and.include("<redacted>");

    // Drift is reverted also after a restart, and an unchanged app costs no write.
    const { length } = await world.changes("plain");
    await world.operator.stop();
    await world.operator.start();
    await world.kube.patch(world.configMap("settings"), { data: { token: "edited" } });
    await world.kube.until(
      world.configMap("settings"),
      "is restored",
      ({ data }) => (data as { token: string }).token === next,
    );
    await world.synced("plain");
    expect(await world.changes("plain")).to.have.length(length);
    await expectNothingKept();
  });

  it("that were tampered with change nothing, until a good commit comes", async () => {
    const [first, second] = [world.canary(), world.canary()];
    const encrypted = await sops.encrypt(
      "a.yaml",
      configMap("guarded", { one: first, two: "second-value" }),
      [key],
      [],
      DATA_ONLY,
    );
    const repo = await world.repository("guarded", { "a.yaml": encrypted, "b.yaml": configMap("beside", { a: "1" }) });
    await app("guarded");
    await world.synced("guarded");
    const refused = async (text: string, expected: RegExp): Promise<void> => {
      const id = await repo.commit({ "a.yaml": text, "b.yaml": configMap("beside", { a: "2" }) }, "tampered");
      await world.poll("guarded");
      const app = await world.kube.until(
        world.appRef("guarded"),
        "refused",
        (object) => ready(object).includes(id.slice(0, 7)) && condition(object as never, "Ready")?.status === "False",
      );
      expect(ready(app)).to.match(expected).and.not.include(first);
      expect(await dataOf("guarded")).to.deep.equal({ one: first, two: "second-value" });
      expect(await dataOf("beside")).to.deep.equal({ a: "1" });
    };
    await refused(encrypted.replace("name: guarded", "name: other"), /a\.yaml:\d+: the values do not match the MAC/);
    const stripped = encrypted.slice(0, encrypted.indexOf("sops:"));
    await refused(
      stripped,
      /a\.yaml:6: ConfigMap guarded: data\.one is encrypted with SOPS, but the metadata of SOPS is missing/,
    );
    const commit = await repo.commit(
      { "a.yaml": await sops.encrypt("a.yaml", configMap("guarded", { one: second }), [key]) },
      "good",
    );
    await world.poll("guarded");
    await world.synced("guarded", commit);
    expect(await dataOf("guarded")).to.deep.equal({ one: second });
  });

  it("are files of Kustomize generators and patches, and values of a chart", async () => {
    const [variable, file, patched, value] = [world.canary(), world.canary(), world.canary(), world.canary()];
    await world.repository("overlay", {
      "kustomization.yaml":
        "resources: [cm.yaml]\nsecretGenerator:\n- name: generated\n  envs: [vars.env]\n  files: [token=token.bin]\npatches:\n- path: patch.yaml\ngeneratorOptions: { disableNameSuffixHash: true }\n",
      "cm.yaml": configMap("overlay", { a: "1" }),
      "vars.env": await sops.encrypt("vars.env", `PASSWORD=${variable}\n`, [key]),
      "token.bin": await sops.encrypt("token.bin", file, [key]),
      "patch.yaml": await sops.encrypt("patch.yaml", configMap("overlay", { b: patched }), [key], [], DATA_ONLY),
    });
    await app("overlay");
    await world.synced("overlay");
    expect(await secretOf("generated")).to.deep.equal({ PASSWORD: base64(variable), token: base64(file) });
    expect(await dataOf("overlay")).to.deep.equal({ a: "1", b: patched });

    await world.repository("chart", {
      "Chart.yaml": "apiVersion: v2\nname: chart\nversion: 1.0.0\n",
      "values.yaml": "password: none\n",
      "secrets.yaml": await sops.encrypt("secrets.yaml", `password: ${value}\n`, [key]),
      "templates/cm.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: charted }\ndata: { url: 'db://{{ .Values.password }}@db' }\n",
    });
    await app("chart", { helm: { valueFiles: ["secrets.yaml"] } });
    await world.synced("chart");
    expect(await dataOf("charted")).to.deep.equal({ url: `db://${value}@db` });

    // What was rendered is kept on disk, encrypted, and found after a restart.
    await world.operator.stop();
    await world.operator.start();
    await world.synced("chart");
    await world.poke("chart");
    expect(await world.operator.freshMetric('overseer_renders_total{renderer="helm",result="miss"}')).to.equal(0);
    await expectNothingKept();
  });

  it("leave no plain text behind when the operator is killed at any step", async () => {
    const source = (value: string) => ({
      "kustomization.yaml":
        "secretGenerator:\n- { name: killed, envs: [v.env], options: { disableNameSuffixHash: true } }\n",
      "v.env": value,
    });
    const repo = await world.repository("killed", source(await sops.encrypt("v.env", `A=${world.canary()}\n`, [key])));
    await app("killed");
    await world.synced("killed");
    for (const failpoint of ["app:after-change-created", "app:after-first-write"] as const) {
      const value = world.canary();
      await world.operator.stop();
      await world.operator.start({ failpoint });
      const commit = await repo.commit(source(await sops.encrypt("v.env", `A=${value}\n`, [key])), failpoint);
      await world.kube.patch(world.repositoryRef("killed"), {
        metadata: { annotations: { "gitops.overseer.io/reconcile-at": failpoint } },
      });
      await world.operator.ended();
      await expectNothingKept();
      await world.operator.start({ failpoint: undefined });
      await world.synced("killed", commit);
      expect(await secretOf("killed")).to.deep.equal({ A: base64(value) });
    }
    const left = (await Promise.all(["/dev/shm", tmpdir()].map((folder) => readdir(folder).catch(() => [])))).flat();
    expect(left.filter((name) => name.startsWith(`overseer-render-${world.operator.pid}-`))).to.deep.equal([]);
  });
});
