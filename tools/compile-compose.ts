import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { compileWithSupplies, STEPS } from "./compose-corpus.js";

/**
 * Compiles a folder of Compose files for Kubernetes and prints a table: `node build/tools/compile-compose.js DIR [--write DIR]`. What a user
 * would supply is supplied step by step, so that the table shows what each file needs: variables, files of its repository, permissions
 * for host access. Images of services with `build` are in a registry. `--write` keeps the objects, for `kubectl apply --dry-run=server`.
 */
async function main(folder: string, target: string | undefined): Promise<void> {
  const names = (await readdir(folder)).filter((file) => /\.ya?ml$/.test(file)).sort();
  const counts = STEPS.map(() => 0);
  let milliseconds = 0;
  for (const file of names) {
    const text = await readFile(join(folder, file), "utf8");
    const name = file
      .replace(/\.ya?ml$/, "")
      .replaceAll(/[^a-z0-9-]/g, "-")
      .slice(0, 40);
    const { result, problems, milliseconds: own, needed = -1 } = await compileWithSupplies(name, text);
    milliseconds += own;
    for (const [step] of STEPS.entries()) if (needed >= 0 && step >= needed) counts[step] = (counts[step] ?? 0) + 1;
    if (result === undefined) console.log(`${file}: refused\n  ${problems.join("\n  ")}`);
    else
      console.log(`${file}: ${result.documents.length} objects, ${result.notes.length} notes, needs ${STEPS[needed]}`);
    if (result === undefined || target === undefined) continue;
    await mkdir(target, { recursive: true });
    const list = { apiVersion: "v1", kind: "List", items: result.documents.map(({ object }) => object) };
    await writeFile(join(target, `${name}.json`), JSON.stringify(list));
  }
  console.log(`\n${names.length} files, ${milliseconds.toFixed(0)} ms for the last compilation of each`);
  for (const [step, what] of STEPS.entries())
    console.log(`compile with ${STEPS.slice(0, step).join(", ")}${step > 0 ? " and " : ""}${what}: ${counts[step]}`);
}

const [folder, flag, target] = process.argv.slice(2);
if (folder === undefined || (flag !== undefined && flag !== "--write")) {
  console.error("usage: node build/tools/compile-compose.js DIR [--write DIR]");
  process.exitCode = 2;
} else await main(folder, target);
