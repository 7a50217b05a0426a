import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "../src/version.js";
import { type BundledPackage, bundledPackages } from "./generate/licenses.js";
import { repositoryRoot } from "./repository-root.js";

/** A software bill of materials in CycloneDX, version 1.6. Equal lock files give equal texts. */
export function sbomOf(packages: readonly BundledPackage[], version: string): Readonly<Record<string, unknown>> {
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: {
        type: "application",
        name: "overseer-gitops",
        version,
        licenses: [{ license: { id: "Apache-2.0" } }],
        purl: `pkg:npm/overseer-gitops@${version}`,
      },
    },
    components: packages.map(componentOf),
  };
}

function componentOf({ name, version, license, sha512 }: BundledPackage): Readonly<Record<string, unknown>> {
  const purl = `pkg:npm/${name.replace("@", "%40")}@${version}`;
  const isExpression = license !== undefined && /[() ]/.test(license);
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    purl,
    ...(license === undefined
      ? {}
      : { licenses: [isExpression ? { expression: license } : { license: { id: license } }] }),
    ...(sha512 === undefined ? {} : { hashes: [{ alg: "SHA-512", content: sha512 }] }),
  };
}

/** Writes the file for a release. */
function main(): void {
  const root = repositoryRoot();
  mkdirSync(join(root, "build"), { recursive: true });
  const text = JSON.stringify(sbomOf(bundledPackages(root), VERSION), undefined, 2);
  writeFileSync(join(root, "build/sbom.cdx.json"), `${text}\n`);
}

if (process.argv[1]?.endsWith("sbom.js")) main();
