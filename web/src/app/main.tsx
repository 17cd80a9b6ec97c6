import { render } from "preact";
import "../design/tokens.css";
import "../design/base.css";
import "../design/components.css";
import "./app.css";
import "../explore/explore.css";
import "../event/event.css";
import { App } from "./App";
import { start } from "./session";
import { startTheme } from "./theme";

startTheme();
render(<App />, document.getElementById("app")!);
void start();
