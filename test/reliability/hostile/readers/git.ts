import { deflateSync } from "node:zlib";
import { credentialFromSecret } from "../../../../src/git/credentials/credentials.js";
import { proxyFromSecret } from "../../../../src/git/credentials/proxy-secret.js";
import { PackResponse } from "../../../../src/git/history/response.js";
import { splitUploadPack } from "../../../../src/git/isomorphic/side-band.js";
import { BatchResponses } from "../../../../src/git/native/batch-responses.js";
import { parseCommit } from "../../../../src/git/objects/commit.js";
import { parseTagTarget } from "../../../../src/git/objects/not-a-commit.js";
import { isSafeName, parseTree } from "../../../../src/git/objects/tree.js";
import { applyDelta, deltaResultSize } from "../../../../src/git/pack/delta.js";
import { indexPack } from "../../../../src/git/pack/index-pack.js";
import { AdvertisementReader, LsRefsReader } from "../../../../src/git/protocol/advertisement.js";
import { PktLineParser, packetBytes, pktLine } from "../../../../src/git/protocol/pkt-line.js";
import { RefFilter } from "../../../../src/git/refs/ref-filter.js";
import { checkRefSpec, resolveRef } from "../../../../src/git/refs/refs.js";
import { parseVersionRange, parseVersionTag } from "../../../../src/git/refs/version-range.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { judgeGpgv } from "../../../../src/git/signatures/gpgv-status.js";
import { readSignedCommit, readSignedTag } from "../../../../src/git/signatures/signed-object.js";
import { keyType, readSshSignature } from "../../../../src/git/signatures/ssh-signature.js";
import { signersOf, trustedKeysOf } from "../../../../src/git/signatures/trusted-keys.js";
import { parseSshAddress } from "../../../../src/git/ssh/address.js";
import { parseGitmodules } from "../../../../src/git/submodules/gitmodules.js";
import { handMadePack, sealed } from "../../../unit/git/support/packs.js";
import { CANARY, type HostileReader, type ReaderGroup } from "../reader.js";

const URL = "https://git.example.com/shop.git";
const ID = "0123456789abcdef0123456789abcdef01234567";
const PERSON = "Ada <ada@example.com> 1700000000 +0000";
const SIGNATURE = `-----BEGIN SSH SIGNATURE-----\n${Buffer.from("SSHSIG\0\0\0\x01\0\0\0\x33\0\0\0\x0bssh-ed25519").toString("base64")}\n-----END SSH SIGNATURE-----`;
const COMMIT = `tree ${ID}\nparent ${ID}\nauthor ${PERSON}\ncommitter ${PERSON}\ngpgsig ${SIGNATURE.replaceAll("\n", "\n ")}\n\nFix it\n`;
const TAG = `object ${ID}\ntype commit\ntag v1\ntagger ${PERSON}\n\nv1\n${SIGNATURE}\n`;
const row = (mode: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(ID, "hex")]);
const TREE = Buffer.concat([row("100644", "a.yaml"), row("40000", "b"), row("120000", "link"), row("160000", "sub")]);
const PACK = handMadePack([
  { type: 3, content: Buffer.from("one") },
  { type: 2, content: TREE },
  { type: 1, content: Buffer.from(COMMIT) },
]);
const band = (number: number, text: string | Buffer): Buffer =>
  packetBytes({ kind: "data", data: Buffer.concat([Buffer.from([number]), Buffer.from(text)]) });
const LIMITS = { maxObjectBytes: 2 ** 20, maxObjects: 1_000 };
const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGmB9Sv1cXk0wVg2m1m8Z5n0n1uZ9rXc7oYV0m1l2c3d ada@example.com";
const KNOWN_HOSTS = `git.example.com ssh-ed25519 ${KEY.split(" ")[1]}\n|1|a2V5|aGFzaA== ssh-rsa AAAAB3Nza\n@cert-authority *.example.com ${KEY}\n`;

const pem = (what: string, body: string): string => `-----BEGIN ${what}-----\n${body}\n-----END ${what}-----\n`;
const OPENSSH = `openssh-key-v1\0\0\0\0\x04none\0\0\0\x04none\0\0\0\0${CANARY}`;

const base64 = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((value ?? {}) as object).flatMap(([key, one]) =>
      typeof one === "string" ? [[key, Buffer.from(one).toString("base64")]] : [],
    ),
  );

async function* chunks(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes.subarray(0, bytes.length / 3);
  yield bytes.subarray(bytes.length / 3);
}

function readPackets(bytes: Buffer, reader: { take(packet: never): void; finish(): unknown }): void {
  const parser = new PktLineParser(URL);
  for (const part of [bytes.subarray(0, 7), bytes.subarray(7)])
    for (const packet of parser.push(part)) reader.take(packet as never);
  parser.finish();
  reader.finish();
}

