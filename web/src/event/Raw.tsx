import { useState } from "preact/hooks";
import { Button } from "../design/controls";
import { toast } from "../design/toast";
import type { Bytes } from "../proof/canonical";
import { event } from "../text/en";
import { escapedJson } from "../text/visible";

const text = event.raw;

function pretty(decoded: string): string {
  try {
    return escapedJson(JSON.stringify(JSON.parse(decoded), null, 2));
  } catch {
    return escapedJson(decoded); // The verdict says that it is not JSON.
  }
}

/** The entry as it was logged: to read, or byte for byte. */
export function Raw({ bytes }: { bytes: Bytes }) {
  const [isExact, setExact] = useState(false);
  const decoded = new TextDecoder().decode(bytes);
  const copy = () => void navigator.clipboard.writeText(decoded).then(() => toast(text.copied));
  return (
    <section class="stack">
      <div class="line">
        <h3>{text.title} <span class="unit">{text.bytes(bytes.length)}</span></h3><span class="grow" />
        <Button kind="quiet" isSmall onClick={copy}>{text.copy}</Button>
        <Button kind="quiet" isSmall aria-pressed={isExact} onClick={() => setExact(!isExact)}>{text.exact}</Button>
      </div>
      <pre class={`raw ${isExact ? "exact" : ""}`} tabIndex={0} role="region" aria-label={text.label}>{isExact ? decoded : pretty(decoded)}</pre>
    </section>
  );
}
