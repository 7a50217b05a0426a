import { expect } from "chai";
import { load } from "js-yaml";
import { ageKey, keyFile, Sops } from "../../../support/sops.js";
import { app, expandFiles, type Options, placesOf, specOf } from "./support/expand.js";

const KEYS = { digest: "", variables: new Map(), values: [] };

/** The variables of the service web. */
async function variablesOf(files: Readonly<Record<string, string>>, options: Options = {}): Promise<unknown> {
  const { compose } = specOf(await expandFiles(files, options), "App");
  const document = (typeof compose === "string" ? load(compose) : compose) as { services: { web: object } };
  expect(document.services.web).not.to.have.property("env_file");
  return (document.services.web as { environment: unknown }).environment;
}

describe("env_file of apps on a Core", function () {
  this.timeout(60_000);

  it("becomes environment, which has precedence, with dollar signs escaped", async () => {
    const compose = "services:\n  web: {image: x, env_file: [a.env, {path: ./conf/b.env}], environment: {C: own}}";
    const files = { "app.yaml": app(compose), "a.env": "A=1\nB=a\nC=a\n", "conf/b.env": "B='b$x'\nD=${A:-2}\n" };
    expect(await variablesOf(files)).to.deep.equal({ A: "1", B: "b$$x", C: "own", D: "2" });
  });

  it("can refer to variables of the project and in environment, except secrets", async () => {
    const web = (environment: string): string =>
      app(`services:\n  web: {image: x, env_file: a.env, environment: ${environment}}`);
    const files = { "app.yaml": web("{E: from$$env, P: own, N: 1}"), "a.env": "E=file\nX=${E}\nY=${P}$N\n" };
    expect(await variablesOf(files, { env: { P: "project" } })).to.deep.equal({
      ...{ E: "from$$env", P: "own", N: 1 },
      ...{ X: "from$$env", Y: "project1" },
    });
    const secret = { ...files, "app.yaml": web("{E: '${SECRET:db}'}") };
    expect((await placesOf(expandFiles(secret, { env: { P: "" } })))[0]).to.match(
      /web.env_file: a value refers to E, which contains a secret in environment: write the variable in environment instead$/,
    );
  });

  it("is read beside the Compose file that names it, also with variables in its path", async () => {
    const compose = "include: [parts/compose.yaml]\n";
    const part = 'services: {web: {image: x, env_file: ["${STAGE}.env"]}}\n';
    const files = { "app.yaml": app(compose), "parts/compose.yaml": part, "parts/dev.env": "A=1\n" };
    expect(await variablesOf(files, { env: { STAGE: "dev" } })).to.deep.equal({ A: "1" });
  });

  it("is refused if broken or outside of the source, or if required and missing", async () => {
    const refused = (entry: string, others: Record<string, string> = {}): Promise<string[]> =>
      placesOf(expandFiles({ "app.yaml": app(`services:\n  web:\n    image: x\n    env_file: ${entry}`), ...others }));
    const at = "app.yaml:10 spec.compose.services.web.env_file";
    expect(await refused("a.env")).to.deep.equal([
      `${at}: there is no file "a.env" in the source: add it, or set required: false`,
    ]);
    expect(await refused("../../a.env")).to.deep.equal([
      `${at}: is outside of the source; use a path below source.path`,
    ]);
    expect(await refused("a.env", { "a.env": "A=1\nB\n=x\n" })).to.deep.equal([`${at}: a.env:3: expected NAME=value`]);
    const compose = "services:\n  web: {image: x, env_file: [{path: no.env, required: false}], environment: [A=1]}";
    expect(await variablesOf({ "app.yaml": app(compose) })).to.deep.equal({ A: "1" });
  });

  it("becomes secrets of the Core if it is encrypted, and is refused without a key", async () => {
    const key = await ageKey();
    const encrypted = await (await Sops.find()).encrypt("web.env", "TOKEN=canary-7\nEMPTY=\n", [key]);
    const files = { "app.yaml": app("services:\n  web: {image: x, env_file: web.env}"), "web.env": encrypted };
    const decryption = { from: "Secret shop/age", files: new Map([["a.agekey", keyFile(key)]]) };
    const source = { path: "", decryption: { provider: "sops", secretRef: { name: "age" } } as const };
    const options = { external: { ...KEYS, decryption }, source };
    expect(await variablesOf(files, options)).to.deep.equal({ TOKEN: "${SECRET:web.ENV_FILE.web.TOKEN}", EMPTY: "" });
    const { documents } = await expandFiles(files, options);
    const secrets = documents.filter(({ id }) => id.kind === "Secret");
    expect(secrets.map(({ id, confidential }) => [id.name, confidential])).to.deep.equal([
      ["web.ENV_FILE.web.TOKEN", true],
    ]);
    const shown = JSON.stringify(documents.filter(({ id }) => id.kind !== "Secret"));
    expect(shown).not.to.include("canary-7");
    const thief = app('services: {web: {image: x, command: "echo ${SECRET:shop.ENV_FILE.web.DB}"}}');
    expect(await placesOf(expandFiles({ "app.yaml": thief }))).to.deep.equal([
      "app.yaml:7 spec.compose.services.web.command: the secret shop.ENV_FILE.web.DB is of an encrypted env_file of the app shop, and no other app may use it: store it in the Core under another name",
    ]);
    expect(await placesOf(expandFiles(files))).to.deep.equal([
      "app.yaml:8 spec.compose.services.web.env_file: web.env is encrypted with SOPS: set source.decryption of the OverseerApp",
    ]);
  });
});
