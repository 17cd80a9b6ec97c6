import { useState } from "preact/hooks";
import { reveal } from "../api/logs";
import { messageOf } from "../api/problem";
import type { Item } from "../api/types";
import { endedBy } from "../app/session";
import { Button } from "../design/controls";
import { event } from "../text/en";

const text = event.masked;

export interface MaskedProps {
  log: string;
  index: number;
  kind: "on_request" | "hidden";
  onShown: (item: Item) => void;
}

/** Says that personal values are masked and, to who may ask, offers to ask: the reason is recorded before they are shown. */
export function Masked({ log, index, kind, onShown }: MaskedProps) {
  const [isAsking, setAsking] = useState(false);
  const [reason, setReason] = useState("");
  const [fault, setFault] = useState("");
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault("");
    try {
      onShown(await reveal(log, index, reason.trim()));
    } catch (error) {
      if (!endedBy(error)) {
        setFault(messageOf(error));
        setBusy(false);
      }
    }
  };
  return (
    <section class="masked stack">
      <h3>{text.title}</h3>
      {kind === "hidden" && <p class="dim">{text.never}</p>}
      {kind === "on_request" && !isAsking && <div><Button id="reveal" isSmall onClick={() => setAsking(true)}>{text.ask}</Button></div>}
      {isAsking && (
        <form class="stack" onSubmit={(event) => void submit(event)}>
          <label for="reason">{text.why}</label>
          <div class="line">
            <input id="reason" class="input grow" type="text" autocomplete="off" maxLength={1024} required placeholder={text.placeholder} value={reason} onInput={(event) => setReason(event.currentTarget.value)} ref={(node) => node?.focus()} />
            <Button type="submit" kind="primary" disabled={isBusy}>{text.show}</Button>
          </div>
          <p class="fault-words" role="alert">{fault}</p>
        </form>
      )}
    </section>
  );
}
