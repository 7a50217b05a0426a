import { expect } from "chai";
import { type AgeKey, ageKey, keyFile, Sops } from "../../../support/sops.js";
import { type Compiled, compile, podOf } from "./support/compile.js";

const PLAIN = "PASSWORD=hunter2-plain\n";

describe("a Compose app with files encrypted with SOPS", function () {
  this.timeout(900_000);
  let key: AgeKey;
  let encrypted: string;
  before(async () => {
    let sops: Sops;
    [sops, key] = await Promise.all([Sops.find(), ageKey()]);
    encrypted = await sops.encrypt("app.env", PLAIN, [key]);
  });

  async function compileWith(compose: string): Promise<Compiled> {
    const decryption = { from: "Secret shop/age", files: new Map([["a.agekey", keyFile(key)]]) };
    return compile(compose, { files: { "conf/app.env": encrypted, "conf/other.txt": "x\n" }, decryption });
  }

  function secretText(compiled: Compiled, name: string, dataKey: string): string {
    const { data } = compiled.objects[name] as unknown as { data: Record<string, string> };
    return Buffer.from(data[dataKey] ?? "", "base64").toString();
  }

  for (const [what, path] of [
    ["file", "./conf/app.env"],
    ["folder", "./conf"],
  ] as const)
    it(`mounts a ${what} with an encrypted file from a Secret`, async () => {
      const compiled = await compileWith(`services: {web: {image: 'x:1', volumes: ['${path}:/c:ro']}}`);
      expect(compiled.problems).to.deep.equal([]);
      const [volume] = podOf(compiled, "Deployment web").volumes as { secret?: { secretName: string } }[];
      const name = volume?.secret?.secretName ?? "";
      expect(name).to.match(/^web-conf/);
      expect(secretText(compiled, `Secret ${name}`, "app.env")).to.equal(PLAIN);
      expect(Object.keys(compiled.objects).filter((one) => one.startsWith("ConfigMap"))).to.deep.equal([]);
      expect(JSON.stringify(compiled.objects)).not.to.include("hunter2-plain");
    });

  it("mounts a config with an encrypted file from a Secret", async () => {
    const compiled = await compileWith(
      "services: {web: {image: 'x:1', configs: [c]}}\nconfigs: {c: {file: conf/app.env}}",
    );
    expect(compiled.problems).to.deep.equal([]);
    expect(secretText(compiled, "Secret web-config-c", "value")).to.equal(PLAIN);
    expect(podOf(compiled, "Deployment web").volumes).to.deep.include({
      name: "configs-c-c",
      secret: { secretName: "web-config-c", items: [{ key: "value", path: "c" }] },
    });
    expect(JSON.stringify(compiled.objects)).not.to.include("hunter2-plain");
  });

  it("takes the variables of an encrypted file from a Secret, unless overridden", async () => {
    const service = (rest: string): string => `{image: 'x:1', env_file: [conf/app.env]${rest}}`;
    const services = `web: ${service("")}, two: ${service(", environment: {PASSWORD: own, OTHER: x}")}`;
    const compiled = await compileWith(`services: {${services}}`);
    expect(compiled.problems).to.deep.equal([]);
    const [container] = podOf(compiled, "Deployment web").containers as { env: unknown }[];
    expect(container?.env).to.deep.equal([
      { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "web-web-env", key: "PASSWORD" } } },
    ]);
    expect(secretText(compiled, "Secret web-web-env", "PASSWORD")).to.equal("hunter2-plain");
    const [other] = podOf(compiled, "Deployment web-two").containers as { env: unknown }[];
    expect(other?.env).to.deep.equal([
      { name: "PASSWORD", value: "own" },
      { name: "OTHER", value: "x" },
    ]);
    expect(Object.keys(compiled.objects)).not.to.include("Secret web-two-env");
    expect(JSON.stringify(compiled.objects)).not.to.include("hunter2-plain");
  });

  it("replaces the pods when a value of an encrypted file changes", async () => {
    const hashOf = async (text: string): Promise<unknown> => {
      const sops = await Sops.find();
      const files = { "app.env": await sops.encrypt("app.env", text, [key]) };
      const decryption = { from: "Secret shop/age", files: new Map([["a.agekey", keyFile(key)]]) };
      const compiled = await compile("services: {web: {image: 'x:1', env_file: app.env}}", { files, decryption });
      return compiled.objects["Deployment web"]?.spec;
    };
    expect(await hashOf("A=1\n")).to.deep.equal(await hashOf("# a comment\nA=1\n"));
    expect(await hashOf("A=1\n")).not.to.deep.equal(await hashOf("A=2\n"));
  });
});
