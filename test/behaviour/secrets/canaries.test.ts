import { generateKeyPairSync } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { sealLabel, sealValue } from "../../../src/secrets/sealed/sealed-value.js";
import { expectNoCanary } from "../../support/contracts.js";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { OverseerUser } from "../../support/overseer-cli.js";
import { ageKey, keyFile, Sops } from "../../support/sops.js";
import { condition, World } from "../../support/world.js";

const DATA_ONLY = { encrypted_regex: "^(data|stringData)$" };

describe("Secrets of every source", function () {
  this.timeout(300_000);
  let world: World;
  let core: CoreBench;
  before(async () => {
    world = await World.create("canaries", { withoutOperator: true });
    core = await CoreBench.start(world);
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });

  const secret = (name: string, content: object) =>
    world.kube.apply({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: world.namespace }, ...content });
  const text = (bytes: unknown): string => Buffer.from(String(bytes), "base64").toString();

  it("reach both destinations, after errors and a crash in the middle, and are found nowhere else", async () => {
    const [sops, age, other] = [await Sops.find(), await ageKey(), await ageKey()];
    const sealing = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const value = {
      cluster: world.canary(),
      core: world.canary(),
      sops: world.canary(),
      document: world.canary(),
      sealed: world.canary(),
    };
    await core.secret("upstream", value.core);
    const { body } = await core.call<{ value: string }>("POST", "/api/tokens", {
      name: "gitops",
      role: "secret-reader",
    });
    world.canaries.push(body.value, age.identity, other.identity);
    await core.token("core-reader", body.value);
    await secret("sealing", {
      stringData: { "a.key": sealing.privateKey.export({ type: "pkcs8", format: "pem" }).toString() },
    });
    await secret("sops-age", { stringData: { "age.agekey": keyFile(other) } });
    await secret("pg", { data: { password: Buffer.from([0xff, 0xfe]).toString("base64") } });
    const yaml = (kind: string, apiVersion: string, name: string, rest: string) =>
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata:\n  name: ${name}\n${rest}`;
    const documents = {
      "smtp.yaml": await sops.encrypt(
        "smtp.yaml",
        yaml("Secret", "v1", "smtp", `stringData:\n  password: ${value.sops}\n`),
        [age],
        [],
        DATA_ONLY,
      ),
      "own.yaml": await sops.encrypt(
        "own.yaml",
        yaml("Secret", "overseer.io/v1", "own", `spec:\n  data:\n    value: ${value.document}\n`),
        [age],
        [],
        DATA_ONLY,
      ),
      "mix.yaml": JSON.stringify({
        apiVersion: "overseer.io/v1",
        kind: "Secret",
        metadata: { name: "mix" },
        spec: {
          values: { a: { store: "cluster", name: "pg", key: "password" }, b: { store: "core", name: "upstream" } },
          data: { url: "https://${a}:${b}@db" },
        },
      }),
      "sealed.yaml": JSON.stringify({
        apiVersion: "bitnami.com/v1alpha1",
        kind: "SealedSecret",
        metadata: { name: "sealed" },
        spec: {
          encryptedData: {
            key: sealValue(
              sealing.publicKey,
              sealLabel("strict", world.namespace, "sealed"),
              Buffer.from(value.sealed),
            ),
          },
        },
      }),
    };
    const names = ["smtp.password", "own", "mix.url", "sealed.key"];
    const environment = Object.fromEntries(names.map((name, index) => [`V${index}`, `\${SECRET:${name}}`]));
    const files = {
      ...documents,
      "app.yaml": appDocument("shop", { web: { image: "w:1", environment } }, { targetNode: undefined }),
    };
    const repo = await world.repository("all", files);
    const source = {
      repositoryRef: { name: "all" },
      path: ".",
      decryption: { provider: "sops", secretRef: { name: "sops-age" } },
      unseal: { secretRef: { name: "sealing" } },
      restart: {},
      secretStores: [
        { name: "cluster", kubernetes: { secrets: ["pg"] } },
        { name: "core", core: { url: core.core.url, secretRef: { name: "core-reader" }, secrets: ["upstream"] } },
      ],
    };
    const flags = ["--secret-store-hosts=127.0.0.1"];
    const operator = await world.startOperator({ flags, failpoint: "core:after-app-write#2" });
    const logs: string[] = [];
    await core.app("on-core", "all", ".", { source });
    // The wrong key, then a value that is no text.
    const wrongKey = await world.untilCondition("on-core", "Ready", "False", "RenderFailed");
    expect(condition(wrongKey, "Ready")?.message).to.match(/own\.yaml:.*encrypted for/);
    await secret("sops-age", { stringData: { "age.agekey": keyFile(other, age) } });
    await world.kube.until(world.appRef("on-core"), "refuses bytes", (app) =>
      JSON.stringify(app.status).includes("a value that is not text in UTF-8 cannot be a part of a text"),
    );
    expect(await core.appNamed("shop")).to.equal(undefined);
    await secret("pg", { data: { password: Buffer.from(value.cluster).toString("base64") } });
    await operator.ended();
    logs.push(await operator.log());
    await operator.start({ failpoint: undefined });
    await world.synced("on-core", await repo.head());
    await core.untilJobs("shop", ["deploy completed v1"]);
    const listed = await core.call<{ secrets: { name: string }[] }>("GET", "/api/secrets");
    expect(listed.body.secrets.map(({ name }) => name)).to.include.members(names);

    await world.app("on-cluster", "all", ".", { source });
    await world.synced("on-cluster", await repo.head());
    const live = async (name: string) =>
      ((await world.kube.get(world.object("v1", "Secret", name)))?.data ?? {}) as Record<string, string>;
    expect(text((await live("mix")).url)).to.equal(`https://${value.cluster}:${value.core}@db`);
    expect(text((await live("smtp")).password)).to.equal(value.sops);
    expect(text((await live("own")).value)).to.equal(value.document);
    expect(text((await live("sealed")).key)).to.equal(value.sealed);
    const deployment = await world.kube.get(world.object("apps/v1", "Deployment", "shop-web"));
    const workload = JSON.stringify(deployment);
    expect(workload).to.include('{"name":"mix","key":"url"}').and.include('{"name":"smtp","key":"password"}');

    const user = new OverseerUser(world);
    for (const app of ["on-core", "on-cluster"]) {
      await user.prints(["describe", "app", app]);
      await user.run(["explain", app]);
    }
    user.expectNoCanary(world.canaries);
    expectNoCanary(world.canaries, {
      "the log before the crash": logs.join("\n"),
      "the workload": workload,
      "the cache on disk": await contentOf(operator.dir),
    });
    // The file with the token of the administrator is there.
    expectNoCanary(Object.values(value), { "the files of the Core": await contentOf(core.core.dataDir) });
  });
});

/** All bytes of the files below a folder. Texts are found in them as in text. */
async function contentOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), "latin1").catch(() => "")),
  );
  return texts.join("\n");
}
