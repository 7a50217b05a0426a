import { type Leaf, type PlainValue, type SopsFile, sopsError } from "./sops-file.js";

/** What a line of the file becomes: itself, or a key with its value. */
type Line =
  | { readonly text: string }
  | { readonly key: string; readonly leaf: Leaf; readonly separator: string; readonly raw: string };

/**
 * Splits an encrypted file of lines `KEY=value`.
 *
 * @throws ManifestError
 */
export function readDotenvFile(text: string, file: string): SopsFile {
  const metadata = new Map<string, string>();
  const lines: Line[] = [];
  let metadataLine = 1;
  const seen = new Set<string>();
  for (const [index, raw] of text.split("\n").entries()) {
    const line = index + 1;
    const at = raw.indexOf("=");
    if (raw === "" || raw.startsWith("#")) lines.push({ text: withoutEncrypted(raw) });
    else if (at < 0) throw sopsError(file, [{ line, message: "expected KEY=value: restore what sops wrote" }]);
    else {
      const [key, value] = [raw.slice(0, at), raw.slice(at + 1).replaceAll("\\n", "\n")];
      if (seen.has(key)) throw sopsError(file, [{ line, message: TWICE }]);
      seen.add(key);
      if (key.startsWith("sops_")) {
        metadataLine = metadata.size === 0 ? line : metadataLine;
        metadata.set(key.slice(5), value);
      } else lines.push({ key, raw, separator: "=", leaf: { path: [key], line, text: value, isString: true } });
    }
  }
  return {
    leaves: leavesOf(lines),
    metadata: unflatten(metadata),
    line: metadataLine,
    write: (values) => write(lines, values, ({ text: value }) => value.replaceAll("\n", "\\n")),
  };
}

const TWICE = "the key stands twice: remove one, and encrypt the file again";

/**
 * Splits an encrypted INI file, as sops writes it. Other spellings of values that are not encrypted fail the check of the MAC.
 *
 * @throws ManifestError
 */
export function readIniFile(text: string, file: string): SopsFile {
  const metadata = new Map<string, string>();
  const lines: Line[] = [];
  let section = "DEFAULT";
  let metadataLine = 1;
  const seen = new Set<string>();
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = index + 1;
    const header = /^\s*\[([^\]]*)\]\s*$/.exec(raw);
    const member = memberOf(raw);
    if (header !== null) section = header[1] ?? "";
    if (header !== null && section === "sops") metadataLine = line;
    if (section === "sops") {
      if (header === null && member !== undefined) metadata.set(member.key, member.value.replaceAll("\\n", "\n"));
    } else if (header !== null || /^\s*(?:[#;].*)?$/.test(raw)) lines.push({ text: withoutEncrypted(raw) });
    else if (member === undefined)
      throw sopsError(file, [{ line, message: "expected a line key = value: restore what sops wrote" }]);
    else {
      const { key, separator, value } = member;
      const name = JSON.stringify([section, key]);
      if (seen.has(name)) throw sopsError(file, [{ line, message: TWICE }]);
      seen.add(name);
      const leaf = { path: [section, key], line, text: unquoted(value), isString: true };
      lines.push({ key, raw, separator, leaf });
    }
  }
  return {
    leaves: leavesOf(lines),
    metadata: unflatten(metadata),
    line: metadataLine,
    write: (values) => write(lines, values, iniText),
  };
}

/** Splits `key = value`, keeping the spaces around the sign. */
function memberOf(
  raw: string,
): { readonly key: string; readonly separator: string; readonly value: string } | undefined {
  const at = raw.search(/[=:]/);
  const key = raw.slice(0, Math.max(at, 0)).trim();
  if (key === "") return undefined;
  const value = raw.slice(at + 1).trim();
  const spaces = (text: string): string => (/\s/.test(text) ? " " : "");
  return { key, separator: `${spaces(raw[at - 1] ?? "")}${raw[at]}${spaces(raw[at + 1] ?? "")}`, value };
}

function leavesOf(lines: readonly Line[]): Leaf[] {
  return lines.flatMap((line) => ("leaf" in line ? [line.leaf] : []));
}

function write(
  lines: readonly Line[],
  values: ReadonlyMap<Leaf, PlainValue>,
  show: (value: PlainValue) => string,
): Buffer {
  const written = lines.map((line) => {
    if (!("leaf" in line)) return line.text;
    const value = values.get(line.leaf);
    return value === undefined ? line.raw : line.key + line.separator + show(value);
  });
  return Buffer.from(written.join("\n"));
}

/** A comment without what is encrypted in it. */
function withoutEncrypted(comment: string): string {
  return comment.replace(/ENC\[AES256_GCM,[^[\]]*\]/g, "");
}

function unquoted(value: string): string {
  const match = /^(?:"""(.*)"""|`(.*)`|"(.*)"|'(.*)')$/.exec(value);
  return match === null ? value : (match.slice(1).find((part) => part !== undefined) ?? "");
}

/** A value as the INI writer of sops spells it. */
function iniText({ text }: PlainValue): string {
  if (/[\n`]/.test(text)) return `"""${text}"""`;
  if (/[#;]/.test(text)) return `\`${text}\``;
  return text.trim() === text ? text : `"${text}"`;
}

/** Metadata from keys like `age__list_0__map_enc`. */
function unflatten(flat: ReadonlyMap<string, string>): Record<string, unknown> {
  const lists = new Map<string, Map<string, Map<string, unknown>>>();
  const fields = new Map<string, unknown>();
  for (const [key, value] of flat) {
    const [, list, index, field] = /^([a-z_]+?)__list_(\d{1,4})__map_(.+)$/.exec(key) ?? [];
    if (list === undefined || index === undefined || field === undefined) fields.set(key, value);
    else {
      const items = lists.get(list) ?? new Map<string, Map<string, unknown>>();
      lists.set(list, items.set(index, (items.get(index) ?? new Map()).set(field, value)));
    }
  }
  for (const [list, items] of lists)
    fields.set(
      list,
      [...items.values()].map((item) => Object.fromEntries(item)),
    );
  return Object.fromEntries(fields);
}
