import { forgetToken } from "../state/session.js";
import { send } from "./http.js";
import { ApiError } from "./problem.js";
import { client } from "./query.js";

/**
 * Ends the session on the server, if there is one, and forgets everything that was loaded.
 *
 * @throws ApiError if the server has not ended it: its cookie would sign in the user who loads the page next.
 */
export async function signOut(): Promise<void> {
  try {
    await send("session", { method: "DELETE" });
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 401)) throw error;
  }
  forgetToken();
  client.clear();
}
