import type { KubeObject } from "../../manifest/document.js";
import type { Reporter } from "../overseer/reporter.js";
import { type AppModel, type CompiledObject, labelsOf } from "./model.js";
import { mappingOf } from "./values.js";

/** An object without the metadata that all objects of an app have. */
export interface ObjectParts {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  /** Service that the object belongs to. Undefined for objects of the whole app. */
  readonly service?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** What the object is made from, for messages: two sources must not have the same object. Defaults to the name. */
  readonly source?: string;
  /** `spec`, `data` and so on. */
  readonly rest: Readonly<Record<string, unknown>>;
}

/** Collects the objects of an app. An object that several services use is added once. */
export class AppObjects {
  readonly #app: AppModel;
  readonly #objects = new Map<string, CompiledObject & { readonly source: string }>();

  constructor(app: AppModel) {
    this.#app = app;
  }

  /** Adds an object. `report` is the place that it comes from. */
  add({ apiVersion, kind, name, service, annotations = {}, source = name, rest }: ObjectParts, report: Reporter): void {
    const key = `${kind} ${name}`;
    const known = this.#objects.get(key);
    if (known !== undefined) {
      if (known.source !== source)
        report.problem(`${source} and ${known.source} would both be the ${kind} ${name}: rename one of the two`);
      return;
    }
    const { namespace } = this.#app;
    const object: KubeObject = {
      apiVersion,
      kind,
      metadata: {
        name,
        ...(namespace === undefined ? {} : { namespace }),
        labels: labelsOf(this.#app.name, service),
        ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
      },
      ...rest,
    };
    this.#objects.set(key, { object, report, source });
  }

  /** Whether a claim of the app can be mounted on several nodes. */
  isShared(claim: string): boolean {
    const spec = mappingOf(this.#objects.get(`PersistentVolumeClaim ${claim}`)?.object.spec);
    return Array.isArray(spec.accessModes) && spec.accessModes.includes("ReadWriteMany");
  }

  get all(): readonly CompiledObject[] {
    return [...this.#objects.values()];
  }
}
