import { visible } from "./visible";

export const count = (n: number | bigint): string => n.toLocaleString("en");

/** "12", or "at least 12" where more was not counted. */
export const total = (n: { value: number; exact: boolean }): string => `${n.exact ? "" : "at least "}${count(n.value)}`;

export const plural = (n: number, one: string, many: string): string => (n === 1 ? one : many);

/** An RFC 3339 time in UTC as date and time of day; as it stands where it is not one. */
export function splitTime(value: unknown, zone: "utc" | "local" = "utc"): [date: string, time: string] {
  const parts = typeof value === "string" ? /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d{1,3})?\d*Z$/.exec(value) : null;
  if (!parts) {
    return [visible(value ?? ""), ""];
  }
  const fraction = parts[3] ? parts[3].padEnd(4, "0") : "";
  if (zone === "utc") {
    return [parts[1]!, parts[2]! + fraction];
  }
  const time = new Date(value as string);
  const two = (n: number): string => String(n).padStart(2, "0");
  return [
    `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`,
    `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}${fraction}`,
  ];
}

/** The same instant in the reader's own zone, in words; undefined where it is no time. */
export function localTime(value: unknown): string | undefined {
  const time = new Date(String(value));
  return Number.isNaN(time.getTime()) ? undefined : `${time.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" })} (local)`;
}
