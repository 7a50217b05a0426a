import { basename, join } from "node:path";
import type { ComposeSource } from "../src/api/compose-source.js";
import { builtinScope } from "../src/manifest/builtin-scopes.js";
import { ParseCache } from "../src/render/parse-cache.js";
import { parseFile } from "../src/render/parser.js";
import { PlainRenderer } from "../src/render/plain.js";
import { SourceRenderer } from "../src/render/render.js";
import { RenderError } from "../src/render/render-error.js";
import type { RenderResult, RenderTarget } from "../src/render/request.js";
import { MemorySnapshot } from "../test/unit/render/support/memory-snapshot.js";

/** What is supplied to a Compose file, step by step. */
export const STEPS = ["variables", "files", "host access", "images"] as const;

const CLUSTER: ComposeSource = {
  allow: ["Privileged", "HostNetwork", "HostPID", "HostIPC"],
  devices: ["/dev/kvm", "/dev/net/tun", "/dev/dri"].map((path) => ({
    path,
    resource: `devices.example.com/${basename(path)}`,
  })),
};
const POLICY =
  "apiVersion: overseer.io/v1\nkind: Policy\nmetadata: {name: host}\nspec: {hostAccess: {paths: [/], dockerSocket: true}}\n";
const MAX_ROUNDS = 300;

const renderer = new SourceRenderer([
  new PlainRenderer(
    new ParseCache({ parseElsewhere: async (files, limits) => files.map((file) => parseFile(file, limits)) }),
  ),
]);

/** Result of compiling a Compose file. */
export interface Outcome {
  readonly result?: RenderResult;
  readonly problems: readonly string[];
  readonly milliseconds: number;
  /** The last step whose supplies were needed. Undefined if the file is refused with all of them. */
  readonly needed: number | undefined;
}

/** Compiles a Compose file for a destination, with as few supplies as it needs. */
export async function compileWithSupplies(
  name: string,
  text: string,
  target: RenderTarget = "kubernetes",
): Promise<Outcome> {
  let outcome: Outcome = { problems: [], milliseconds: 0, needed: undefined };
  for (const [step] of STEPS.entries()) {
    outcome = await compile({ name, text, target }, step);
    if (outcome.result !== undefined) break;
  }
  return outcome;
}

async function compile(
  { name, text, target }: { readonly name: string; readonly text: string; readonly target: RenderTarget },
  step: number,
): Promise<Outcome> {
  const files: Record<string, string> = {
    "app/app.yaml": `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: ${name}}\nspec: {composeFiles: [compose.yaml]}\n`,
    "app/compose.yaml": step < 3 ? text : withImages(text),
    ...(step < 2 ? {} : { "app/policy.yaml": POLICY }),
  };
  const env: Record<string, string> = {};
  let problems: readonly string[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const begin = performance.now();
    try {
      const source = { path: "", ...(step < 2 ? {} : { compose: CLUSTER }) };
      const request = {
        source,
        env,
        defaultNamespace: "default",
        scopeOf: builtinScope,
        target,
        name,
      };
      const result = await renderer.render(request, new MemorySnapshot(files));
      return { result, problems: [], milliseconds: performance.now() - begin, needed: step };
    } catch (error) {
      if (!(error instanceof RenderError)) throw error;
      problems = error.problems.map(({ origin, message }) => `${origin?.file}:${origin?.line} ${message}`);
      if (!supply(problems, env, files, step)) break;
    }
  }
  return { problems, milliseconds: 0, needed: undefined };
}

/** Supplies what the problems say is missing. Returns whether there was anything. */
function supply(
  problems: readonly string[],
  env: Record<string, string>,
  files: Record<string, string>,
  step: number,
): boolean {
  let supplied = false;
  for (const text of problems) {
    const [, variable] = /the variable (\w+) (?:has no|is required)/.exec(text) ?? [];
    if (variable !== undefined && env[variable] === undefined) {
      env[variable] = valueFor(variable);
      supplied = true;
    }
    const [, file] = /there is no file "([^"]+)" in the source/.exec(text) ?? [];
    const path = file === undefined ? "" : join("app", file);
    if (step >= 1 && file !== undefined && files[path] === undefined) {
      files[path] = "";
      supplied = true;
    }
  }
  return supplied;
}

/** Replaces builds by images, as a user would who pushes them to a registry. */
function withImages(text: string): string {
  return text.replaceAll(/^(\s+)build:(.*)$/gm, "$1image: registry.example.com/built:1\n$1x-build:$2");
}

function valueFor(variable: string): string {
  if (/VOLUME_(?:TYPE|OPTS|DEV)/.test(variable)) return "";
  return /PORT/.test(variable) ? "8080" : "value";
}
