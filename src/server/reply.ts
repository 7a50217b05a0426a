/** An answer as JSON. */
export interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
  /** End the connection after it, since what is still to come on it is not wanted. */
  readonly close?: boolean;
  /** In how many seconds to try again. */
  readonly retryAfter?: number;
}

/** An error as every client of the server gets it: a code for programs, a message for people. */
export function errorReply(status: number, code: string, message: string): Reply {
  return { status, body: { code, message } };
}

/** What is said of everything that is not there, or of which nobody may know that it is there. */
export const NOT_FOUND: Reply = errorReply(404, "NOT_FOUND", "there is nothing here");
