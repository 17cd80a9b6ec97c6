import { useState } from "preact/hooks";
import { Button } from "../design/controls";
import { Popover } from "../design/layers";
import { explore } from "../text/en";
import { readTime, type Range } from "./state";

const text = explore.range;

export type Zone = "utc" | "local";

export interface TimePickerProps {
  range: Range;
  zone: Zone;
  onRange: (range: Range) => void;
  onZone: (zone: Zone) => void;
}

const tidy = (time: string): string => time.replace("T", " ").replace(/Z$/, "").replace(/ 00:00:00$/, "");

export function rangeLabel(range: Range): string {
  switch (range.kind) {
    case "all":
      return text.all;
    case "last":
      return text.last[range.span] ?? `last ${range.span}`;
    case "between":
      return text.shown(tidy(range.from), tidy(range.to));
  }
}

/** The range of time: relative, absolute, or none; and in which zone times are shown. */
export function TimePicker({ range, zone, onRange, onZone }: TimePickerProps) {
  return (
    <Popover button={(open, toggle) => (
      <Button class="time-button" aria-expanded={open} aria-label={`${text.button}: ${rangeLabel(range)}`} onClick={toggle}><span aria-hidden="true">{"\u25f7"}</span><span class="cut">{rangeLabel(range)}</span></Button>
    )}>
      {(close) => {
        const choose = (next: Range) => {
          close();
          onRange(next);
        };
        return (
          <div class="time-picker stack">
            <div class="time-presets">
              {Object.entries(text.last).map(([span, label]) => (
                <Button key={span} kind="quiet" isSmall aria-pressed={range.kind === "last" && range.span === span} onClick={() => choose({ kind: "last", span })}>{label}</Button>
              ))}
              <Button kind="quiet" isSmall aria-pressed={range.kind === "all"} onClick={() => choose({ kind: "all" })}>{text.all}</Button>
            </div>
            <Absolute range={range} onRange={choose} />
            <fieldset class="choice">
              <legend>{text.zone}</legend>
              <label><input type="radio" name="zone" checked={zone === "utc"} onChange={() => onZone("utc")} />{text.utc}</label>
              <label><input type="radio" name="zone" checked={zone === "local"} onChange={() => onZone("local")} />{text.local}</label>
            </fieldset>
          </div>
        );
      }}
    </Popover>
  );
}

function Absolute({ range, onRange }: { range: Range; onRange: (range: Range) => void }) {
  const [from, setFrom] = useState(range.kind === "between" ? tidy(range.from) : "");
  const [to, setTo] = useState(range.kind === "between" ? tidy(range.to) : "");
  const [fault, setFault] = useState("");
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const [first, last] = [from, to].map((time) => (time.trim() === "" ? "" : readTime(time)));
    if (first === null || last === null || first === undefined || last === undefined) {
      setFault(text.wrong);
    } else if (first && last && first >= last) {
      setFault(text.order);
    } else {
      onRange(first || last ? { kind: "between", from: first, to: last } : { kind: "all" });
    }
  };
  return (
    <form class="stack" onSubmit={submit} aria-label={text.absolute}>
      <p class="rail-label">{text.absolute}</p>
      <div class="time-ends">
        <label for="time-from">{text.from}</label>
        <input id="time-from" class="input mono" autocomplete="off" placeholder="2026-11-23" value={from} onInput={(event) => setFrom(event.currentTarget.value)} aria-describedby="time-form" />
        <label for="time-to">{text.to}</label>
        <input id="time-to" class="input mono" autocomplete="off" placeholder="2026-11-24" value={to} onInput={(event) => setTo(event.currentTarget.value)} aria-describedby="time-form" />
      </div>
      <p id="time-form" class="unit">{text.form}</p>
      <p class="fault-words" role="alert">{fault}</p>
      <div><Button type="submit" isSmall>{text.apply}</Button></div>
    </form>
  );
}
