import { forgetToken } from "../state/session.js";
import { send } from "./http.js";
import { client } from "./query.js";

/** Ends the session on the server, if there is one, and forgets everything that was loaded. */
export async function signOut(): Promise<void> {
  await send("session", { method: "DELETE" }).catch(() => {});
  forgetToken();
  client.clear();
}
