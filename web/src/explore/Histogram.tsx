import { useRef, useState } from "preact/hooks";
import { explore } from "../text/en";
import { count, splitTime } from "../text/format";
import { brushed, type Histogram as Numbers } from "./buckets";
import { toTime } from "./state";
import type { Zone } from "./TimePicker";

const text = explore.histogram;
const HEIGHT = 100;

export interface HistogramProps {
  histogram: Numbers;
  zone: Zone;
  onZoom: (from: string, to: string) => void;
}

/** Events over time, by outcome. Drag to zoom in. */
export function Histogram({ histogram, zone, onZoom }: HistogramProps) {
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const area = useRef<HTMLDivElement>(null);
  const { buckets } = histogram;
  if (buckets.length === 0) {
    return null;
  }
  const fraction = (event: PointerEvent): number => {
    const box = area.current!.getBoundingClientRect();
    return Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
  };
  const move = (event: PointerEvent) => {
    const at = fraction(event);
    setOver(Math.min(buckets.length - 1, Math.floor(at * buckets.length)));
    setBrush((before) => before && [before[0], at]);
  };
  const release = () => {
    setBrush(null);
    if (brush && Math.abs(brush[0] - brush[1]) * area.current!.clientWidth > 4) {
      const [from, to] = brushed(histogram, ...brush);
      onZoom(toTime(from), toTime(to));
    }
  };
  const tallest = Math.max(...buckets.map((one) => one.success + one.failure + one.unknown), 1);
  const label = (ms: number): string => splitTime(toTime(ms), zone).join(" ").replace(/:00$/, "");
  const sum = (part: "success" | "failure" | "unknown"): number => buckets.reduce((n, one) => n + one[part], 0);
  return (
    <figure class="histogram">
      <div
        ref={area} class="histogram-area" role="img" title={text.hint}
        aria-label={`${text.label}: ${count(sum("success"))} ${explore.outcomes.success}, ${count(sum("failure"))} ${explore.outcomes.failure}, ${count(sum("unknown"))} ${explore.outcomes.unknown}`}
        onPointerDown={(event) => {
          area.current!.setPointerCapture(event.pointerId);
          setBrush([fraction(event), fraction(event)]);
        }}
        onPointerMove={move} onPointerUp={release} onPointerCancel={() => setBrush(null)} onPointerLeave={() => setOver(null)}
      >
        <svg class="own" viewBox={`0 0 ${buckets.length} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
          {buckets.map((one, i) => <Bar key={one.from} at={i} one={one} tallest={tallest} />)}
          {brush && <rect class="brush" x={Math.min(...brush) * buckets.length} width={Math.abs(brush[0] - brush[1]) * buckets.length} y={0} height={HEIGHT} />}
        </svg>
      </div>
      <figcaption class="histogram-axis">
        <span>{label(buckets[0]!.from)}</span>
        <span class="histogram-over">{over !== null && buckets[over] ? <Readout at={label(buckets[over]!.from)} one={buckets[over]!} /> : histogram.isTruncated ? text.truncated : text.hint}</span>
        <span>{label(buckets[buckets.length - 1]!.from + histogram.intervalMs)}</span>
      </figcaption>
    </figure>
  );
}

interface BarProps {
  at: number;
  one: Numbers["buckets"][number];
  tallest: number;
}

function Bar({ at, one, tallest }: BarProps) {
  // What is there is seen, be it ever so little beside the rest.
  const height = (n: number): number => (n === 0 ? 0 : Math.max(3, (n / tallest) * HEIGHT));
  const [failure, unknown, success] = [height(one.failure), height(one.unknown), height(one.success)];
  const rect = (kind: string, below: number, tall: number) => tall > 0 && <rect class={`bar-${kind}`} x={at + 0.08} width={0.84} y={HEIGHT - below - tall} height={tall} />;
  return (
    <>
      {rect("failure", 0, failure)}
      {rect("unknown", failure, unknown)}
      {rect("success", failure + unknown, success)}
    </>
  );
}

function Readout({ at, one }: { at: string; one: Numbers["buckets"][number] }) {
  return <>{at}: {count(one.success)} {explore.outcomes.success}, {count(one.failure)} {explore.outcomes.failure}{one.unknown > 0 && `, ${count(one.unknown)} ${explore.outcomes.unknown}`}</>;
}
