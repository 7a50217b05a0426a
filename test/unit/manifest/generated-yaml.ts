/** A source of numbers that gives the same ones for the same seed, whatever else runs. */
export type Random = () => number;

/** mulberry32: 32 bits of state do for choosing test inputs. */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const HEAD = "apiVersion: example.com/v1\nkind: Probe\nmetadata: {name: p}\n";

const PLAIN = (
  "a b web nginx:1.25 yes no on Off y true null ~ 0644 08 0x1F 1_000 1e3 .5 12:30:45 2020-01-01 2001-12-14t21:59:43Z " +
  "10Gi 100m 1.2.3 =x a#b c:d http://x:80/y?z=1 -x --flag %p 9007199254740993 -9223372036854775808 " +
  "9223372036854775807 123456789012345678 0x7fffffffffffffff 1.0 1e21 4.0e3 $(VAR) /var/run *.yaml @x"
).split(" ");
const PHRASES = [
  "two words",
  "it's",
  'say "hi"',
  "a: b",
  "x # y",
  "[x]",
  "{y}",
  "a, b",
  "end ",
  "café ☺",
  "\\d+",
  "tab\there",
];
const TAGS = ["!!str ", "!!int ", "!!float ", "!!bool ", "!!null ", "! ", "!custom ", "!<tag:yaml.org,2002:str> "];
const KEYS = [
  "a",
  "b",
  "c",
  "name",
  "key-d",
  "e.f/g",
  "args",
  '"q"',
  "'r'",
  "yes",
  "1",
  "0644",
  "1.5",
  "2020-01-01",
  "x y",
  "-w",
];

/** One text that looks like a manifest, written in an odd way. Many are no valid YAML, which has to be agreed on too. */
export function generateYaml(random: Random): string {
  const text = new Writer(random).document();
  const lines = random() < 0.06 ? text.replaceAll("\n", "\r\n") : text;
  return random() < 0.04 ? `\ufeff${lines}` : lines;
}

class Writer {
  readonly #random: Random;
  #anchors = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  document(): string {
    const body = `${HEAD}spec:${this.#block(0, 0)}`;
    if (this.#chance(0.06)) return `${this.#pick(["---\n", "--- # c\n", "# c\n---\n", "%YAML 1.1\n---\n"])}${body}`;
    if (this.#chance(0.04)) return `${body}${this.#pick(["---\n", "...\n", `---\n${HEAD}`, "# end", "--- \n\n"])}`;
    return body;
  }

  #chance(share: number): boolean {
    return this.#random() < share;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#random() * from.length)] as T;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  /** What stands behind a `:` or `-` in block style, with the end of its line. */
  #block(indent: number, depth: number): string {
    const choice = this.#random();
    if (depth < 3 && choice < 0.28)
      return `${this.#gap()}${this.#comment()}\n${this.#mapping(indent + 2 - ((this.#below(8) % 7) % 2), depth)}`;
    if (depth < 3 && choice < 0.45)
      return `${this.#comment()}\n${this.#sequence(indent + this.#pick([0, 2, 2, 4]), depth)}`;
    if (choice < 0.56) return ` ${this.#props()}${this.#blockScalar(indent)}`;
    if (choice < 0.78) return ` ${this.#props()}${this.#flow(indent, depth)}${this.#comment()}\n`;
    if (choice < 0.83 && this.#anchors > 0) return ` *a${this.#below(this.#anchors + 1)}${this.#comment()}\n`;
    return ` ${this.#props()}${this.#scalar(indent, false)}${this.#comment()}\n`;
  }

  #gap(): string {
    if (this.#chance(0.07)) return ` &a${this.#anchors++}`;
    return this.#chance(0.03) ? this.#pick([" !!map", " !custom", " ", "\t"]) : "";
  }

  #props(): string {
    const anchor = this.#chance(0.08) ? `&a${this.#anchors++} ` : "";
    return this.#chance(0.05) ? `${this.#pick(TAGS)}${anchor}` : anchor;
  }

