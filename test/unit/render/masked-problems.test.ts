import { expect } from "chai";
import { SecretTexts } from "../../../src/render/mask-texts.js";
import type { RenderRequest } from "../../../src/render/request.js";
import type { KeptOutput, ResultStore } from "../../../src/render/result-store.js";
import { type AgeKey, ageKey, keyFile, Sops } from "../../support/sops.js";
import { failureOf, request } from "./support/harness.js";
import { MemorySnapshot } from "./support/memory-snapshot.js";
import { realRenderer } from "./support/programs.js";

const SECRET = "hunter2-of-the-shop";

describe("Problems of sources with decrypted values", function () {
  this.timeout(120_000);
  let sops: Sops;
  let key: AgeKey;
  before(async () => {
    [sops, key] = [await Sops.find(), await ageKey()];
  });

  /** A ConfigMap whose decrypted text is in a kustomization. */
  const render = async (content: string, source: object, results?: ResultStore): Promise<string> => {
    const files = {
      "kustomization.yaml": "resources: [cm.yaml]\n",
      "cm.yaml": await sops.encrypt("cm.yaml", content, [key], [], { encrypted_regex: "^(data|annotations)$" }),
    };
    const renderer = await realRenderer(results === undefined ? {} : { results });
    const decryption = { provider: "sops" as const, secretRef: { name: "age" } };
    const wanted: RenderRequest = {
      ...request("."),
      source: { path: ".", decryption, ...source },
      external: {
        ...{ digest: "d", variables: new Map(), values: [] },
        decryption: { from: "Secret shop/age", files: new Map([["a.agekey", keyFile(key)]]) },
      },
    };
    const snapshot = new MemorySnapshot(files);
    return (await failureOf(renderer.render(wanted, snapshot, "k".repeat(32)))).message;
  };
  const configMap = (annotations: string, data: string): string =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  annotations:\n    ${annotations}\ndata:\n  ${data}\n`;

  it("quote no value, also when the result of an earlier render is used again", async () => {
    const kept = new Map<string, KeptOutput>();
    const results: ResultStore = {
      get: async (name) => kept.get(name),
      put: async (name, output) => void kept.set(name, output),
    };
    const bad = configMap("x: y", `url: "\${HOST|${SECRET}}"`);
    for (const from of ["a render", "a kept result"]) {
      const message = await render(bad, { substitute: { variables: { HOST: "x" } } }, results);
      expect(message, from).to.contain("ConfigMap").and.not.contain("hunter2");
    }
    expect(kept.size).to.equal(1);
  });

  it("quote no value of an annotation that is wrong", async () => {
    const wave = configMap(`gitops.overseer.io/wave: ${SECRET}`, "a: b");
    expect(await render(wave, {}))
      .to.contain("gitops.overseer.io/wave")
      .and.not.contain("hunter2");
  });
});

describe("masked texts", () => {
  it("let other work go on while many are looked for, and show only the first findings", async () => {
    const secrets = new SecretTexts(Array.from({ length: 20_000 }, (_, index) => `secret-${index}-of-shop`));
    const problems = Array.from({ length: 510 }, (_, index) => ({
      object: `App a${index}`,
      message: `secret-${index}-of-shop is bad`,
    }));
    let turns = 0;
    const turn = (): void => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const shown = await secrets.hideIn(problems);
    clearImmediate(next);
    expect(turns).to.be.greaterThan(10);
    expect(shown.slice(0, 500).map(({ message }) => message)).to.deep.equal(
      Array.from({ length: 500 }, () => "… is bad"),
    );
    expect(shown.slice(500).map(({ message }) => message)).to.deep.equal(
      Array.from({ length: 10 }, () => "is not shown, since it may quote a value of a Secret"),
    );
  });
});

describe("refusePlaintextSecrets", () => {
  it("is a part of the input key, and not of what users have decided about", async () => {
    const renderer = await realRenderer();
    const locate = (source: object) =>
      renderer.locate({ ...request("."), source: { path: ".", ...source } }, new MemorySnapshot({ "a.yaml": "" }));
    const [open, refused] = [await locate({}), await locate({ refusePlaintextSecrets: true })];
    expect(refused.key).not.to.equal(open.key);
    expect(refused.sourceKey).to.equal(open.sourceKey);
  });
});
