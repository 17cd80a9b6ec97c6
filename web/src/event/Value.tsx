import { Badge } from "../design/controls";
import { event } from "../text/en";
import { visible } from "../text/visible";
import { isEncrypted, isRedacted, maskOf } from "./shape";

/** A value as text or, where it is not to be seen, as a badge that says why. */
export function Value({ value, isShort = false }: { value: unknown; isShort?: boolean }) {
  if (isEncrypted(value)) {
    const [words, title] = event.masks[maskOf(value) ?? "encrypted"]!;
    return <Badge kind="pii" title={title}>{isShort ? words.split(",")[0] : words}</Badge>;
  }
  if (isRedacted(value)) {
    return <Badge kind="redacted" title={`${event.redacted[1]} ${visible(value["$redacted"])}`}>{event.redacted[0]}</Badge>;
  }
  return <>{visible(value)}</>;
}

const GLYPHS: Record<string, string> = { user: "U", service: "S", system: "Y", ai_agent: "A", anonymous: "?", unknown: "?" };

export function ActorGlyph({ type }: { type: string }) {
  return <span class={`glyph glyph-${Object.hasOwn(GLYPHS, type) ? type : "unknown"}`} title={visible(type)} aria-label={visible(type)} role="img">{Object.hasOwn(GLYPHS, type) ? GLYPHS[type] : "?"}</span>;
}

export function Outcome({ outcome, effect, reason }: { outcome: string; effect: string; reason: string }) {
  const known = outcome === "success" || outcome === "failure" ? outcome : "unknown";
  return (
    <>
      <span class={`outcome ${known}`}><span class="mark" aria-hidden="true" />{visible(outcome)}</span>
      {effect === "deny" && <> <Badge kind="deny" title={visible(reason)}>{event.badges.denied}</Badge></>}
      {effect === "challenge" && <> <Badge kind="warn" title={visible(reason)}>{event.badges.challenged}</Badge></>}
    </>
  );
}
