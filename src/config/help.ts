import { OPTIONS, type Option } from "./options.js";

const WIDTH = 100;
const INDENT = 6;

/** The text of `--help`, from the same table that the settings are read by. */
export function helpText(): string {
  const intro =
    "Usage: overseer-gitops [flags]\n\nMakes Git the source of truth for the apps of a cluster.\n\nFlags:\n";
  return `${intro}${OPTIONS.map(describe).join("\n")}\n`;
}

function describe(option: Option): string {
  const flag = option.value === undefined ? `  --${option.flag}` : `  --${option.flag} ${option.value}`;
  const facts = [
    ...(option.env === undefined ? [] : [`variable ${option.env}`]),
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
