import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Output } from "./outputs.js";

/** A package that the product is bundled from. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression; undefined if the package declares none. */
  readonly license: string | undefined;
  /** Hash of the archive, in hexadecimal digits. */
  readonly sha512?: string;
}

interface Lock {
  readonly packages: Readonly<
    Record<
      string,
      {
        readonly version?: string;
        readonly license?: string;
        readonly integrity?: string;
        readonly dev?: boolean;
        readonly link?: boolean;
      }
    >
  >;
}

/** Returns the packages of the lock file that are no development tools, by name and version. */
export function bundledPackages(root: string): readonly BundledPackage[] {
  const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as Lock;
  const found = new Map<string, BundledPackage>();
  for (const [path, { version = "", license, integrity, dev, link }] of Object.entries(packages)) {
    if (path === "" || dev === true || link === true) continue;
    const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
    const sha512 = /^sha512-(.+)$/.exec(integrity ?? "")?.[1];
    const hash = sha512 === undefined ? {} : { sha512: Buffer.from(sha512, "base64").toString("hex") };
    found.set(`${name}@${version}`, { name, version, license, ...hash });
  }
  return [...found.values()].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The list of licenses, for those who install or distribute the product. */
export function licensesOutput(root: string): Output {
  const packages = bundledPackages(root);
  const rows = packages.map(({ name, version, license }) => `| ${name} | ${version} | ${license ?? "unknown"} |`);
  const text = [
    "# Licenses of dependencies",
    "",
    "<!-- Generated from package-lock.json; run make generate. -->",
    "",
    "Packages that the operator, the command line and the web UI may contain, with the license that each declares. Tools of development are not among them. The container image",
    "also contains Node.js (MIT), Git (GPL-2.0-only), kubectl and Helm (Apache-2.0) as separate programs, and packages of its base image.",
    "",
    "| package | version | license |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
  return { path: "docs/licenses.md", text };
}
