import type { NamedPlaces } from "../../manifest/document.js";
import type { Mapping } from "./compose/shape.js";
import type { CoreObject } from "./core-object.js";
import type { AppPorts } from "./port-clashes.js";
import type { Reporter } from "./reporter.js";

/** A Compose document of an app, inline or in a file. */
export interface WrittenCompose {
  readonly value: Mapping;
  /** Reports problems at their place in the file. */
  readonly report: Reporter;
  /** Opens another file of the source by a path relative to this one. Reports at `from` if that fails. */
  readonly open: (file: string, from: Reporter) => WrittenCompose | undefined;
}

/** An expanded object. */
export interface Expanded {
  readonly object: CoreObject;
  readonly report: Reporter;
  /** Places of its references to other objects. */
  readonly places?: NamedPlaces;
  /** Host ports, if the object is an app. */
  readonly ports?: AppPorts;
}
