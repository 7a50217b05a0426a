import { readFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "js-yaml";
import { repositoryRoot } from "../../tools/repository-root.js";

/** The examples in YAML of a document, parsed, in their order. Indented fragments are read as they would stand alone. */
export function yamlExamples<T>(path: string): T[] {
  const text = readFileSync(join(repositoryRoot(), path), "utf8");
  return [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = ""]) => load(block) as T);
}
