// What a screen shows when it has nothing to show. One component each, so that they look alike everywhere.

import type { ComponentChildren } from "preact";
import { Offline, isProblem, messageOf } from "../api/problem";
import { app, states as text } from "../text/en";
import { visible } from "../text/visible";
import { Button } from "./controls";

export function Empty({ children, id }: { children: ComponentChildren; id?: string }) {
  return <div class="state" id={id}>{children}</div>;
}

export function Loading({ label = app.loading }: { label?: string }) {
  return <div class="state" role="status"><span class="spinner" aria-hidden="true" /><span>{label}</span></div>;
}

function Told({ title, words, retry }: { title: string; words: string; retry?: (() => void) | undefined }) {
  return (
    <div class="state" role="alert">
      <strong>{title}</strong>
      <p>{words}</p>
      {retry && <Button onClick={retry}>{text.retry}</Button>}
    </div>
  );
}

/** What went wrong, as what it is: no connection, no right, or a fault with the server's own words. */
export function Failure({ error, retry }: { error: unknown; retry?: () => void }) {
  if (error instanceof Offline) {
    return <Told title={text.offline} words={text.offlineHint} retry={retry} />;
  }
  if (isProblem(error, 403)) {
    return <Told title={text.denied} words={visible(error.message)} />;
  }
  return <Told title={isProblem(error) && error.title ? visible(error.title) : text.failed} words={visible(messageOf(error))} retry={retry} />;
}
