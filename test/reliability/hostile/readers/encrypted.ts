import { generateKeyPairSync } from "node:crypto";
import { FileDecryptor } from "../../../../src/secrets/file-decryptor.js";
import { SealingKeys, sealLabel, sealValue } from "../../../../src/secrets/sealed/sealed-value.js";
import { ageKey, keyFile, Sops } from "../../../support/sops.js";
import { CANARY, type HostileReader } from "../reader.js";

/** A Secret with the canary. */
export const SECRET = `apiVersion: v1\nkind: Secret\nmetadata: {name: db, namespace: shop}\nstringData:\n  password: ${CANARY}\n  other: "${CANARY}"\ndata: {x: Y2FuYXJ5}\n`;

/** SOPS files of each format, by the real sops, and values that were sealed. */
export async function encrypted(): Promise<readonly HostileReader[]> {
  const [sops, key] = [await Sops.find(), await ageKey()];
  const readers: HostileReader[] = [];
  for (const [name, content] of [
    ["a.yaml", SECRET],
    ["a.json", JSON.stringify({ a: { b: CANARY }, c: [1, CANARY] })],
    ["a.env", `A=${CANARY}\nB=x\n`],
    ["a.ini", `[x]\na = ${CANARY}\n`],
  ] as const) {
    const text = await sops.encrypt(name, content, [key]);
    readers.push({
      name: `sops-${name.slice(2)}`,
      secret: true,
      samples: [text],
      words: [
        "ENC[AES256_GCM,",
        "sops:",
        "mac:",
        "lastmodified",
        "unencrypted_suffix: x",
        "encrypted_regex: (a+)+$",
        "type:str]",
      ],
      read: async (input: string) =>
        void (await new FileDecryptor({ from: "keys", files: new Map([["a.agekey", keyFile(key)]]) }).read(
          Buffer.from(input),
          name,
        )),
    });
  }
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const keys = new SealingKeys([privateKey]);
  const sealed = sealValue(publicKey, sealLabel("strict", "shop", "db"), Buffer.from(CANARY));
  readers.push({
    name: "sealed-values",
    secret: true,
    samples: [sealed, Buffer.from(sealed, "base64").toString("latin1")],
    read: (text: string) => keys.unseal(sealLabel("strict", "shop", "db"), text),
  });
  readers.push({
    name: "sops-keys",
    secret: true,
    samples: [keyFile(key), `AGE-SECRET-KEY-1${CANARY}`],
    read: async (text: string) =>
      void (await new FileDecryptor({ from: "keys", files: new Map([["a.agekey", text]]) }).read(
        Buffer.from(await sops1),
        "a.yaml",
      )),
  });
  const sops1 = sops.encrypt("a.yaml", "a: b\n", [key]);
  await sops1;
  return readers;
}
