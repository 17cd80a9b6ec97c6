import { messageOf } from "../api/problem";
import { Button } from "../design/controls";
import { Popover } from "../design/layers";
import { toast } from "../design/toast";
import { app, session as text } from "../text/en";
import { signOut, type SignedIn } from "./session";
import { ThemeChoice } from "./ThemeChoice";

/** Who is signed in, by what, until when, and what for; and the way out. */
export function Account({ who }: { who: SignedIn }) {
  const until = new Date(who.session.expires).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  return (
    <div id="account" class="account">
      <Popover button={(open, toggle) => (
        <button id="who" type="button" class="button quiet account-button" title={text.who} aria-expanded={open} onClick={toggle}><span class="cut mono">{who.me.principal}</span></button>
      )}>
        {() => (
          <div id="account-card" class="account-card stack">
            <h2>{text.signedInAs} <span class="mono">{who.me.principal}</span></h2>
            <dl>
              <dt>{text.by}</dt><dd class="mono">{who.me.credential}</dd>
              <dt>{text.until}</dt><dd>{text.untilWords(until)}</dd>
              {who.me.logs.map((log) => <><dt>{app.log} <span class="mono">{log.name}</span></dt><dd>{log.rights.join(", ")}</dd></>)}
            </dl>
            {who.me.logs.length === 0 && <p class="dim">{text.noRights}</p>}
            <ThemeChoice />
          </div>
        )}
      </Popover>
      <Button id="key" kind="quiet" isSmall onClick={() => void signOut().catch((error: unknown) => toast(messageOf(error)))}>{text.signOut}</Button>
    </div>
  );
}
