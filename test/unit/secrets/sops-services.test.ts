import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { load } from "js-yaml";
import { systemClock } from "../../../src/base/clock.js";
import { OverseerError } from "../../../src/base/errors.js";
import { ConfinedPrograms } from "../../../src/child/confined-programs.js";
import { findConfinement } from "../../../src/child/confinement.js";
import { ManifestError } from "../../../src/manifest/manifest-error.js";
import { FileDecryptor } from "../../../src/secrets/file-decryptor.js";
import { KEY_SERVICES, type ServiceField } from "../../../src/secrets/sops/key-services.js";
import { SopsProgram } from "../../../src/secrets/sops/sops-program.js";
import { ageKey, keyFile, type PgpKey, PgpKeys, Sops } from "../../support/sops.js";

const ARN = "arn:aws:kms:eu-west-1:123456789012:key/0b4b2c5a-1111-2222-3333-444455556666";
const TEXT = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\nstringData:\n  password: value-of-a-password\n";
const AWS_ACCESS = {
  AWS_ACCESS_KEY_ID: "AKIAEXAMPLE",
  AWS_SECRET_ACCESS_KEY: "secret-of-aws",
  AWS_REGION: "eu-west-1",
};

/** Keys for another service than that of the file. */
const UNUSED = { "a.asc": "unused" };

