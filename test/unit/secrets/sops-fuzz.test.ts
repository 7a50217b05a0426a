import { expect } from "chai";
import fc from "fast-check";
import { ManifestError } from "../../../src/manifest/manifest-error.js";
import { FileDecryptor } from "../../../src/secrets/file-decryptor.js";
import { type AgeKey, ageKey, keyFile, Sops } from "../../support/sops.js";

const YAML = "kind: Secret\nmetadata:\n  name: db\nstringData:\n  a: secret-one\n  b: [1, true, secret-two]\n";
const FORMATS: readonly (readonly [name: string, content: string])[] = [
  ["a.yaml", `${YAML}---\n${YAML}`],
  ["a.json", '{"a":{"b":"secret-one","c":[1,true,null,"secret-two"]},"d_unencrypted":"x"}'],
  ["a.env", "A=secret-one\n# comment\nB=secret-two\n"],
  ["a.ini", "[x]\na = secret-one\n[y]\nb = secret-two\n"],
  ["a.bin", "secret-one secret-two"],
];
const HOSTILE = [
  "__proto__",
  "constructor",
  '"',
  "{",
  "}",
  "- ",
  ": ",
  "\n",
  "sops:",
  "ENC[AES256_GCM,",
  "&a ",
  "*a",
  "<<: ",
  "\u0000",
  "---\n",
  "9".repeat(400),
];

describe("The reader of SOPS files", function () {
  this.timeout(300_000);
  let sops: Sops;
  let key: AgeKey;
  before(async () => {
    [sops, key] = [await Sops.find(), await ageKey()];
  });

  const outcome = async (text: string, name: string): Promise<string> => {
    const decryptor = new FileDecryptor({ from: "keys", files: new Map([["a.agekey", keyFile(key)]]) });
    try {
      const { bytes, secret } = await decryptor.read(Buffer.from(text), name);
      return secret ? Buffer.from(bytes).toString() : "";
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      expect(error.message).not.to.match(/secret-one|secret-two/);
      return "";
    }
  };

  for (const [name, content] of FORMATS) {
    it(`gives the values that were encrypted, or an error without them, whatever was done to ${name}`, async () => {
      const encrypted = await sops.encrypt(name, content, [key]);
      expect(await outcome(encrypted, name)).to.include("secret-two");
      const edit = fc.record({
        at: fc.nat(encrypted.length),
        drop: fc.nat(60),
        insert: fc.oneof(fc.constantFrom("", ...HOSTILE), fc.string({ maxLength: 8 })),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
          const text = edits.reduce(
            (now, { at, drop, insert }) => now.slice(0, at) + insert + now.slice(at + drop),
            encrypted,
          );
          const written = await outcome(text, name);
          for (const value of ["secret-one", "secret-two"]) {
            const count = (of: string): number => of.split(value).length;
            expect(count(written) === count(content) || written === "").to.equal(true);
          }
          expect(Object.getOwnPropertyNames(Object.prototype)).to.have.length(12);
        }),
        { numRuns: 100 },
      );
    });
  }
});

describe("Hostile files of 2 MiB", () => {
  const size = 2 * 2 ** 20 - 1000;
  const end = "\nsops:\n  mac: ENC[AES256_GCM,x]\n";
  for (const [what, name, text] of [
    ["an endless text in JSON", "a.json", `{"sops":{"mac":"ENC[AES256_GCM,"},"a":"${"x".repeat(size)}`],
    ["a line of spaces in INI", "a.ini", `[sops]\nmac = ENC[AES256_GCM,\n[a]\n${" ".repeat(size)}\n`],
    ["spaces within a value in INI", "a.ini", `[sops]\nmac = ENC[AES256_GCM,\n[a]\na =${" ".repeat(size)}x\n`],
    ["comments that begin and do not end", "a.yaml", `a: b #${"#ENC[AES256_GCM,".repeat(size / 16)}${end}`],
    ["deep nesting", "a.yaml", `a: ${"[".repeat(100_000)}${end}`],
  ] as const) {
    it(`are refused in linear time: ${what}`, async function () {
      this.timeout(20_000);
      const decryptor = new FileDecryptor({ from: "keys", files: new Map([["a.agekey", ""]]) });
      const error = await decryptor.read(Buffer.from(text), name).catch((caught: unknown) => caught);
      expect(error).to.be.instanceOf(ManifestError);
    });
  }
});
