import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../design/controls";
import { Dialog } from "../design/layers";
import { app, session as text } from "../text/en";
import { signIn } from "./session";

/** Asks for a key. Nothing that was read in a session is on the page beside it. */
export function SignIn({ message }: { message: string }) {
  const [fault, setFault] = useState(message);
  const [isBusy, setBusy] = useState(false);
  const key = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = app.name;
    key.current!.focus();
  }, []);
  useEffect(() => setFault(message), [message]);

  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const typed = key.current!.value.trim();
    key.current!.value = "";
    setBusy(true);
    setFault(await signIn(typed) ?? "");
    setBusy(false);
    key.current?.focus();
  };
  return (
    <main class="signed-out">
      <h1 class="sr">{app.name}</h1>
      <Dialog id="signin" title={<><span class="seal" aria-hidden="true" />{text.signIn}</>}>
        <form id="signin-form" class="stack" onSubmit={(event) => void submit(event)}>
          <p class="dim">{text.explanation}</p>
          <label for="signin-key">{text.key}</label>
          <input ref={key} id="signin-key" class="input mono" type="password" autocomplete="off" spellcheck={false} required placeholder={"ind_r_\u2026"} aria-describedby="signin-fault" />
          <p id="signin-fault" class="fault-words" role="alert">{fault}</p>
          <div class="line"><Button type="submit" kind="primary" disabled={isBusy}>{text.signIn}</Button></div>
        </form>
      </Dialog>
    </main>
  );
}
