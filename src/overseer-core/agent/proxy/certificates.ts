import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/** A certificate on the node, with its key beside it. */
export interface GivenCertificate {
  readonly certificate: string;
  readonly key: string;
  /** Changes when one of the files changes. */
  readonly version: string;
  /** Whether it is valid for a host name. `*.example.com` is covered by a certificate with that name. */
  covers(hostname: string): boolean;
}

/** Returns the pairs `NAME.crt` and `NAME.key` of a directory. Files that cannot be read are in `problems`. */
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
      const version = [certificate, key].map((file) => `${statSync(file).mtimeMs}`).join("-");
      const covers = (hostname: string): boolean => parsed.checkHost(hostname.replace(/^\*\./, "any.")) !== undefined;
      found.push({ certificate, key, version, covers });
    } catch {
      problems.push(`cannot read the certificate ${certificate} and its key ${key}`);
    }
  }
  return { found, problems };
}
