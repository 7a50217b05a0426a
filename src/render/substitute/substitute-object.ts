import { ANNOTATION_SUBSTITUTE } from "../../api/group.js";
import type { KubeObject } from "../../manifest/document.js";
import { isRecord } from "../../manifest/shape.js";
import type { Variables } from "../external-values.js";
import { expand, VariableReferenceError } from "./expand.js";

/** An object with variables replaced. */
export interface SubstitutedObject {
  /** The same object if nothing was replaced. */
  readonly object: KubeObject;
  /** Names of the variables whose values are in it. */
  readonly used: ReadonlySet<string>;
  /** References that cannot be read, with the path of their field. */
  readonly faults: readonly string[];
}

/** Labels or annotations by which a document opts out, ours and Flux's. */
const SWITCHES = [ANNOTATION_SUBSTITUTE, "kustomize.toolkit.fluxcd.io/substitute"];

/** Maps and lists whose values are strings in every kind. */
const TEXT_PARENTS: ReadonlySet<string> = new Set([
  ...["labels", "annotations", "matchLabels", "nodeSelector", "args", "command"],
]);
/** Fields that are strings in every kind. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(["name", "namespace", "image", "kind", "apiVersion"]);
/** Fields of ConfigMaps and Secrets that hold strings. */
const DATA: ReadonlySet<string> = new Set(["data", "stringData", "binaryData"]);
const MAX_FAULTS = 20;

/**
 * Replaces variables in the strings and keys of an object. A value cannot add fields or documents, whatever it holds. A field that
 * is one reference and nothing else becomes an integer or a boolean if the value looks like one, except where Kubernetes expects
 * strings. Documents that opt out are returned as they are.
 */
export function substituteObject(object: KubeObject, variables: Variables): SubstitutedObject {
  const { labels = {}, annotations = {} } = object.metadata;
  const isOff = SWITCHES.some((name) => labels[name] === "disabled" || annotations[name] === "disabled");
  if (isOff) return { object, used: new Set(), faults: [] };
  const walk = new Walk(variables, object.apiVersion === "v1" && /^(?:ConfigMap|Secret)$/.test(object.kind));
  const result = walk.value(object, "", "", "", false) as KubeObject;
  return { object: result, used: walk.used, faults: walk.faults };
}

class Walk {
  readonly used = new Set<string>();
  readonly faults: string[] = [];
  readonly #variables: Variables;
  readonly #holdsData: boolean;

  constructor(variables: Variables, holdsData: boolean) {
    this.#variables = variables;
    this.#holdsData = holdsData;
  }

  /** `field` and `parent`: names of the field, and of the one that holds it; `isText`: whether only a string is possible. */
  value(value: unknown, path: string, field: string, parent: string, isText: boolean): unknown {
    if (typeof value === "string")
      return this.#text(value, path, isText || TEXT_FIELDS.has(field) || (field === "value" && parent === "env"));
    const inText = isText || TEXT_PARENTS.has(field) || (this.#holdsData && DATA.has(path.slice(1)));
    if (Array.isArray(value)) return this.#list(value, path, field, inText);
    return isRecord(value) ? this.#map(value, path, field, inText) : value;
  }

  #list(list: readonly unknown[], path: string, field: string, isText: boolean): readonly unknown[] {
    const items = list.map((item, index) => this.value(item, `${path}[${index}]`, field, field, isText));
    return items.some((item, index) => item !== list[index]) ? items : list;
  }

  #map(map: Readonly<Record<string, unknown>>, path: string, parent: string, isText: boolean): unknown {
    let changed = false;
    const entries = new Map<string, unknown>();
    for (const [key, child] of Object.entries(map)) {
      const name = this.#text(key, path, true) as string;
      const value = this.value(child, `${path}.${key}`, key, parent, isText);
      changed ||= name !== key || value !== child;
      if (entries.has(name))
        this.#report(`${path || "the document"} holds two fields of one name after the replacement`);
      entries.set(name, value);
    }
    return changed ? Object.fromEntries(entries) : map;
  }

  #text(text: string, path: string, isText: boolean): unknown {
    if (!text.includes("${")) return text;
    try {
      const expanded = expand(text, this.#variables);
      if (expanded === undefined) return text;
      for (const name of expanded.used) this.used.add(name);
      return expanded.isWhole && !isText ? typed(expanded.text) : expanded.text;
    } catch (error) {
      if (!(error instanceof VariableReferenceError)) throw error;
      this.#report(`${path}: ${error.message}`);
      return text;
    }
  }

  #report(fault: string): void {
    if (this.faults.length < MAX_FAULTS) this.faults.push(fault);
  }
}

/** Integers and booleans as JSON writes them. All else is a string: versions such as 1.10, hashes such as 12e3, leading zeros. */
function typed(text: string): unknown {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(?:0|[1-9]\d{0,14})$/.test(text) && text !== "-0" ? Number(text) : text;
}
