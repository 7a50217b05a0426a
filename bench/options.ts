import { parseArgs } from "node:util";

/** How much is measured. */
export interface Scale {
  readonly apps: number;
  readonly objectsPerApp: number;
  /** Cold syncs of the operator, with as many runs of the bare client around them: A B B A. */
  readonly rounds: number;
  readonly idleSeconds: number;
  readonly heals: number;
  readonly commits: number;
  /** Objects of the app whose reconcile finds nothing to do. */
  readonly noopObjects: number;
  readonly noopPokes: number;
  /** Objects added to see what watching one costs in memory; 0 leaves that out. */
  readonly watched: number;
  /** Apps of the repository for the Overseer Core. */
  readonly coreApps: number;
  readonly coreCommits: number;
  readonly coreDrifts: number;
}

/** Destinations that are measured. */
export const PARTS = ["kubernetes", "core"] as const;
export type Part = (typeof PARTS)[number];

/** What the caller asked for. */
export interface BenchOptions {
  readonly scale: Scale;
  readonly parts: readonly Part[];
  /** File for the figures as JSON. */
  readonly json: string | undefined;
  /** Folder for CPU profiles of the operator, and of Core and agent. */
  readonly profile: string | undefined;
}

/** The size that the budgets are about. */
export const FULL_SCALE: Scale = {
  apps: 100,
  objectsPerApp: 20,
  rounds: 2,
  idleSeconds: 90,
  heals: 200,
  commits: 20,
  noopObjects: 100,
  noopPokes: 50,
  watched: 0,
  coreApps: 1000,
  coreCommits: 10,
  coreDrifts: 20,
};

/** Shows that everything runs; its figures mean little. */
export const QUICK_SCALE: Scale = {
  apps: 10,
  objectsPerApp: 5,
  rounds: 1,
  idleSeconds: 5,
  heals: 10,
  commits: 3,
  noopObjects: 20,
  noopPokes: 5,
  watched: 0,
  coreApps: 50,
  coreCommits: 3,
  coreDrifts: 5,
};

/** Text of `--help`. */
export const USAGE = `Usage: npm run bench -- [options]

  --json FILE     also write the figures to FILE
  --quick         10 apps x 5 ConfigMaps and 50 apps on a Core instead of 100 x 20 and 1,000: only to see that it runs
  --part PART     only one destination: kubernetes or core
  --full          also measure the memory of 5,000 more watched objects
  --rounds N      cold syncs, each beside one run of the bare client (default 2; with --quick 1)
  --profile DIR   take CPU profiles of operator, Core and agent into DIR and print where its time goes; the figures get worse by that
`;

/** Reads the command line; undefined when only the usage was asked for. Throws a TypeError for what it does not know. */
export function parseOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      json: { type: "string" },
      quick: { type: "boolean" },
      full: { type: "boolean" },
      rounds: { type: "string" },
      part: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return undefined;
  const base = values.quick ? QUICK_SCALE : FULL_SCALE;
  const rounds = values.rounds === undefined ? base.rounds : Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 20)
    throw new TypeError("--rounds takes a number from 1 to 20");
  const parts = values.part === undefined ? PARTS : PARTS.filter((part) => part === values.part);
  if (parts.length === 0) throw new TypeError(`--part takes ${PARTS.join(" or ")}`);
  const watched = values.full ? (values.quick ? 100 : 5000) : 0;
  return { scale: { ...base, rounds, watched }, parts, json: values.json, profile: values.profile };
}
