import { type ASTNode, Environment, type ParseResult } from "@marcbachmann/cel-js";
import { isRecord } from "../shape.js";

/** Longest expression, in characters. */
export const MAX_EXPRESSION = 1024;

/** An expression that cannot be compiled or evaluated. The message has no value of the object. */
export class ExpressionError extends Error {}

/** Limit of evaluation steps, estimated from the expression and the object before it is evaluated. */
const MAX_STEPS = 1_000_000;

const LIMITS = { maxAstNodes: 400, maxDepth: 40, maxListElements: 100, maxMapEntries: 100, maxCallArguments: 16 };

/** Macros that evaluate an argument once for each element. */
const LOOPS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "existsOne", "map", "filter"]);

/** Operators that visit each element of their operands, as a loop does. */
const LINEAR: ReadonlySet<string> = new Set(["in", "==", "!=", "+"]);

/** Functions that are refused: JavaScript evaluates regular expressions in exponential time, and `bind` can double a value each time. */
const REFUSED: Readonly<Record<string, string>> = {
  matches: "matches() is not supported: use startsWith, endsWith, contains or ==",
  split: "split() is not supported: use startsWith, endsWith or contains",
  bind: "cel.bind() is not supported: write the value twice",
};

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  enableOptionalTypes: true,
  homogeneousAggregateLiterals: false,
  limits: LIMITS,
});

/** A compiled expression of the Common Expression Language (CEL) about one object. */
export interface Expression {
  readonly text: string;
  /**
   * Evaluates to true or false. The fields of the object are the variables.
   *
   * @throws ExpressionError for missing fields, mismatching types, results that are no boolean, and objects that are too large.
   */
  evaluate(variables: Variables): boolean;
}

/** An object as variables of expressions: whole numbers are integers, as in Kubernetes. */
export interface Variables {
  readonly values: Readonly<Record<string, unknown>>;
  /** Length of the longest list or map. */
  readonly longest: number;
}

/**
 * Compiles an expression.
 *
 * @throws ExpressionError with the position and the cause.
 */
export function compile(text: string): Expression {
  if (text.length > MAX_EXPRESSION) throw new ExpressionError(`is longer than ${MAX_EXPRESSION} characters`);
  const parsed = parse(text);
  const shape = shapeOf(parsed.ast);
  const { valid, type, error } = parsed.check();
  if (!valid) throw new ExpressionError(describe(text, error));
  if (type !== "bool" && type !== "dyn") throw new ExpressionError(`must be true or false, but is of type ${type}`);
  return {
    text,
    evaluate: ({ values, longest }) => {
      if (shape.nodes * (longest * shape.concatenations) ** shape.depth > MAX_STEPS)
        throw new ExpressionError("would take too many steps: the object is too large for nested loops");
      return booleanOf(run(parsed, values));
    },
  };
}

function parse(text: string): ParseResult {
  try {
    return environment.parse(text);
  } catch (error) {
    throw new ExpressionError(describe(text, error));
  }
}

function run(parsed: ParseResult, values: Readonly<Record<string, unknown>>): unknown {
  try {
    return parsed({ ...values });
  } catch (error) {
    throw new ExpressionError(causeOf(error));
  }
}

function booleanOf(result: unknown): boolean {
  if (typeof result === "boolean") return result;
  throw new ExpressionError(`must be true or false, but is a ${result === null ? "null" : typeof result}`);
}

/** Describes a compile error with its place: `at character 13: Unexpected token: EOF`. */
function describe(text: string, error: unknown): string {
  const { range } = (error ?? {}) as { range?: { start?: number } };
  const at = Math.min(range?.start ?? 0, text.length);
  const lines = text.slice(0, at).split("\n");
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return `at ${lines.length > 1 ? `line ${lines.length}, ` : ""}character ${column}: ${summaryOf(error)}`;
}

/** Codes whose summary names nothing but the expression. Others may contain values of the object. */
const HARMLESS = /^No such key: [\w.-]+$|^Unknown variable: [\w.-]+$|^no such overload: |^found no matching overload/;

function causeOf(error: unknown): string {
  const summary = summaryOf(error);
  return HARMLESS.test(summary) ? summary : "its values do not fit the expression";
}

function summaryOf(error: unknown): string {
  const { summary, message } = (error ?? {}) as { summary?: unknown; message?: unknown };
  const text = typeof summary === "string" ? summary : String(message ?? "is invalid");
  return text.split("\n")[0] ?? text;
}

interface Shape {
  readonly nodes: number;
  /** Depth of nested loops; an operator that visits each element within a loop is one as well. */
  readonly depth: number;
  /** By how much lists can grow by concatenation: 1 without it. */
  readonly concatenations: number;
}

function shapeOf(ast: ASTNode): Shape {
  let nodes = 0;
  let depth = 0;
  let concatenations = 1;
  const visit = (value: unknown, loops: number): void => {
    if (Array.isArray(value)) {
      for (const one of value) visit(one, loops);
    } else if (isNode(value)) {
      nodes++;
      if (value.op === "+") concatenations++;
      const name = value.op === "rcall" || value.op === "call" ? String(value.args[0]) : "";
      const refused = Object.hasOwn(REFUSED, name) ? REFUSED[name] : undefined;
      if (refused !== undefined) throw new ExpressionError(refused);
      const inside = loops + (value.op === "rcall" && LOOPS.has(name) ? 1 : 0);
      depth = Math.max(depth, inside + (inside > 0 && isLinear(value) ? 1 : 0));
      visit(value.args, inside);
    }
  };
  visit(ast, 0);
  return { nodes, depth, concatenations };
}

/** A side that is a literal bounds the work, except for a list that is searched for one. */
function isLinear({ op, args }: ASTNode): boolean {
  if (!LINEAR.has(op) || !Array.isArray(args)) return false;
  const sides: readonly unknown[] = op === "in" ? args.slice(1) : args;
  return !sides.some(isLiteral);
}

/** Whether a node is a literal, or a list of literals. */
function isLiteral(value: unknown): boolean {
  if (!isNode(value)) return false;
  const { op, args } = value;
  if (op === "list") return Array.isArray(args) && args.every(isLiteral);
  return op === "value" || (op === "-_" && isLiteral(args));
}

function isNode(value: unknown): value is ASTNode {
  return typeof value === "object" && value !== null && "op" in value && "args" in value;
}

/** Depth of nested values that are read; Kubernetes objects are flatter. */
const MAX_DEPTH = 64;

/** Returns an object as variables. */
export function variablesOf(object: Readonly<Record<string, unknown>>): Variables {
  let longest = 1;
  const convert = (value: unknown, depth: number): unknown => {
    if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
    if (depth > MAX_DEPTH) return null;
    if (Array.isArray(value)) {
      longest = Math.max(longest, value.length);
      return value.map((one) => convert(one, depth + 1));
    }
    if (!isRecord(value)) return value;
    const entries = Object.entries(value);
    longest = Math.max(longest, entries.length);
    return Object.fromEntries(entries.map(([key, one]) => [key, convert(one, depth + 1)]));
  };
  const values = convert(object, 0);
  return { values: isRecord(values) ? values : {}, longest };
}
