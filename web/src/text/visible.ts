// Entries are written by strangers: what reorders or hides what follows it, or is not seen itself, is made visible.

// By Unicode's properties, since lists of such characters are never whole.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u2800]/gu;
const hex = (n: number): string => n.toString(16).padStart(4, "0");

/** A value as text in which such characters are made visible. */
export function visible(value: unknown): string {
  const plain = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return plain.replace(INVISIBLE, (c) => `\u27e8U+${hex(c.codePointAt(0)!).toUpperCase()}\u27e9`);
}

/** JSON of the same meaning, in which such characters are escaped; its lines stay. */
export function escapedJson(json: string): string {
  return json.replace(INVISIBLE, (c) => (c === "\n" ? c : c.split("").map((unit) => `\\u${hex(unit.charCodeAt(0))}`).join("")));
}
