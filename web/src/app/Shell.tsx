import { createContext } from "preact";
import type { ComponentType } from "preact";
import { useContext, useEffect, useState } from "preact/hooks";
import { Empty, Failure, Loading } from "../design/states";
import { app, session as text } from "../text/en";
import { Account } from "./Account";
import { HOME, formatRoute, navigate, useRoute } from "./router";
import { screens, type Screen, type ScreenProps } from "./screens";
import type { SignedIn } from "./session";

const Who = createContext<SignedIn | null>(null);

/** Who is signed in; inside the shell somebody always is. */
export const useWho = (): SignedIn => useContext(Who)!;

/** The log that the URL names, where it may be read, else the first one. */
export function useLog(params: URLSearchParams): string {
  const { logs } = useWho();
  return (logs.find((log) => log.name === params.get("log")) ?? logs[0])?.name ?? "";
}

export const may = (who: SignedIn, log: string, right: string): boolean => who.logs.find((one) => one.name === log)?.rights.includes(right) ?? false;

/** The frame around every screen: navigation, the log, who is signed in. */
export function Shell({ who }: { who: SignedIn }) {
  const route = useRoute();
  const screen = screens.find((one) => one.name === route.screen) ?? screens.find((one) => one.name === HOME)!;
  return (
    <Who.Provider value={who}>
      <div class="shell">
        <a class="skip" href="#main" onClick={skip}>{app.skip}</a>
        <header class="rail">
          <h1 class="brand"><span class="seal" aria-hidden="true" /><span>{app.name}</span></h1>
          <LogChoice params={route.params} screen={screen} />
          <Navigation current={screen} params={route.params} />
          <span class="grow" />
          <p class="rail-note">{app.proofs}</p>
          <Account who={who} />
        </header>
        <main id="main" class="main" tabIndex={-1}>
          {who.logs.length === 0 ? <Empty>{text.noLog}</Empty> : <Loadable screen={screen} params={route.params} key={screen.name} />}
        </main>
      </div>
    </Who.Provider>
  );
}

function skip(event: MouseEvent): void {
  event.preventDefault(); // The fragment is the route.
  document.getElementById("main")!.focus();
}

function LogChoice({ params, screen }: { params: URLSearchParams; screen: Screen }) {
  const { logs } = useWho();
  const log = useLog(params);
  const choose = (name: string) => {
    const next = new URLSearchParams(params);
    next.set("log", name);
    next.delete("index");
    navigate({ screen: screen.group === null ? HOME : screen.name, params: next });
  };
  return (
    <div class="log-choice">
      <label class="rail-label" for="log">{app.log}</label>
      <select id="log" class="select" disabled={logs.length === 0} value={log} onChange={(event) => choose(event.currentTarget.value)}>
        {logs.map((one) => <option key={one.name} value={one.name}>{one.name}</option>)}
      </select>
    </div>
  );
}

function Navigation({ current, params }: { current: Screen; params: URLSearchParams }) {
  const groups = [...new Set(screens.map((screen) => screen.group))].filter((group) => group !== null);
  const kept = new URLSearchParams([...params].filter(([name]) => name === "log"));
  return (
    <nav aria-label={app.navigation} class="nav">
      {groups.map((group) => (
        <section key={group}>
          <h2 class="rail-label">{group}</h2>
          <ul>
            {screens.filter((screen) => screen.group === group).map((screen) => (
              <li key={screen.name}><a href={formatRoute({ screen: screen.name, params: kept })} aria-current={screen === current ? "page" : undefined}>{screen.label}</a></li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  );
}

function Loadable({ screen, params }: { screen: Screen; params: URLSearchParams }) {
  const [loaded, setLoaded] = useState<{ Component: ComponentType<ScreenProps> } | { error: unknown } | null>(null);
  const load = () => {
    setLoaded(null);
    screen.load().then((Component) => setLoaded({ Component }), (error: unknown) => setLoaded({ error }));
  };
  useEffect(load, [screen]);
  if (loaded === null) {
    return <Loading />;
  }
  return "error" in loaded ? <Failure error={loaded.error} retry={load} /> : <loaded.Component params={params} />;
}
