import { RESOURCES } from "../src/api/resources.js";
import { outputsOf } from "./generate/outputs.js";
import { SchemaError } from "./generate/schema.js";
import { staleFiles, writeFiles } from "./generate/write.js";

/**
 * Writes the CustomResourceDefinitions, the JSON Schemas of documents, and the pages of both from the zod schemas; run from the root of the
 * repository. With `--check` it writes nothing, names each file that is stale and exits with 1.
 */
async function main(argv: readonly string[]): Promise<number> {
  const root = process.cwd();
  const outputs = outputsOf(RESOURCES);
  if (!argv.includes("--check")) {
    for (const path of await writeFiles(root, outputs)) console.log(path);
    return 0;
  }
  const stale = await staleFiles(root, outputs);
  for (const path of stale) console.error(`${path} is stale: run make generate`);
  return stale.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SchemaError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
