import { basename, join } from "node:path";
import { parse } from "yaml";
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
export const STEPS = ["variables", "files", "volumes", "host access"] as const;

/** What a cluster offers to each app. */
const OFFERS: ComposeSource = { builtImages: { registry: "registry.example.com/apps", tag: "1" } };
const PERMISSIONS: ComposeSource = {
  allow: ["Privileged", "HostNetwork", "HostPID", "HostIPC"],
  devices: ["/dev/kvm", "/dev/net/tun", "/dev/dri"].map((path) => ({
    path,
    resource: `devices.example.com/${basename(path)}`,
  })),
};
const POLICY =
  "apiVersion: overseer.io/v1\nkind: Policy\nmetadata: {name: host}\nspec: {hostAccess: {paths: [/], dockerSocket: true}}\n";
const MAX_ROUNDS = 300;
/** A Compose file of the user, over the public one. */
const OVERRIDE = "app/override.yaml";
/** Paths of a host that hold no data of an app. */
const SYSTEM_PATH = /^\/(?:|(?:var\/)?run|proc|sys|dev|lib|etc|usr|boot)(?:\/|$)/;

/** The parts of a Compose document that are read here. */
interface Written {
  readonly services: Readonly<Record<string, { readonly volumes?: readonly unknown[] }>>;
}

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
  /** Everything that was refused with less than that, besides missing variables and files. */
  readonly refusals: readonly string[];
  /** The last step whose supplies were needed. Undefined if the file is refused with all of them. */
  readonly needed: number | undefined;
}

/** Compiles a Compose file for a destination, with as few supplies as it needs. */
export async function compileWithSupplies(
  name: string,
  text: string,
  target: RenderTarget = "kubernetes",
): Promise<Outcome> {
  let outcome: Omit<Outcome, "refusals"> = { problems: [], milliseconds: 0, needed: undefined };
  const refusals = new Set<string>();
  for (const [step] of STEPS.entries()) {
    outcome = await compile({ name, text, target }, step);
    if (outcome.result !== undefined) break;
    if (step > 0) for (const problem of outcome.problems) refusals.add(problem);
  }
  return { ...outcome, refusals: [...refusals] };
}

async function compile(
  { name, text, target }: { readonly name: string; readonly text: string; readonly target: RenderTarget },
  step: number,
): Promise<Omit<Outcome, "refusals">> {
  const files: Record<string, string> = {
    "app/app.yaml": appOf(name, ["compose.yaml"]),
    "app/compose.yaml": target === "overseer" ? withImages(text) : text,
    ...(step < 3 ? {} : { "app/policy.yaml": POLICY }),
  };
  const env: Record<string, string> = {};
  let problems: readonly string[] = [];
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const begin = performance.now();
    try {
      const compose = step < 3 ? OFFERS : { ...OFFERS, ...PERMISSIONS };
      const source = { path: "", ...(target === "overseer" ? {} : { compose }) };
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
      if (supply(problems, env, files, step)) continue;
      const volumes = step < 2 || files[OVERRIDE] !== undefined ? undefined : volumesFor(problems, text);
      if (volumes === undefined) break;
      files[OVERRIDE] = volumes;
      files["app/app.yaml"] = appOf(name, ["compose.yaml", basename(OVERRIDE)]);
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

function appOf(name: string, composeFiles: readonly string[]): string {
  return `apiVersion: overseer.io/v1\nkind: App\nmetadata: {name: ${name}}\nspec: {composeFiles: [${composeFiles.join(", ")}]}\n`;
}

/** Returns an override that puts named volumes in place of folders of the host that hold data. Undefined if there are none. */
function volumesFor(problems: readonly string[], text: string): string | undefined {
  const services: Record<string, { readonly volumes: string[] }> = {};
  const volumes: Record<string, null> = {};
  for (const problem of problems) {
    const [, service = "", index, what = ""] = / services\.([^ ]+)\.volumes\[(\d+)\]: (.*)$/.exec(problem) ?? [];
    const [, path = "~"] = /^"([^"]+)" is a path of the node/.exec(what) ?? [];
    if (!/^(?:"|~ is the home directory)/.test(what) || SYSTEM_PATH.test(path)) continue;
    const item: unknown = (parse(text) as Written).services[service]?.volumes?.[Number(index)];
    const [, target] = /:(\/[^:]*)(?::[a-zA-Z,]+)?$/.exec(typeof item === "string" ? item : "") ?? [];
    if (target === undefined) continue;
    const name = `data-${Object.keys(volumes).length}`;
    volumes[name] = null;
    services[service] ??= { volumes: [] };
    services[service].volumes.push(`${name}:${target}`);
  }
  return Object.keys(volumes).length === 0 ? undefined : JSON.stringify({ services, volumes });
}

/** Replaces builds by images, as a user would who pushes them to a registry. */
function withImages(text: string): string {
  return text.replaceAll(/^(\s+)build:(.*)$/gm, "$1image: registry.example.com/built:1\n$1x-build:$2");
}

function valueFor(variable: string): string {
  if (/VOLUME_(?:TYPE|OPTS|DEV)/.test(variable)) return "";
  return /PORT/.test(variable) ? "8080" : "value";
}
