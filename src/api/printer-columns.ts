/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "integer" | "date";
  readonly jsonPath: string;
  readonly description: string;
  /** 1 shows the column only with `-o wide`. */
  readonly priority?: number;
}

/** Column with the age. */
export const AGE: PrinterColumn = {
  name: "Age",
  type: "date",
  jsonPath: ".metadata.creationTimestamp",
  description: "Time since creation.",
};

/** Column with the status of the condition Ready. */
export const ready = (priority?: number): PrinterColumn => ({
  name: "Ready",
  type: "string",
  jsonPath: '.status.conditions[?(@.type=="Ready")].status',
  description: "Status of the condition Ready.",
  ...(priority ? { priority } : {}),
});

/** Column with the message of the condition Ready. */
export const READY_MESSAGE: PrinterColumn = {
  name: "Message",
  type: "string",
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  description: "Message of the condition Ready or Waiting.",
};

/** Column with the revision in use. */
export const REVISION: PrinterColumn = {
  name: "Revision",
  type: "string",
  jsonPath: ".status.shortRevision",
  description: "Revision in use with a 7-digit commit ID.",
};

/** Column with the message of the status. */
export const MESSAGE: PrinterColumn = { ...READY_MESSAGE, jsonPath: ".status.message" };
