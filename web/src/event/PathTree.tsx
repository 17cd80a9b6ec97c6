import { toBase64, type Bytes } from "../proof/canonical";
import type { Facts } from "../proof/inclusion";
import { proof as text } from "../text/en";

const MAX_LEVELS = 20;
const STEP_Y = 26;
const LEFT_X = 70;
const MIDDLE_X = 190;
const RIGHT_X = 310;
const WIDTH = 380;

const short = (hash: Bytes): string => `${toBase64(hash).slice(0, 8)}\u2026`;

/** The path from the entry up to the root: at each level the hash that the proof gives, and what it and the one below give. */
export function PathTree({ facts }: { facts: Facts }) {
  const steps = facts.steps.slice(0, MAX_LEVELS);
  const left = facts.steps.length - steps.length;
  const height = (steps.length + 1) * STEP_Y + 14;
  const y = (level: number): number => height - 18 - level * STEP_Y;
  return (
    <figure class="path-tree">
      <figcaption class="line wrap"><h4>{text.tree}</h4><span class="grow" /><span class="key computed">{text.treeComputed}</span><span class="key given">{text.treeGiven}</span></figcaption>
      <svg class="own" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={text.treeLabel(facts.steps.length)}>
        {steps.map((step, level) => {
          const x = step.side === "left" ? LEFT_X : RIGHT_X;
          return (
            <g key={level}>
              <path class="edge" d={`M${MIDDLE_X} ${y(level)}V${y(level + 1)}M${x} ${y(level)}L${MIDDLE_X} ${y(level + 1)}`} />
              <circle class="given" cx={x} cy={y(level)} r={4} />
              <text class="hash" x={x + (step.side === "left" ? -10 : 10)} y={y(level) + 3} text-anchor={step.side === "left" ? "end" : "start"}>{short(step.sibling)}</text>
            </g>
          );
        })}
        <circle class="computed" cx={MIDDLE_X} cy={y(0)} r={5} />
        <text class="hash" x={MIDDLE_X + 10} y={y(0) + 14}>{text.treeLeaf} {short(facts.leaf)}</text>
        {steps.map((_, level) => <circle key={level} class="computed" cx={MIDDLE_X} cy={y(level + 1)} r={level === steps.length - 1 && left === 0 ? 6 : 3.5} />)}
        <text class="hash" x={MIDDLE_X + 12} y={y(steps.length) + 4}>{left > 0 ? text.treeMore(left) : `${text.treeRoot} ${short(facts.root)}`}</text>
      </svg>
    </figure>
  );
}