const refFilter = (): RefFilter => new RefFilter(["HEAD", "refs/heads/", "refs/tags/"], 100, URL, "use fewer");

const OBJECTS: readonly HostileReader[] = [
  {
    name: "git-commit",
    samples: [COMMIT],
    words: ["tree ", "parent ", "gpgsig ", "\n\n"],
    read: (text: string) => parseCommit(Buffer.from(text), ID),
  },
  {
    name: "git-tree",
    samples: [TREE],
    words: [".git", "GIT~1", "..", "100644 ", "40000 "],
    read: (bytes: Buffer) => parseTree(bytes, ID).rows.map(({ name }) => isSafeName(name)),
  },
  {
    name: "git-tag",
    samples: [TAG],
    words: ["object ", "type "],
    read: (text: string) => parseTagTarget(Buffer.from(text)),
  },
  {
    name: "git-signed-objects",
    samples: [COMMIT, TAG],
    words: ["gpgsig ", "gpgsig-sha256 ", "-----BEGIN PGP SIGNATURE-----", "-----BEGIN SSH SIGNATURE-----"],
    read: (text: string, random) => {
      const bytes = Buffer.from(text);
      const { signature } = random.int(2) === 0 ? readSignedCommit(bytes, "it") : readSignedTag(bytes, "it");
      if (signature === undefined) return;
      keyType(Buffer.from(String(readSshSignature(text)?.key ?? "")));
    },
  },
  { name: "git-ssh-signature", samples: [SIGNATURE], read: (text: string) => readSshSignature(text) },
  {
    name: "gpgv-status",
    samples: ["[GNUPG:] GOODSIG 0123 Ada\n[GNUPG:] VALIDSIG 0123 2024-01-01 0 0 4 0 1 10 00 0123\n"],
    words: ["[GNUPG:] ", "EXPKEYSIG", "REVKEYSIG"],
    read: (text: string) => judgeGpgv(text, 0),
  },
  {
    name: "gitmodules",
    samples: ['[submodule "a"]\n\tpath = lib/a\n\turl = ../a.git\n\tbranch = main\n'],
    words: ["url = --upload-pack=x", "path = ../x", "[submodule", "\\"],
    read: (text: string) => parseGitmodules(text),
  },
];

const WIRE: readonly HostileReader[] = [
  {
    name: "git-advertisement",
    samples: [
      Buffer.from(
        `${pktLine("# service=git-upload-pack")}0000${pktLine(`${ID} HEAD\0symref=HEAD:refs/heads/main agent=git/2`)}${pktLine(`${ID} refs/heads/main`)}${pktLine(`${ID} refs/tags/v1^{}`)}0000`,
      ),
      Buffer.from(`${pktLine("# service=git-upload-pack")}0000${pktLine("version 2")}${pktLine("ls-refs")}0000`),
    ],
    words: ["ERR no", "0000", "0001", "0002", "0003", "fff0", "ffff", "\0"],
    read: (bytes: Buffer) => readPackets(bytes, new AdvertisementReader(refFilter(), URL)),
  },
  {
    name: "git-ls-refs",
    samples: [
      Buffer.from(
        `${pktLine(`${ID} HEAD symref-target:refs/heads/main`)}${pktLine(`${ID} refs/tags/v1 peeled:${ID}`)}0000`,
      ),
    ],
    words: ["unborn ", "peeled:", "symref-target:", "0000", "fff0"],
    read: (bytes: Buffer) => readPackets(bytes, new LsRefsReader(refFilter(), URL)),
  },
  {
    name: "git-pack-response",
    samples: [
      Buffer.concat([Buffer.from(pktLine("packfile")), band(1, PACK), band(2, "counting"), Buffer.from("0000")]),
    ],
    words: ["packfile\n", "shallow-info\n", "ERR x", "\x01", "\x03no"],
    read: (bytes: Buffer) => readPackets(bytes, new PackResponse(URL)),
  },
  {
    name: "git-side-band",
    samples: [Buffer.concat([Buffer.from(pktLine("NAK")), band(1, PACK), band(3, "fatal"), Buffer.from("0000")])],
    words: ["NAK\n", "ACK ", "\x01", "\x03no"],
    read: (bytes: Buffer) => splitUploadPack(chunks(bytes), URL),
  },
  {
    name: "git-batch",
    samples: [Buffer.from(`${ID} blob 3\none\n${ID} missing\n${ID} commit ${COMMIT.length}\n${COMMIT}\n`)],
    words: [" blob ", " missing\n", "999999999999999"],
    read: (bytes: Buffer) => {
      const responses = new BatchResponses(1_000);
      responses.push(bytes.subarray(0, 9));
      responses.push(bytes.subarray(9));
    },
  },
  { name: "git-pack", samples: [PACK], read: (bytes: Buffer) => indexPack(bytes, LIMITS) },
  {
    name: "git-pack-with-checksum",
    samples: [
      PACK.subarray(0, -20),
      handMadePack([
        { type: 3, content: Buffer.from("one") },
        { type: 6, base: Buffer.from([13]), content: Buffer.from([3, 3, 0x90, 3]) },
      ]).subarray(0, -20),
    ],
    words: [deflateSync(Buffer.alloc(100_000)).toString("latin1"), "PACK"],
    read: (bytes: Buffer) => indexPack(sealed(bytes), LIMITS),
  },
  {
    name: "git-delta",
    samples: [Buffer.from([3, 3, 0x90, 3]), Buffer.from([3, 6, 3, 97, 98, 99, 0x90, 3])],
    read: (bytes: Buffer) => {
      const size = deltaResultSize(bytes);
      if (size <= LIMITS.maxObjectBytes) applyDelta(Buffer.from("one"), bytes);
    },
  },
];