/** As much of the API of AWS KMS as sops uses. */
class Kms {
  readonly #server: Server;
  readonly #keys = new Map<string, string>();
  /** Requests, with who signed them. */
  readonly requests: string[] = [];
  status = 200;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Kms> {
    const server = createServer();
    const kms = new Kms(server);
    server.on("request", async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = JSON.parse(Buffer.concat(chunks).toString()) as Record<string, string>;
      const action = String(request.headers["x-amz-target"]).split(".")[1];
      kms.requests.push(`${action} by ${/Credential=(\w+)/.exec(request.headers.authorization ?? "")?.[1]}`);
      const plain = kms.#keys.get(body.CiphertextBlob ?? "");
      const id = randomBytes(24).toString("base64");
      if (action === "Encrypt") kms.#keys.set(id, body.Plaintext ?? "");
      const answer = action === "Encrypt" ? { CiphertextBlob: id, KeyId: ARN } : { Plaintext: plain, KeyId: ARN };
      const refused = { __type: "AccessDeniedException", message: "not authorized" };
      response.writeHead(kms.status, { "content-type": "application/x-amz-json-1.1" });
      response.end(JSON.stringify(kms.status === 200 ? answer : refused));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return kms;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): Promise<unknown> {
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

describe("Files encrypted with SOPS for keys of PGP and of clouds", function () {
  this.timeout(600_000);
  let sops: Sops;
  let pgp: PgpKeys;
  let folder: string;
  let program: SopsProgram;
  let key: PgpKey;
  before(async () => {
    [sops, pgp, folder] = [await Sops.find(), await PgpKeys.create(), await mkdtemp(join(tmpdir(), "sops-services-"))];
    program = programAt(sops.program);
    key = await pgp.make("a@example.com");
  });
  after(async () => {
    await pgp?.remove();
    await rm(folder, { recursive: true, force: true });
  });

  const programAt = (path: string): SopsProgram => {
    const limits = { timeoutMs: 60_000, memoryBytes: 512 * 2 ** 20, maxOutputBytes: 2 ** 20, atOnce: 1 };
    const programs = (network: boolean) =>
      new ConfinedPrograms({ clock: systemClock, limits, confinement: findConfinement, network });
    const makeFolder = () => mkdtemp(join(folder, "run-"));
    return new SopsProgram({ path, offline: programs(false), online: programs(true), makeFolder });
  };
  const decrypt = async (text: string, entries: Record<string, string>, used: SopsProgram | undefined = program) => {
    const ofKind = (isAge: boolean) =>
      new Map(Object.entries(entries).filter(([name]) => name.endsWith(".agekey") === isAge));
    const keys = { from: "Secret shop/keys", files: ofKind(true), services: ofKind(false) };
    const decryptor = new FileDecryptor(keys, { sops: used });
    const { bytes } = await decryptor.read(Buffer.from(text), "db.yaml");
    expect(decryptor.secrets).to.include("value-of-a-password");
    return Buffer.from(bytes).toString();
  };
  const refusal = async (...args: Parameters<typeof decrypt>): Promise<string> => {
    const error: unknown = await decrypt(...args).then(
      () => new Error("it was decrypted"),
      (thrown) => thrown,
    );
    if (!(error instanceof ManifestError || error instanceof OverseerError)) throw error;
    // Nothing stays behind, whatever happened.
    expect((await readdir(folder)).filter((name) => name.startsWith("run-"))).to.deep.equal([]);
    return error.message;
  };
  const forPgp = (keys: readonly PgpKey[], name = "db.yaml", text = TEXT, rule: object = {}) =>
    sops.encrypt(
      name,
      text,
      [],
      [],
      { pgp: keys.map((one) => one.fingerprint).join(","), ...rule },
      {
        GNUPGHOME: pgp.folder,
        PATH: "/usr/bin:/bin",
      },
    );

  it("are decrypted with a key of RSA or of an elliptic curve, which one of several entries has", async () => {
    const curve = await pgp.make("curve@example.com", "cv25519");
    for (const one of [key, curve])
      expect(load(await decrypt(await forPgp([one]), { "a.asc": one.privateKey }))).to.deep.equal(load(TEXT));
    const both = { "a.asc": key.privateKey, "b.asc": curve.privateKey };
    expect(await decrypt(await forPgp([curve]), both)).to.include("value-of-a-password");
  });

  it("are decrypted in the formats of lines and JSON as well", async () => {
    const entries = { "a.asc": key.privateKey };
    const line = "A=value-of-a-password\n";
    expect((await decrypt(await forPgp([key], "a.env", line), entries)).trim()).to.equal(line.trim());
    expect(await decrypt(await forPgp([key], "a.ini", `[x]\n${line}`), entries)).to.include("value-of-a-password");
    const json = await decrypt(await forPgp([key], "a.json", '{"a":"value-of-a-password"}'), entries);
    expect(JSON.parse(json)).to.deep.equal({ a: "value-of-a-password" });
  });

  it("are refused with what is missing: the program, the key, or the right one", async () => {
    const text = await forPgp([key]);
    const shown = key.fingerprint.slice(-16);
    const age = await ageKey();
    expect(await refusal(text, { "a.agekey": keyFile(age) })).to.match(
      new RegExp(
        `^db\\.yaml:\\d+: the file is encrypted for PGP \\(${shown}\\), and Secret shop/keys has no key for that: add a private key`,
      ),
    );
    const entries = { "a.asc": key.privateKey };
    expect(await refusal(text, entries, programAt("/nonexistent/sops"))).to.match(
      /needs the program sops, and it is not installed beside the operator: install it or set --sops/,
    );
    // Of 10^10 steps if each beginning were looked for to the end.
    const beginnings = "-----BEGIN PGP PRIVATE KEY BLOCK-----\n".repeat(27_000);
    expect(await refusal(text, { "a.asc": beginnings })).to.include("expected a private key");
    expect(await refusal(text, { "a.asc": "no key" })).to.include(
      "the entry for PGP cannot be used: expected a private key",
    );
    const other = await pgp.make("b@example.com");
    expect(await refusal(text, { "a.asc": other.privateKey })).to.include("sops cannot decrypt its data key");
    const locked = await pgp.make("c@example.com", "rsa2048", "passphrase");
    expect(await refusal(await forPgp([locked]), { "a.asc": locked.privateKey })).to.include(
      "cannot decrypt its data key",
    );
  });

  it("use a key of age if there is one, without the program", async () => {
    const age = await ageKey();
    const pgpRule = { pgp: key.fingerprint };
    const env = { GNUPGHOME: pgp.folder, PATH: "/usr/bin:/bin" };
    const text = await sops.encrypt("db.yaml", TEXT, [age], [], pgpRule, env);
    const none = programAt("/nonexistent/sops");
    expect(await decrypt(text, { "a.agekey": keyFile(age), "a.asc": "no key" }, none)).to.include(
      "value-of-a-password",
    );
    expect(await decrypt(text, { "a.agekey": keyFile(await ageKey()), "a.asc": key.privateKey })).to.include(
      "password",
    );
    // A damaged entry of another service is no reason to refuse what age decrypts.
    const odd = text.replace(/fp: \w+/, "fp: not-hexadecimal");
    expect(await decrypt(odd, { "a.agekey": keyFile(age) }, none)).to.include("value-of-a-password");
  });

  it("have their MAC verified", async () => {
    const text = (await forPgp([key], "db.yaml", TEXT, { encrypted_regex: "^stringData$" })).replace(
      "name: db",
      "name: x",
    );
    expect(await refusal(text, { "a.asc": key.privateKey })).to.include("the values do not match the MAC");
  });

  it("are decrypted by AWS KMS, with the credentials of the Secret and no others", async () => {
    const kms = await Kms.start();
    try {
      const env = { ...AWS_ACCESS, AWS_ENDPOINT_URL_KMS: kms.url };
      const text = await sops.encrypt("db.yaml", TEXT, [], [], { kms: ARN }, env);
      // Only the address of the service is not the real one.
      const wrapper = join(folder, "sops");
      await writeFile(
        wrapper,
        `#!/bin/sh\nexport AWS_ENDPOINT_URL_KMS=${kms.url} AWS_MAX_ATTEMPTS=1\nexec ${sops.program} "$@"\n`,
      );
      await chmod(wrapper, 0o755);
      const used = programAt(wrapper);
      const access = "aws_access_key_id: AKIAOTHER\naws_secret_access_key: 'x y'\n";
      expect(await decrypt(text, { "sops.aws-kms": access }, used)).to.include("value-of-a-password");
      expect(kms.requests.at(-1)).to.equal("Decrypt by AKIAOTHER");
      const rules = { kms: ARN, pgp: key.fingerprint };
      const gpg = { GNUPGHOME: pgp.folder, PATH: "/usr/bin:/bin" };
      const forBoth = await sops.encrypt("db.yaml", TEXT, [], [], rules, { ...env, ...gpg });
      expect(
        await decrypt(forBoth, { "a.asc": "no key", "sops.aws-kms": access }, used),
        "an entry that cannot be used is no reason to try no other",
      ).to.include("value-of-a-password");
      expect(await refusal(text, UNUSED, used))
        .to.include(`encrypted for AWS KMS (${ARN})`)
        .and.include("sops.aws-kms");
      expect(await refusal(text, { "sops.aws-kms": "aws_access_key_id: a" }, used)).to.include(
        "aws_secret_access_key is missing",
      );
      kms.status = 400;
      expect(await refusal(text, { "sops.aws-kms": access }, used)).to.include("sops cannot decrypt its data key");
      await kms.stop();
      // It may come back: the render is repeated.
      expect(await refusal(text, { "sops.aws-kms": access }, used)).to.match(/cannot reach the service of the key/);
    } finally {
      await kms.stop();
    }
  });

  for (const [field, name, entry] of [
    ["gcp_kms", "Google Cloud KMS", { resource_id: "projects/p/locations/global/keyRings/r/cryptoKeys/k" }],
    ["azure_kv", "Azure Key Vault", { vault_url: "https://shop.vault.azure.net", name: "sops", version: "0a" }],
  ] as const) {
    it(`of ${name} are named as such, and what names another server is not used`, async () => {
      const stored = (changes: object): string => {
        const entries = [{ ...entry, created_at: "2026-01-01T00:00:00Z", enc: "AAAA", ...changes }];
        const sopsPart = {
          [field]: entries,
          lastmodified: "2026-01-01T00:00:00Z",
          mac: "ENC[AES256_GCM,data:AA==]",
          version: "3.9.0",
        };
        return JSON.stringify({ a: "ENC[AES256_GCM,data:AA==]", sops: sopsPart });
      };
      expect(await refusal(stored({}), UNUSED))
        .to.include(`encrypted for ${name} (`)
        .and.include("has no key for that");
      for (const bad of [
        { resource_id: "projects/p/../x", vault_url: "https://vault.azure.net.evil.example" },
        { resource_id: "x", vault_url: "http://shop.vault.azure.net" },
      ])
        expect(await refusal(stored(bad), UNUSED))
          .to.include(`a key of ${name} whose`)
          .and.include("cannot be used");
    });
  }

  it("take credentials of Google and Azure only in the forms that name no file, program or other server", () => {
    const read = (field: ServiceField, text: string) => KEY_SERVICES.get(field)?.credentials([text]);
    const account = {
      type: "service_account",
      client_email: "a@p",
      private_key: "k",
      token_uri: "https://evil.example",
    };
    const google = read("gcp_kms", JSON.stringify({ ...account, universe_domain: "evil.example" }));
    expect(JSON.stringify(google)).to.include("oauth2.googleapis.com").and.not.include("evil");
    for (const type of ["external_account", "authorized_user", "impersonated_service_account"])
      expect(read("gcp_kms", JSON.stringify({ ...account, type }))).to.equal('expected "type": "service_account"');
    expect(read("azure_kv", '{"tenantId": "t", "clientId": "c", "clientSecret": "s~1"}')).to.deep.equal({
      env: {
        AZURE_TOKEN_CREDENTIALS: "EnvironmentCredential",
        AZURE_TENANT_ID: "t",
        AZURE_CLIENT_ID: "c",
        AZURE_CLIENT_SECRET: "s~1",
      },
    });
    expect(read("azure_kv", "tenantId: t\nclientId: c\n")).to.equal("clientSecret is missing, or is not text");
  });
});
