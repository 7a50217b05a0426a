import type { SeededRandom } from "../../soak/random.js";

/** Texts that readers of many formats stumble over. */
const WORDS: readonly string[] = [
  "",
  "\0",
  "\r\n",
  "\ufeff",
  "\u2028",
  "\ud800",
  "__proto__",
  "constructor",
  "toString",
  "../../etc/passwd",
  "/",
  "{",
  "}",
  "[",
  "]",
  '"',
  "'",
  "\\",
  ": ",
  "- ",
  "\n---\n",
  "&a ",
  "*a",
  "<<: *a",
  "!!binary ",
  "|\n",
  "#",
  "%",
  "$" + "{A:-b}",
  "{{ .Values }}",
  "null",
  "true",
  "-1",
  "0x7fffffff",
  "1e999",
  "9007199254740993",
  "9".repeat(400),
  " ".repeat(1_000),
  "\u00e9\u{1f600}",
];
const LEAVES: readonly unknown[] = [null, true, false, 0, -1, 1.5, 2 ** 31, 2 ** 53, 1e308, [], {}, [[]], [null], ""];
const MAX_BYTES = 256 * 1024;

/** Returns a damaged copy of a sample: bytes for texts and bytes, another value for JSON. */
export function mutate(
  sample: unknown,
  others: readonly unknown[],
  words: readonly string[],
  random: SeededRandom,
): unknown {
  if (typeof sample === "string" || Buffer.isBuffer(sample)) {
    const other = random.pick(others);
    const donor = typeof other === "string" || Buffer.isBuffer(other) ? Buffer.from(other) : Buffer.alloc(0);
    let bytes: Buffer = Buffer.from(sample);
    for (let count = 1 + random.int(4); count > 0; count--) bytes = mutateBytes(bytes, donor, words, random);
    const cut = bytes.subarray(0, MAX_BYTES);
    return typeof sample === "string" ? cut.toString("utf8") : cut;
  }
  let value = structuredClone(sample);
  for (let count = 1 + random.int(4); count > 0; count--) value = mutateValue(value, words, random, 0);
  return value;
}

function mutateBytes(bytes: Buffer, donor: Buffer, words: readonly string[], random: SeededRandom): Buffer {
  const at = random.int(bytes.length + 1);
  const length = random.int(random.int(4) === 0 ? bytes.length - at + 1 : Math.min(16, bytes.length - at) + 1);
  const word = Buffer.from(random.pick(random.int(2) === 0 && words.length > 0 ? words : WORDS));
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (random.int(9)) {
    case 0:
      return Buffer.concat([before, bytes.subarray(at + length)]);
    case 1:
      return Buffer.concat([before, word, after]);
    case 2:
      return Buffer.concat([before, word, bytes.subarray(at + length)]);
    case 3:
      return Buffer.concat([before, bytes.subarray(at, at + length), after]);
    case 4: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = random.int(256);
      return copy;
    }
    case 5: {
      const from = random.int(donor.length + 1);
      return Buffer.concat([before, donor.subarray(from, from + random.int(200)), after]);
    }
    case 6:
      return before;
    case 7: {
      const part = length === 0 ? word : bytes.subarray(at, at + length);
      const times = random.int(20) === 0 ? 3_000 : 1 + random.int(40);
      return Buffer.concat([before, ...Array<Buffer>(times).fill(part), after]).subarray(0, MAX_BYTES);
    }
    default: {
      // Another number in place of one.
      const text = bytes.toString("latin1");
      const found = [...text.matchAll(/\d+/g)];
      const number = found[random.int(Math.max(1, found.length))];
      if (number === undefined) return Buffer.concat([before, word, after]);
      const other = random.pick(["0", "-1", "65536", "2147483648", "18446744073709551616", "1e9", "00", "٣"]);
      return Buffer.from(text.slice(0, number.index) + other + text.slice(number.index + number[0].length), "latin1");
    }
  }
}

function mutateValue(value: unknown, words: readonly string[], random: SeededRandom, depth: number): unknown {
  const inside = typeof value === "object" && value !== null && Object.keys(value).length > 0 && depth < 12;
  if (inside && random.int(7) > 0) {
    const key = random.pick(Object.keys(value));
    const below = (value as Record<string, unknown>)[key];
    if (Array.isArray(value))
      return value.map((one, index) => (String(index) === key ? mutateValue(one, words, random, depth + 1) : one));
    return { ...value, [key]: mutateValue(below, words, random, depth + 1) };
  }
  const word = random.pick(random.int(2) === 0 && words.length > 0 ? words : WORDS);
  switch (random.int(8)) {
    case 0:
      return random.pick(LEAVES);
    case 1:
      return word;
    case 2:
      return typeof value === "string"
        ? value.slice(0, random.int(value.length + 1)) + word + value.slice(random.int(value.length + 1))
        : word;
    case 3:
      return Array.isArray(value) ? [...value, ...value] : [value];
    case 4:
      return Array.isArray(value) ? value[0] : { [word]: value };
    case 5:
      return nested(value, random.int(30) === 0 ? 2_000 : 20);
    case 6: {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
      const { [random.pick([...Object.keys(value), ""])]: _, ...rest } = value as Record<string, unknown>;
      return rest;
    }
    default: {
      if (typeof value !== "object" || value === null || Array.isArray(value)) return `${word}`.repeat(20);
      // An own key of any name, which a literal would not give.
      return JSON.parse(
        `{${JSON.stringify(word)}:${JSON.stringify(random.pick(LEAVES))},${JSON.stringify(value).slice(1)}`.replace(
          /,\}$/,
          "}",
        ),
      );
    }
  }
}

function nested(value: unknown, levels: number): unknown {
  let result = value;
  for (let level = 0; level < levels; level++) result = level % 2 === 0 ? [result] : { a: result };
  return result;
}