const SETTINGS: readonly HostileReader[] = [
  {
    name: "git-refs",
    samples: [{ branch: "main" }, { tag: "v1" }, { semver: ">=1.2 <2" }, { name: "refs/heads/main" }, { commit: ID }],
    words: ["@{", "..", "a.lock", "refs/", "-x", "^{}"],
    read: (value: unknown) => {
      // The schema of the API server admits texts only.
      const spec = Object.fromEntries(
        Object.entries(Object(value) as object).filter(([, one]) => typeof one === "string"),
      );
      checkRefSpec(spec);
      resolveRef(spec, {
        refs: new Map([
          ["refs/heads/main", ID],
          ["refs/tags/v1.2.0", ID],
        ]),
        head: "refs/heads/main",
      });
    },
  },
  {
    name: "version-range",
    samples: [">=1.2.3 <2 || ~3.1", "^1.x", "1.2 - 2.3"],
    words: ["||", "x", "*", "-beta.1", "+build"],
    read: (text: string) => [parseVersionTag(text), parseVersionRange(text)],
  },
  {
    name: "git-url",
    samples: [URL, "ssh://git@git.example.com:22/shop.git", "git@git.example.com:team/shop.git"],
    words: ["ext::sh", "file://", "-oProxyCommand=x", "@", "[::1]"],
    read: (url: string) => [parseSshAddress(url), gitRemote(url)],
  },
  {
    name: "git-credential",
    secret: true,
    samples: [
      { username: "ada", password: CANARY },
      { bearerToken: CANARY },
      { "tls.crt": `-----BEGIN CERTIFICATE-----\n${CANARY}\n-----END CERTIFICATE-----`, "tls.key": CANARY },
      { githubAppID: "1", githubAppInstallationID: "2", githubAppPrivateKey: CANARY },
    ],
    words: ["ca.crt", "caFile", "token", "\n", ":"],
    read: (data: unknown) => credentialFromSecret(base64(data), { where: "Secret shop/git", url: URL }),
  },
  {
    name: "git-ssh-credential",
    secret: true,
    samples: [
      {
        identity: pem("OPENSSH PRIVATE KEY", Buffer.from(OPENSSH).toString("base64")),
        known_hosts: KNOWN_HOSTS,
        password: CANARY,
      },
      {
        identity: pem("RSA PRIVATE KEY", `Proc-Type: 4,ENCRYPTED\n\n${CANARY}`),
        known_hosts: KNOWN_HOSTS,
      },
    ],
    words: ["@revoked ", "|1|", "*", "ssh-dss ", "!", ","],
    read: (data: unknown) =>
      credentialFromSecret(base64(data), { where: "Secret shop/git", url: "ssh://git@git.example.com/shop.git" }),
  },
  {
    name: "allowed-signers",
    samples: [
      { signers: `ada@example.com namespaces="git" ${KEY}\n# comment\n"a b" ${KEY}\n` },
      { key: KEY, revoked_keys: KEY },
      { pgp: "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQENBF\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n" },
    ],
    words: ["cert-authority ", 'valid-after="x"', "ssh-rsa ", '"'],
    read: (data: unknown) => signersOf(trustedKeysOf(base64(data), "Secret shop/keys"), KEY.split(" ")[1] ?? ""),
  },
  {
    name: "proxy-secret",
    secret: true,
    samples: [
      { address: `http://user:${CANARY}@proxy.example.com:3128` },
      { address: "socks5://proxy.example.com", username: "u", password: CANARY },
    ],
    read: (data: unknown) => proxyFromSecret(base64(data), "Secret shop/proxy"),
  },
];

/** Readers of what Git servers send, of objects of Git, and of the Secrets for Git. */
export function gitReaders(): ReaderGroup {
  return { readers: [...OBJECTS, ...WIRE, ...SETTINGS] };
}
