import { expect } from "chai";
import { load, loadAll } from "js-yaml";
import { ManifestError } from "../../../src/manifest/manifest-error.js";
import { FileDecryptor } from "../../../src/secrets/file-decryptor.js";
import { type AgeKey, ageKey, keyFile, Sops } from "../../support/sops.js";

/** Decrypts with these keys. */
async function decrypt(text: string | Uint8Array, file: string, ...keys: readonly AgeKey[]): Promise<Buffer> {
  const decryptor = new FileDecryptor({ from: "Secret shop/age", files: new Map([["a.agekey", keyFile(...keys)]]) });
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return Buffer.from((await decryptor.read(bytes, file)).bytes);
}

/** The problem that decryption reports. */
async function refusal(text: string, file: string, ...keys: readonly AgeKey[]): Promise<string> {
  try {
    await decrypt(text, file, ...keys);
  } catch (error) {
    if (error instanceof ManifestError) return error.message;
    throw error;
  }
  throw new Error("it was decrypted");
}

const SECRET = `apiVersion: v1
kind: Secret # a comment
metadata:
  name: db
  labels: { app: shop }
stringData:
  # another comment
  password: "p\\u00e4ss\\tw\\"ord\\\\ \\U0001F600"
  empty: ""
  text: |
    line 1
    line 2
  number: 12
  float: 1.5
  large: 1e21
  yes: true
  list: [a, 2, false, null]
  date: 2020-01-02T03:04:05Z
`;

const MULTI = `apiVersion: v1
kind: Secret
metadata: { name: a }
stringData: { one: first-secret }
---
apiVersion: v1
kind: Secret
metadata: { name: b }
stringData: { two: second-secret }
`;

