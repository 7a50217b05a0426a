import { render } from "preact";
import { App } from "./app.js";
import { startClock } from "./state/clock.js";
import { startPreferences } from "./state/preferences.js";
import { takeTokenFromAddress } from "./state/session.js";

takeTokenFromAddress();
startPreferences();
startClock();
const root = document.getElementById("root");
if (root !== null) render(<App />, root);
