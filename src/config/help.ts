import { OPTIONS, type Option } from "./options.js";

const WIDTH = 100;
const INDENT = 6;

/** Returns the text of `--help`, generated from the table of options. */
export function helpText(): string {
  const intro =
    "Usage: overseer-gitops [flags]\n\nKeeps the apps of a Kubernetes cluster in sync with Git.\n\nFlags:\n";
  return `${intro}${OPTIONS.map(describe).join("\n")}\n`;
}

function describe(option: Option): string {
  const flag = option.value === undefined ? `  --${option.flag}` : `  --${option.flag} ${option.value}`;
  const facts = [
    ...(option.env === undefined ? [] : [`environment variable: ${option.env}`]),
    ...(option.fallback === undefined ? [] : [`default: ${option.fallback}`]),
  ];
  const text = facts.length === 0 ? option.help : `${option.help} (${facts.join("; ")})`;
  return [flag, ...wrap(text, WIDTH - INDENT).map((line) => " ".repeat(INDENT) + line)].join("\n");
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
