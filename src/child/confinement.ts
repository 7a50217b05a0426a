import { type SpawnOptions, spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { join } from "node:path";

/** Search path of `prlimit` and `unshare`, which are part of util-linux. */
const PLACES = ["/usr/bin", "/bin", "/usr/local/bin"];

/** Options of `unshare` that disable the network, the least privileged first. */
const WITHOUT_NETWORK = [["--map-current-user", "--net"], ["--net"]];

/** Confinement available on this machine, in addition to a process group and an empty environment. */
export interface Confinement {
  /** Path of `prlimit`, which limits memory; undefined where it is missing or refused. */
  readonly prlimit: string | undefined;
  /** The command that starts a program without a network; undefined where the kernel or the container forbids it. */
  readonly withoutNetwork: readonly string[] | undefined;
}

/** No confinement beyond a process group and an empty environment. */
export const NO_CONFINEMENT: Confinement = { prlimit: undefined, withoutNetwork: undefined };

/** Limits and isolation of one child. */
export interface ChildConfinement {
  /** Bytes of private memory that may be allocated; more makes allocations fail. */
  readonly memoryBytes?: number;
  /** Seconds of processor time, after which the kernel ends it, even if this process has died by then. */
  readonly cpuSeconds?: number;
  /** If false, the child has no network where the machine allows that. Defaults to true. */
  readonly network?: boolean;
}

/** Detects the available confinement by trying it. Never throws. */
export async function findConfinement(places: readonly string[] = PLACES): Promise<Confinement> {
  const [prlimit, unshare, probe] = await Promise.all(
    ["prlimit", "unshare", "true"].map((name) => findProgram(name, places)),
  );
  if (probe === undefined) return NO_CONFINEMENT;
  const limits = prlimit !== undefined && (await succeeds([prlimit, ...limitArgs(2 ** 28), probe]));
  let withoutNetwork: readonly string[] | undefined;
  for (const flags of unshare === undefined ? [] : WITHOUT_NETWORK) {
    const command = [unshare as string, ...flags, "--"];
    if (withoutNetwork === undefined && (await succeeds([...command, probe]))) withoutNetwork = command;
  }
  return { prlimit: limits ? prlimit : undefined, withoutNetwork };
}

/** Forbids core dumps of this process, which would have all that is in its memory. Does nothing where `prlimit` is missing. Never throws. */
export async function forbidCoreDumps(places: readonly string[] = PLACES): Promise<void> {
  const prlimit = await findProgram("prlimit", places);
  if (prlimit !== undefined) await succeeds([prlimit, `--pid=${process.pid}`, "--core=0:0"]);
}

/** The argument vector that starts `program` as confined as the machine allows. */
export function confinedCommand(
  confinement: Confinement,
  program: string,
  args: readonly string[],
  { memoryBytes, cpuSeconds, network = true }: ChildConfinement,
): readonly string[] {
  const { prlimit, withoutNetwork } = confinement;
  const isolated = network || withoutNetwork === undefined ? [] : withoutNetwork;
  const limited =
    memoryBytes === undefined || prlimit === undefined ? [] : [prlimit, ...limitArgs(memoryBytes, cpuSeconds)];
  return [...isolated, ...limited, program, ...args];
}

/** Private memory instead of the address space: programs in Go reserve far more addresses than they use. */
function limitArgs(memoryBytes: number, cpuSeconds?: number): string[] {
  const cpu = cpuSeconds === undefined ? [] : [`--cpu=${cpuSeconds}`];
  return [`--data=${memoryBytes}`, ...cpu, "--core=0", "--"];
}

/** The absolute path of an executable file; undefined if there is none at these places. */
export async function findProgram(name: string, places: readonly string[]): Promise<string | undefined> {
  for (const place of name.includes("/") ? [""] : places) {
    const path = join(place, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return undefined;
}

const QUIET: SpawnOptions = { stdio: "ignore", env: {}, cwd: "/" };

function succeeds([program = "", ...args]: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(program, args, QUIET);
    child.once("error", () => resolve(false));
    child.once("exit", (code) => resolve(code === 0));
  });
}
