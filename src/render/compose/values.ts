import { isRecord } from "../../manifest/shape.js";
import { parseBytes } from "../overseer/compose/forms.js";
import type { Mapping } from "../overseer/compose/shape.js";
import { scalarText } from "./text.js";

/** Returns a scalar as text; undefined for a mapping, a list or null. */
export function textOf(value: unknown): string | undefined {
  return value === undefined || value === null || typeof value === "object" ? undefined : scalarText(value);
}

/** Returns a number, also if it is quoted. */
export function numberOf(value: unknown): number | undefined {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number === "bigint") return Number(number);
  return typeof number === "number" && Number.isFinite(number) ? number : undefined;
}

/** Returns whether a value is true, in any spelling of YAML 1.1. */
export function isTrue(value: unknown): boolean {
  return value === true || (typeof value === "string" && /^(?:true|yes|on|y)$/i.test(value));
}

/** Returns a mapping; empty for other values. */
export function mappingOf(value: unknown): Mapping {
  return isRecord(value) ? value : {};
}

/** Returns the items of a list; a scalar is a list of one. */
export function itemsOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** Returns the strings of a list, or the one string. */
export function textsOf(value: unknown): readonly string[] {
  return itemsOf(value).flatMap((item) => textOf(item) ?? []);
}

/** A name and its value, and the step to it. The value of a name without one is undefined. */
export interface Pair {
  readonly name: string;
  readonly value: string | undefined;
  readonly step: string | number;
}

/** Returns the pairs of a mapping, or of a list of `NAME=value`. */
export function pairsOf(value: unknown): readonly Pair[] {
  if (Array.isArray(value)) {
    return value.map((item: unknown, step) => {
      const [, name = "", text] = /^([^=]*)(?:=(.*))?$/s.exec(textOf(item) ?? "") ?? [];
      return { name, value: text, step };
    });
  }
  return Object.entries(mappingOf(value)).map(([name, one]) => ({ name, value: textOf(one), step: name }));
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-9,
  us: 1e-6,
  µs: 1e-6,
  μs: 1e-6,
  ms: 1e-3,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
};

/** Returns a duration in seconds. */
export function secondsOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === undefined || !/^[0-9.]/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit = "s"] of text.matchAll(/([0-9.]+)([a-zµμ]*)/g))
    seconds += Number(amount) * (UNITS[unit] ?? 1);
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Returns a duration in whole seconds, at least `least`. */
export function wholeSeconds(value: unknown, least: number): number | undefined {
  const seconds = secondsOf(value);
  return seconds === undefined ? undefined : Math.max(least, Math.ceil(seconds - 1e-9));
}

/** Returns a size in bytes. */
export function bytesOf(value: unknown): number | undefined {
  const text = textOf(value);
  return text === undefined ? undefined : parseBytes(text);
}

/** Formats a size as a quantity of Kubernetes. */
export function byteQuantity(bytes: number): string {
  for (const [unit, size] of [
    ["Gi", 2 ** 30],
    ["Mi", 2 ** 20],
    ["Ki", 2 ** 10],
  ] as const) {
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

/** Formats a number of CPUs as a quantity of Kubernetes. */
export function cpuQuantity(cpus: number): string {
  const thousandths = Math.max(1, Math.round(cpus * 1000));
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}