  #comment(): string {
    return this.#chance(0.1) ? this.#pick([" # c", "  #", " \t# x: [", "\t", "  "]) : "";
  }

  #mapping(indent: number, depth: number): string {
    const at = " ".repeat(indent);
    // Of two readings of a merge after other keys, ours is meant to be another one than kubectl's.
    let text =
      this.#chance(0.08) && this.#anchors > 0
        ? `${at}<<: ${this.#pick([`*a${this.#below(this.#anchors)}`, "{m: 1, a: 2}"])}\n`
        : "";
    const used = new Set<string>();
    for (let count = 1 + this.#below(3); count > 0; count--) {
      const key = this.#pick(KEYS);
      if (used.has(key)) continue;
      used.add(key);
      if (this.#chance(0.06)) text += this.#pick(["\n", `${" ".repeat(indent)}# c\n`, "# left\n", "  \n", "\t\n"]);
      if (this.#chance(0.02)) text += `${at}? ${key}\n${at}:${this.#block(indent, depth + 1)}`;
      else
        text += `${this.#chance(0.01) ? " " : ""}${at}${key}${this.#chance(0.03) ? " " : ""}:${this.#block(indent, depth + 1)}`;
    }
    return text;
  }

  #sequence(indent: number, depth: number): string {
    let text = "";
    for (let count = 1 + this.#below(3); count > 0; count--) {
      const at = " ".repeat(indent);
      if (this.#chance(0.05)) text += this.#pick(["\n", `${at}# c\n`, "# left\n"]);
      if (depth < 3 && this.#chance(0.25)) text += `${at}- ${this.#mapping(indent + 2, depth + 1).trimStart()}`;
      else text += `${at}-${this.#chance(0.05) ? this.#pick(["  ", "\t"]) : ""}${this.#block(indent, depth + 1)}`;
    }
    return text;
  }

  #blockScalar(indent: number): string {
    const explicit = this.#chance(0.15) ? this.#pick(["1", "2", "4"]) : "";
    const chomp = this.#pick(["", "", "-", "+"]);
    const head = `${this.#pick(["|", "|", ">"])}${this.#chance(0.5) ? explicit + chomp : chomp + explicit}`;
    const own = indent + this.#pick([1, 2, 2, 2, 4]);
    let text = `${head}${this.#comment()}\n`;
    for (let count = this.#below(5); count > 0; count--) {
      const more = this.#pick([0, 0, 0, 2, 1]);
      text += this.#chance(0.15)
        ? this.#pick(["\n", "  \n", "\t\n", " \n"])
        : `${" ".repeat(own + more)}${this.#pick(["x: [1", "# no comment", "a", "{{ .b }}", 'q"', "- z", "\tt", "... ", "%a", "key: |"])}\n`;
    }
    return text;
  }

  /** A flow collection, often over several lines that stand wherever they like. */
  #flow(indent: number, depth: number): string {
    const map = this.#chance(0.5);
    let text = map ? "{" : "[";
    const spread = this.#chance(0.6);
    const brk = (): string => {
      if (!spread || this.#chance(0.3)) return this.#pick(["", " ", ""]);
      const comment = this.#chance(0.06) ? " # c ] }" : "";
      const blank = this.#chance(0.05) ? "\n" : "";
      const lead = this.#chance(0.06) ? "\t" : "";
      return `${comment}\n${blank}${" ".repeat(Math.max(0, indent + this.#pick([2, 2, 0, 0, -1, -2, 4, 1])))}${lead}`;
    };
    const keys = [...KEYS];
    const key = (): string => keys.splice(this.#below(keys.length), 1)[0] as string;
    const count = this.#below(4);
    for (let left = count; left > 0; left--) {
      text += brk();
      const value = depth < 3 && this.#chance(0.2) ? this.#flow(indent, depth + 1) : this.#scalar(indent, true);
      if (map) text += `${key()}${this.#pick([": ", ": ", ": ", ":", " : ", ":\n "])}${value}`;
      else text += this.#chance(0.08) ? `${key()}: ${value}` : `${this.#props()}${value}`;
      text += brk();
      if (left > 1 || this.#chance(0.15)) text += ",";
    }
    return `${text}${brk()}${map ? "}" : "]"}`;
  }

  #scalar(indent: number, inFlow: boolean): string {
    const choice = this.#random();
    if (choice < 0.4) return this.#pick(PLAIN);
    if (choice < 0.5) return this.#pick(PHRASES);
    const brk = (): string =>
      this.#chance(0.75)
        ? " "
        : `${this.#pick(["", " ", "\t"])}\n${this.#chance(0.2) ? "\n" : ""}${" ".repeat(Math.max(0, indent + this.#pick([2, 2, 1, 0, 0, -1, -2])))}${this.#chance(0.05) ? "\t" : ""}`;
    const words = (): string => {
      let text = this.#pick(["one", "two", "- x", "# y", "k: v", "[", "}", "", "z,"]);
      for (let count = this.#below(4); count > 0; count--)
        text += `${brk()}${this.#pick(["three", "four", "#5", "a: b", "]", "{", "-", "é"])}`;
      return text;
    };
    if (choice < 0.72) return `"${words()}${this.#pick(["", "\\n", "\\u263a", "\\\n  z", "\\x41\\e", '\\"', "\\q"])}"`;
    if (choice < 0.92) return `'${words()}${this.#pick(["", "''", '"', "\\"])}'`;
    return inFlow ? `one${brk()}two` : `one${brk()}two${brk()}three`;
  }
}
