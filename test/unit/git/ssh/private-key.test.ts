import { generateKeyPairSync } from "node:crypto";
import { expect } from "chai";
import { readSshPrivateKey } from "../../../../src/git/ssh/private-key.js";

/** Text of a private key in OpenSSH's format, with this cipher and type; its secret part is not valid. */
function opensshKey(cipher: string, type: string): string {
  const field = (bytes: Buffer | string): Buffer => {
    const content = Buffer.from(bytes);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(content.length);
    return Buffer.concat([length, content]);
  };
  const one = Buffer.from([0, 0, 0, 1]);
  const parts = [Buffer.from("openssh-key-v1\0"), field(cipher), field("none"), field(""), one, field(field(type))];
  const text = Buffer.concat([...parts, field("canary")]).toString("base64");
  const name = "OPENSSH PRIVATE KEY";
  return `-----BEGIN ${name}-----\n${text}\n-----END ${name}-----`;
}

const pem = (type: "rsa" | "ed25519", passphrase?: string): string => {
  const key = type === "rsa" ? generateKeyPairSync("rsa", { modulusLength: 2048 }) : generateKeyPairSync("ed25519");
  const options = passphrase === undefined ? {} : { cipher: "aes-256-cbc", passphrase };
  return key.privateKey.export({ type: "pkcs8", format: "pem", ...options }).toString();
};

describe("readSshPrivateKey", () => {
  it("adds the line break at the end that OpenSSH requires, and drops carriage returns", () => {
    const key = opensshKey("none", "ssh-ed25519");
    const expected = { text: `${key}\n`, isEncrypted: false };
    expect(readSshPrivateKey(key, undefined)).to.deep.equal(expected);
    expect(readSshPrivateKey(`\n${key.replaceAll("\n", "\r\n")}\r\n\r\n`, "unused")).to.deep.equal(expected);
  });

  it("accepts an encrypted key with its passphrase", () => {
    const key = readSshPrivateKey(opensshKey("aes256-ctr", "ssh-rsa"), "p");
    expect(key).to.have.property("isEncrypted", true);
    expect(readSshPrivateKey(pem("rsa", "p"), "p")).to.have.property("isEncrypted", true);
  });

  const refused: readonly [name: string, key: () => string, says: RegExp][] = [
    ["PuTTY's format", () => "PuTTY-User-Key-File-3: ssh-ed25519\nEncryption: none\n", /PuTTY's format.*puttygen/],
    ["the format of ssh.com", () => "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n", /ssh\.com.*ssh-keygen -i/],
    ["a public key", () => "ssh-ed25519 AAAAcanary me@host", /is a public key/],
    ["a DSA key", () => "-----BEGIN DSA PRIVATE KEY-----\ncanary", /DSA key/],
    ["something else", () => "canary", /not a private key in OpenSSH or PEM format/],
    ["a key that was cut", () => opensshKey("none", "ssh-rsa").replace(/\n.{40}/, "\n"), /is damaged/],
    ["a hardware key", () => opensshKey("none", "sk-ssh-ed25519@openssh.com"), /type that is not supported/],
    [
      "an encrypted key without passphrase",
      () => opensshKey("aes256-ctr", "ssh-rsa"),
      /add its passphrase as the key password/,
    ],
    ["an encrypted PEM key without passphrase", () => pem("rsa", "p"), /add its passphrase as the key password/],
    ["an ed25519 key that OpenSSH cannot read", () => pem("ed25519"), /PKCS#8 format, which OpenSSH cannot read/],
  ];
  for (const [name, key, says] of refused) {
    it(`refuses ${name}, and names no value`, () => {
      expect(readSshPrivateKey(key(), undefined)).to.match(says).and.not.include("canary");
    });
  }

  it("refuses an encrypted PEM key with a wrong passphrase", () => {
    expect(readSshPrivateKey(pem("rsa", "p"), "canary")).to.match(/cannot be decrypted: check the passphrase/);
  });

  it("refuses a PEM key that takes long to decrypt, without trying it", () => {
    for (const rounds of [1_000_001, 8_000_000]) expect(readSshPrivateKey(slowKey(rounds), "p")).to.match(/too long/);
    expect(readSshPrivateKey(slowKey(100_000), "p")).to.match(/cannot be decrypted/);
    const unreadable = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIAwgDCAMIAwgDCA\n-----END ENCRYPTED PRIVATE KEY-----";
    expect(readSshPrivateKey(unreadable, "p")).to.match(/too long/);
  });
});

/** A key in PKCS#8 that is encrypted with so many rounds of PBKDF2; its secret part is not valid. */
function slowKey(rounds: number): string {
  const der = (tag: number, ...parts: Uint8Array[]): Buffer => {
    const content = Buffer.concat(parts);
    const length = content.length < 128 ? [content.length] : [0x82, content.length >> 8, content.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), content]);
  };
  const id = (hex: string): Buffer => der(6, Buffer.from(hex, "hex"));
  const number = Buffer.from(rounds.toString(16).padStart(6, "0"), "hex");
  const hash = der(0x30, id("2a864886f70d0209"), Buffer.from([5, 0]));
  const derivation = der(0x30, id("2a864886f70d01050c"), der(0x30, der(4, Buffer.alloc(8)), der(2, number), hash));
  const cipher = der(0x30, id("60864801650304012a"), der(4, Buffer.alloc(16)));
  const algorithm = der(0x30, id("2a864886f70d01050d"), der(0x30, derivation, cipher));
  const text = der(0x30, algorithm, der(4, Buffer.alloc(1200))).toString("base64");
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${text}\n-----END ENCRYPTED PRIVATE KEY-----`;
}
