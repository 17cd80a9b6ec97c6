import { useState } from "preact/hooks";
import { messageOf } from "../api/problem";
import { Button } from "../design/controls";
import { isPinned, pin, unpin } from "../proof/pins";
import { proof as text } from "../text/en";

/** Pins the key that a log's checkpoints must be signed by, or lets it go. */
export function PinForm({ log, onPinned }: { log: string; onPinned: () => void }) {
  const [typed, setTyped] = useState("");
  const [fault, setFault] = useState("");
  if (isPinned(log)) {
    const letGo = () => {
      unpin(log);
      onPinned();
    };
    return <p><Button kind="quiet" isSmall onClick={letGo}>{text.unpin}</Button></p>;
  }
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    try {
      await pin(log, typed);
      onPinned();
    } catch (error) {
      setFault(text.pinned(messageOf(error)));
    }
  };
  return (
    <form class="pin stack" onSubmit={(event) => void submit(event)}>
      <label for="pin">{text.pinLabel[0]} <code>{text.pinLabel[1]}</code> {text.pinLabel[2]}</label>
      <div class="line">
        <input id="pin" class="input mono grow" type="text" autocomplete="off" spellcheck={false} required placeholder={`host/logs/${log}+1a2b3c4d+A\u2026`} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        <Button type="submit" kind="primary">{text.pin}</Button>
      </div>
      <p class="fault-words" role="alert">{fault}</p>
    </form>
  );
}
