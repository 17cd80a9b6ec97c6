import { useEffect, useState } from "preact/hooks";

const SHOWN_MS = 4000;
const SAID = "indelible:toast";

/** Says in passing that something was done. */
export const toast = (words: string): void => void dispatchEvent(new CustomEvent(SAID, { detail: words }));

export function Toasts() {
  const [said, setSaid] = useState<{ id: number; words: string }[]>([]);
  useEffect(() => {
    let last = 0;
    const add = (event: Event) => {
      const id = ++last;
      setSaid((before) => [...before, { id, words: (event as CustomEvent<string>).detail }]);
      setTimeout(() => setSaid((before) => before.filter((one) => one.id !== id)), SHOWN_MS);
    };
    addEventListener(SAID, add);
    return () => removeEventListener(SAID, add);
  }, []);
  return <div class="toasts" role="status">{said.map(({ id, words }) => <div key={id} class="toast">{words}</div>)}</div>;
}
