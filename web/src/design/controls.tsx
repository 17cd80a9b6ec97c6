import type { ComponentChildren, JSX } from "preact";

export interface ButtonProps extends Omit<JSX.HTMLAttributes<HTMLButtonElement>, "icon"> {
  kind?: "primary" | "quiet";
  isSmall?: boolean;
  isIcon?: boolean;
  type?: "button" | "submit";
  disabled?: boolean;
}

export function Button({ kind, isSmall, isIcon, type = "button", class: more, ...rest }: ButtonProps) {
  const classes = ["button", kind, isSmall && "small", isIcon && "icon", more].filter(Boolean).join(" ");
  return <button type={type} class={classes} {...rest} />;
}

export type BadgeKind = "plain" | "deny" | "bad" | "warn" | "good" | "pii" | "redacted";

export function Badge({ kind = "plain", title, children }: { kind?: BadgeKind; title?: string | undefined; children: ComponentChildren }) {
  return <span class={`badge ${kind}`} title={title}>{children}</span>;
}

export interface ChipProps {
  label: string;
  isNegative: boolean;
  toggleLabel: string;
  removeLabel: string;
  onToggle: () => void;
  onRemove: () => void;
}

/** A part of something longer, that can be turned into its opposite or taken away. */
export function Chip({ label, isNegative, toggleLabel, removeLabel, onToggle, onRemove }: ChipProps) {
  return (
    <span class={`chip ${isNegative ? "negative" : ""}`}>
      <button type="button" class="cut" title={toggleLabel} onClick={onToggle}>{label}</button>
      <button type="button" class="chip-remove" aria-label={removeLabel} onClick={onRemove}>{"\u2715"}</button>
    </span>
  );
}
