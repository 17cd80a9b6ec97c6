import vectors from "../../testdata/tlog-vectors.json";
import { toHex, type Bytes } from "../src/proof/canonical";

export { vectors };

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
export const fromHex = (text: string): Bytes => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
export { toHex };
