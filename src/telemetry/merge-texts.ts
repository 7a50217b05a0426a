const START = "# HELP ";

/** Joins texts in the Prometheus text format: each metric must appear once, with the series of all texts. */
export function mergeTexts(texts: readonly string[]): string {
  const families = new Map<string, string[]>();
  for (const text of texts) {
    for (const block of text.split(/^# HELP /m).slice(1)) {
      const name = block.slice(0, block.indexOf(" "));
      const known = families.get(name);
      if (known === undefined) families.set(name, [`${START}${block.trimEnd()}`]);
      else {
        const samples = afterLine(afterLine(block)).trimEnd();
        if (samples !== "") known.push(samples);
      }
    }
  }
  return [...families.values()].map((blocks) => `${blocks.join("\n")}\n`).join("");
}

function afterLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? "" : text.slice(end + 1);
}
