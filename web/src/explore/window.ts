export const ROW_PX = 30; // --row of the tokens.
const OVERSCAN = 12;

/** Which rows are in view, of rows that are all equally high. */
export function windowOf(scrollTop: number, height: number, count: number): [first: number, end: number] {
  const first = Math.max(0, Math.min(count, Math.floor(scrollTop / ROW_PX)) - OVERSCAN);
  return [first, Math.min(count, Math.ceil((scrollTop + height) / ROW_PX) + OVERSCAN)];
}
