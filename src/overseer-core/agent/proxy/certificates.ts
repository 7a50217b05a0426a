import { createPrivateKey, X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A certificate on the node, with its key beside it. */
export interface GivenCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Changes when one of the files changes. */
  readonly version: string;
  /** Why it cannot be used; undefined if it can. */
  readonly problem: string | undefined;
  /** Whether it is valid for a host name. `*.example.com` is covered by a certificate with that name. */
  covers(hostname: string): boolean;
}

/** Returns the pairs `NAME.crt` and `NAME.key` of a directory. Certificates that cannot be read are in `problems`. */
export function givenCertificates(directory: string | undefined): { found: GivenCertificate[]; problems: string[] } {
  const [found, problems]: [GivenCertificate[], string[]] = [[], []];
  if (directory === undefined) return { found, problems };
  let names: string[];
  try {
    names = readdirSync(directory)
      .filter((name) => name.endsWith(".crt"))
      .sort();
  } catch {
    return { found, problems: [`cannot read the directory ${directory}`] };
  }
  for (const name of names) {
    const certificate = join(directory, name);
    const key = certificate.replace(/\.crt$/, ".key");
    try {
      const parsed = new X509Certificate(readFileSync(certificate));
      const version = [certificate, key]
        .map((file) => `${statSync(file, { throwIfNoEntry: false })?.ctimeMs}`)
        .join("-");
      const problem = keyProblem(parsed, certificate, key);
      const covers = (hostname: string): boolean => parsed.checkHost(hostname.replace(/^\*\./, "any.")) !== undefined;
      found.push({ certificate, key, version, problem, covers });
    } catch {
      problems.push(`cannot read the certificate ${certificate}`);
    }
  }
  return { found, problems };
}

/** Returns why a key does not fit a certificate. A key that only the proxy may read is left to the proxy. */
function keyProblem(certificate: X509Certificate, file: string, key: string): string | undefined {
  let text: Buffer;
  try {
    text = readFileSync(key);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EACCES") return undefined;
    return `cannot read the key ${key} of the certificate ${file}: add it, or remove the certificate`;
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(text))) return undefined;
  } catch {
    return `${key} is no private key in PEM without a passphrase: replace it with the key of ${file}`;
  }
  return `the key ${key} does not belong to the certificate ${file}: replace it with the key of the certificate`;
}
