import type { NamedPlaces } from "../../manifest/document.js";
import type { Mapping } from "./compose/shape.js";
import type { CoreObject } from "./core-object.js";
import type { AppPorts } from "./port-clashes.js";
import type { Reporter } from "./reporter.js";

/** A Compose document of an app, wherever it stands. */
export interface WrittenCompose {
  readonly value: Mapping;
  /** Says what is wrong with it, in its file. */
  readonly report: Reporter;
  /** Another file of the source, by a path relative to this one; reports at `from` why it cannot be had. */
  readonly open: (file: string, from: Reporter) => WrittenCompose | undefined;
}

/** An object, and the field that it comes from. */
export interface Expanded {
  readonly object: CoreObject;
  readonly report: Reporter;
  /** Where it names what it depends on. */
  readonly places?: NamedPlaces;
  /** Of an app: the ports of the node that it takes. */
  readonly ports?: AppPorts;
}
