import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Certificates for one test run, all PEM. `other` is an authority that signed none of them. */
export interface Certificates {
  readonly ca: string;
  readonly otherCa: string;
  readonly server: { readonly cert: string; readonly key: string };
  readonly client: { readonly cert: string; readonly key: string };
}

/** Makes certificates with `openssl`; undefined when that is not installed. `names`: further DNS names of the server. */
export function makeCertificates(names: readonly string[] = []): Certificates | undefined {
  const directory = mkdtempSync(join(tmpdir(), "overseer-certificates-"));
  try {
    const ca = makeAuthority(directory, "ca");
    const otherCa = makeAuthority(directory, "other-ca");
    const hosts = ["localhost", "git.example.test", ...names].map((name) => `DNS:${name}`);
    const server = sign(directory, "server", `subjectAltName=IP:127.0.0.1,${hosts.join(",")}`);
    const client = sign(directory, "client", "extendedKeyUsage=clientAuth");
    return { ca, otherCa, server, client };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function makeAuthority(directory: string, name: string): string {
  openssl(
    directory,
    "req",
    "-x509",
    ...NEW_KEY,
    "-subj",
    `/CN=${name}`,
    "-keyout",
    `${name}.key`,
    "-out",
    `${name}.crt`,
  );
  return readFileSync(join(directory, `${name}.crt`), "utf8");
}

function sign(directory: string, name: string, extension: string): { cert: string; key: string } {
  openssl(directory, "req", ...NEW_KEY, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
  writeFileSync(join(directory, `${name}.ext`), extension);
  const signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", `${name}.ext`];
  openssl(directory, "x509", "-req", "-in", `${name}.csr`, ...signing, "-out", `${name}.crt`);
  const read = (ending: string): string => readFileSync(join(directory, `${name}.${ending}`), "utf8");
  return { cert: read("crt"), key: read("key") };
}

function openssl(directory: string, ...args: string[]): void {
  execFileSync("openssl", args, { cwd: directory, stdio: "ignore" });
}