describe("Files encrypted with SOPS", function () {
  this.timeout(900_000);
  let sops: Sops;
  let key: AgeKey;
  let other: AgeKey;
  before(async () => {
    [sops, key, other] = await Promise.all([Sops.find(), ageKey(), ageKey()]);
  });

  for (const rule of [
    {},
    { encrypted_regex: "^(data|stringData)$" },
    { encrypted_suffix: "Data" },
    { unencrypted_suffix: "name" },
    { unencrypted_regex: "^metadata$", mac_only_encrypted: true },
  ]) {
    it(`are decrypted as YAML with the values of before, with the rule ${JSON.stringify(rule)}`, async () => {
      const encrypted = await sops.encrypt("a.yaml", SECRET, [key], [], rule);
      expect(encrypted).not.to.include("line 1");
      const text = (await decrypt(encrypted, "a.yaml", key)).toString();
      expect(load(text)).to.deep.equal(load(SECRET));
      expect(text).not.to.match(/ENC\[|sops|age1/);
    });
  }

  it("are refused for a Secret with many keys, without reading all of them", async () => {
    const encrypted = await sops.encrypt("a.yaml", MULTI, [key]);
    const keys = `${keyFile(...Array.from({ length: 21 }, () => other))}not a key\n`;
    const decryptor = new FileDecryptor({ from: "Secret shop/age", files: new Map([["a.agekey", keys]]) });
    const error = await decryptor.read(Buffer.from(encrypted), "a.yaml").catch((caught: unknown) => caught);
    expect(String(error)).to.include("Secret shop/age has more than 20 keys of age");
  });

  it("keep the lines of what they hold", async () => {
    const encrypted = await sops.encrypt("a.yaml", MULTI, [key]);
    const text = (await decrypt(encrypted, "a.yaml", key)).toString();
    expect(loadAll(text)).to.deep.equal(loadAll(MULTI));
    const line = (of: string, pattern: RegExp): number => of.split("\n").findIndex((one) => pattern.test(one));
    expect(line(text, /second-secret/)).to.equal(line(encrypted, /^ +two:/));
  });

  it("are decrypted as JSON, and keep the order of keys that look like numbers", async () => {
    const json = `{"b":{"2":"two","1":"one"},"a":["x",1,2.5,true,null,{"k":"v"}],"big":9007199254740993,"s":"\\"q\\" \\u00e9"}`;
    const encrypted = await sops.encrypt("a.json", json, [key]);
    const text = (await decrypt(encrypted, "a.json", key)).toString();
    expect(JSON.parse(text)).to.deep.equal(JSON.parse(json));
    expect(text).to.include("9007199254740993");
  });

  it("are decrypted as variables, INI and binary, byte by byte", async () => {
    const dotenv = "# comment\nUSER=admin\nPASSWORD=p=1 # x\nKEY=a\\nb\nEMPTY=\n";
    expect((await decrypt(await sops.encrypt("a.env", dotenv, [key]), "a.env", key)).toString().trim()).to.equal(
      dotenv.replace(" comment", "").trim(),
    );
    const ini = await decrypt(
      await sops.encrypt("a.ini", "[db]\nuser = admin\npass = `a;b`\n\n[x]\ny = ' z'\n", [key]),
      "a.ini",
      key,
    );
    expect(ini.toString()).to.match(/\[db\]\s+user += admin\s+pass += `a;b`/);
    const bytes = Buffer.from([0, 255, 128, 10, 13, 200, 7]);
    expect(await decrypt(await sops.encrypt("a.bin", bytes, [key]), "a.bin", key)).to.deep.equal(bytes);
  });

  it("are decrypted by any of several recipients, also by post-quantum keys", async () => {
    const quantum = await ageKey(true);
    const encrypted = await sops.encrypt("a.yaml", SECRET, [other, quantum]);
    for (const one of [other, quantum]) expect(String(await decrypt(encrypted, "a.yaml", one))).to.include("line 1");
    expect(String(await decrypt(encrypted, "a.yaml", key, other))).to.include("line 1");
    expect(await refusal(encrypted, "k8s/a.yaml", key)).to.match(
      new RegExp(
        `^k8s/a\\.yaml:\\d+: the file is encrypted for ${other.recipient.slice(0, 16)}…, age1pq1[a-z0-9]+…, and Secret shop/age has the key of ${key.recipient.slice(0, 16)}…: add the key`,
      ),
    );
  });

  it("stay as they are if they are not encrypted, or without keys", async () => {
    expect(String(await decrypt(SECRET, "a.yaml", key))).to.equal(SECRET);
    const encrypted = await sops.encrypt("a.yaml", SECRET, [key]);
    const { bytes, secret } = await new FileDecryptor(undefined).read(Buffer.from(encrypted), "a.yaml");
    expect([Buffer.from(bytes).toString(), secret]).to.deep.equal([encrypted, false]);
  });

  describe("that were changed", () => {
    let encrypted: string;
    const value = (name: string): string => new RegExp(`${name}: (ENC\\[.*\\])`).exec(encrypted)?.[1] ?? "";
    before(async () => {
      const text =
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  user: admin-user\n  pass: first-pass\n  list:\n  - one\n  - two\n";
      encrypted = await sops.encrypt("a.yaml", text, [key], ["--encrypted-regex", "^(data|stringData)$"]);
    });
    const refused = (text: string, file = "a.yaml") => refusal(text, file, key);
    const lineOf = (name: string): number => encrypted.split("\n").findIndex((line) => line.includes(`${name}:`)) + 1;

    it("are refused with file, line and key, and without values", async () => {
      const flipped = value("pass").replace(/data:(.)/, (_, first) => `data:${first === "A" ? "B" : "A"}`);
      expect(await refused(encrypted.replace(value("pass"), flipped))).to.equal(
        `a.yaml:${lineOf("pass")}: stringData.pass cannot be decrypted: the value was changed, or was moved here from another key; restore what sops wrote`,
      );
      const swapped = encrypted
        .replace(value("pass"), "@")
        .replace(value("user"), value("pass"))
        .replace("@", value("user"));
      expect(await refused(swapped)).to.match(/stringData\.user cannot be decrypted.*\(and 1 more in this file\)/);
      expect(await refused(encrypted.replace(value("pass"), "injected-text"))).to.include(
        "stringData.pass is not encrypted, although",
      );
      expect(await refused(encrypted.replace(value("pass"), value("pass").slice(0, -9)))).to.include(
        "is not a complete encrypted value",
      );
      expect(await refused(encrypted.replace("name: db", `name: ${value("pass")}`))).to.include(
        "metadata.name is encrypted, but the rule",
      );
    });

    it("are refused because of the MAC", async () => {
      expect(await refused(encrypted.replace("name: db", "name: evil"))).to.include("the values do not match the MAC");
      const [one = "", two = ""] = [...encrypted.matchAll(/- (ENC\[.*\])/g)].map((match) => match[1]);
      const swapped = encrypted.replace(one, "@").replace(two, one).replace("@", two);
      expect(await refused(swapped)).to.include("the values do not match the MAC");
      expect(await refused(encrypted.replace(/ {4}- ENC.*\n/, ""))).to.include("the values do not match the MAC");
      expect(await refused(encrypted.replace(/lastmodified: "\d{4}/, 'lastmodified: "1999'))).to.include(
        "mac and lastmodified",
      );
      expect(await refused(encrypted.replace(/\n {4}mac: .*/, ""))).to.include("has no mac");
      expect(await refused(encrypted.replace(/ {4}mac: .*/, "    mac: ENC[AES256_GCM,x]"))).to.include(
        "mac and lastmodified",
      );
    });

    it("are refused when their pattern takes too long for their keys", async () => {
      const slow = encrypted.replace(/encrypted_regex: .*/, "encrypted_regex: '([ab]{0,30}a){0,30}[cd]'");
      const keys = Array.from({ length: 5 }, (_, n) => `${"ab".repeat(5_000)}${n}: x\n`).join("");
      expect(await refused(`${keys}${slow}`)).to.include("takes too long for the keys of the file");
    });

    it("are refused because of their metadata", async () => {
      expect(await refused(encrypted.replace(/version: .*/, "version: 9.0.0"))).to.include('is of version "9.0.0"');
      expect(await refused(encrypted.replace(/encrypted_regex: .*/, "encrypted_regex: '(('"))).to.include(
        "not a valid pattern",
      );
      expect(await refused(encrypted.replace(/encrypted_regex: .*/, "encrypted_comment_regex: x"))).to.include(
        "which is not supported: use encrypted_regex",
      );
      const forKeys = (keys: string) =>
        encrypted.replace(/ {4}age:[\s\S]*? {4}lastmodified/, `${keys}    lastmodified`);
      expect(await refused(forKeys("    hc_vault:\n        - enc: x\n"))).to.match(
        /encrypted for Vault only, which is not supported; keys of age, PGP and clouds are: add a recipient of age/,
      );
      expect(await refused(forKeys("    pgp:\n        - fp: AB\n          enc: x\n"))).to.include(
        "has a key of PGP whose fp cannot be used",
      );
      const damaged = encrypted.replace(/(-----BEGIN AGE ENCRYPTED FILE-----\n +)\S{10}/, "$1AAAAAAAAAA");
      expect(await refused(damaged)).to.include("the data key in the metadata of SOPS is damaged");
    });

    it("are refused if they are cut, or hold what sops does not write", async () => {
      expect(await refused(encrypted.slice(0, encrypted.indexOf("-----END")))).to.match(/a\.yaml:\d+: /);
      expect(await refused(encrypted.replace("name: db", "name: &x db"))).to.include(
        ":4: an encrypted file has no anchors, aliases or tags",
      );
      expect(await refused(encrypted.replace("name: db", "name: db\n    name: db"))).to.include(
        ":5: the key stands twice",
      );
      expect(await refused(`${encrypted}---\nkind: ConfigMap\n`)).to.include(
        "a document of the encrypted file has no metadata of SOPS",
      );
      expect(await refused(encrypted.replace("user:", "7:"))).to.include("a key of an encrypted file has to be text");
      expect(await refused(`${encrypted}# ${"x".repeat(2 ** 21)}`)).to.include(
        "is larger than 2097152 bytes: split it",
      );
      expect(await refused("A=1\nB=ENC[AES256_GCM,data:AA==,iv:AA==,tag:AA==,type:str]\n", "a.env")).to.equal(
        "a.env:2: the value is encrypted with SOPS, but the file has no metadata of SOPS, without which it cannot be decrypted: restore what sops wrote",
      );
    });

    it("name the line of a key that is none, and not its text", async () => {
      const read = (text: string) =>
        new FileDecryptor({ from: "Secret shop/age", files: new Map([["k.agekey", text]]) })
          .read(Buffer.from(encrypted), "a.yaml")
          .catch((error: Error) => error.message);
      expect(await read(`# comment\n${key.identity.slice(0, -1)}`)).to.match(
        /Secret shop\/age, key k\.agekey, line 2: expected a key/,
      );
      expect(await read(`# comment\n${key.identity.slice(0, -1)}`)).not.to.include(key.identity.slice(16, 30));
      expect(await read("# nothing")).to.include("Secret shop/age has no key of age");
    });
  });
});
