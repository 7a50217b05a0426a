import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { waitUntil } from "../../tools/wait-until.js";

/** One command of a transcript, and what it is to print. */
export interface TranscriptStep {
  readonly command: string;
  /** Lines that the output holds in this order; `…` stands for any text. */
  readonly expected: readonly string[];
  /** Line of the document. */
  readonly line: number;
}

/** A heading of a transcript and the commands below it. */
export interface TranscriptScene {
  readonly title: string;
  readonly steps: readonly TranscriptStep[];
}

/** Reads the `console` blocks of a Markdown document: `$ ` begins a command, `> ` continues it, all else is its output. */
export function parseTranscript(markdown: string): TranscriptScene[] {
  const scenes: { title: string; steps: TranscriptStep[] }[] = [];
  let inside = false;
  for (const [index, text] of markdown.split("\n").entries()) {
    const steps = scenes.at(-1)?.steps ?? [];
    const last = steps.at(-1);
    if (!inside && text.startsWith("## ")) scenes.push({ title: text.slice(3), steps: [] });
    if (text.startsWith("```")) inside = text === "```console";
    else if (!inside) continue;
    else if (text.startsWith("$ ")) steps.push({ command: text.slice(2), expected: [], line: index + 1 });
    else if (text.startsWith("> ") && last)
      steps[steps.length - 1] = { ...last, command: `${last.command}\n${text.slice(2)}` };
    else if (last) steps[steps.length - 1] = { ...last, expected: [...last.expected, text] };
  }
  return scenes.filter((scene) => scene.steps.length > 0);
}

/** The first expected line that the output does not hold after the ones before it; undefined when all are there. */
export function missingLine(expected: readonly string[], output: string): string | undefined {
  const lines = output.split("\n").map(squeeze);
  let from = 0;
  for (const wanted of expected) {
    const pattern = new RegExp(squeeze(wanted).split("…").map(literal).join(".*"));
    const found = lines.findIndex((line, index) => index >= from && pattern.test(line));
    if (found < 0) return wanted;
    from = wanted.trim() === "…" ? found : found + 1;
  }
  return undefined;
}

/** One bash that runs command after command, so that its folder and variables last. */
export class TranscriptShell {
  readonly #bash: ChildProcessWithoutNullStreams;
  #output = "";

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#bash = spawn("bash", ["--norc"], { cwd, env });
    this.#bash.stdin.write("exec 2>&1\n");
    this.#bash.stdout.on("data", (chunk: Buffer) => {
      this.#output += chunk.toString("utf8");
    });
  }

  /** Runs a command and gives what it printed. Throws when it fails. */
  async run(command: string): Promise<string> {
    this.#output = "";
    this.#bash.stdin.write(`${command}\nprintf '\\n=== exit %s\\n' $?\n`);
    const end = await waitUntil(
      { what: command, timeoutMs: 90_000, intervalMs: 10 },
      () => /\n=== exit (\d+)\n$/.exec(this.#output) ?? undefined,
    );
    const text = this.#output.slice(0, end.index);
    if (end[1] !== "0") throw new Error(`${command}\nended with exit code ${end[1]}:\n${text}`);
    return text;
  }

  /** Runs a step and compares. A command that only looks is repeated until it shows what is expected. */
  async step({ command, expected, line }: TranscriptStep): Promise<void> {
    const looks = /^kubectl (get|describe|events)\b[^|]*$/.test(command);
    let output = "";
    const attempt = async (): Promise<boolean> => {
      output = await this.run(command);
      return missingLine(expected, output) === undefined;
    };
    const matched = looks
      ? await waitUntil({ what: command, timeoutMs: 30_000, intervalMs: 200 }, attempt).catch(() => false)
      : await attempt();
    if (!matched)
      throw new Error(
        `line ${line}: ${command}\nis to print: ${missingLine(expected, output)}\nbut printed:\n${output}`,
      );
  }

  /** Ends the shell and what it runs. */
  close(): void {
    this.#bash.stdin.end();
    this.#bash.kill("SIGKILL");
  }
}

function squeeze(text: string): string {
  return text.trim().replaceAll(/\s+/g, " ");
}

function literal(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
